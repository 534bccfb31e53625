// What a session may name to answer, hear and speak, as OpenAI and as Inworld list it. Prices and limits are the providers' own affair: what is not
// known is left out, not made up.
import type { FastifyInstance } from 'fastify';
import { errors } from '../../protocol/errors.ts';
import type { ListedModel, RouteDeps } from './deps.ts';
import { Refusal } from './family.ts';

export function openAiModelRoutes(scope: FastifyInstance, deps: RouteDeps): void {
  // Clients parse `created` as a number: where it is not known, it is when this server learned of the model.
  const startedAt = Math.floor(deps.clock.wallMs() / 1000);
  const present = ({ id, provider, created, ...more }: ListedModel) => ({
    id,
    object: 'model',
    created: created ?? startedAt,
    owned_by: provider,
    ...more,
  });
  scope.get('/v1/models', () => ({ object: 'list', data: deps.models().map(present) }));
  // A model's id has slashes.
  scope.get<{ Params: { '*': string } }>('/v1/models/*', (request) => {
    const id = request.params['*'];
    const model = deps.models().find((each) => each.id === id);
    if (model) return present(model);
    const { code, message, param } = errors.modelNotFound('model', id.slice(0, 256));
    throw new Refusal(404, code, message, param);
  });
}

export function inworldModelRoutes(scope: FastifyInstance, deps: RouteDeps): void {
  scope.get('/llm/v1alpha/models', () => ({
    models: languageModels(deps).map(({ id, provider }) => ({
      model: id,
      provider,
      modelCreator: provider,
      spec: { inputModalities: ['text'], outputModalities: ['text'] },
      isSupported: true,
    })),
  }));
}

function languageModels(deps: RouteDeps): ListedModel[] {
  return deps.models().filter(({ kind }) => kind === 'llm');
}
