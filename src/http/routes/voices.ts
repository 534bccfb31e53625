// The voices there are: as Inworld's voice API lists them (protocol 7.8), in the shape of the older list, and as a list in OpenAI's manner.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ListedVoice, RouteDeps } from './deps.ts';
import { principalOf, read, Refusal } from './family.ts';
import { pageOf, parseFilter, parseOrder, speaks, upperSnake } from './voice-list.ts';

const text = z.string().max(2000);
const listQuery = z.object({
  // Repeated, or separated by commas.
  languages: z
    .union([text, z.array(text).max(64)])
    .optional()
    .transform((value) => [value ?? []].flat().flatMap((codes) => codes.split(',').filter((code) => code !== ''))),
  filter: text.optional(),
  orderBy: text.optional(),
  pageSize: z.coerce.number().int().min(0).max(1_000_000).optional(),
  pageToken: text.optional(),
});

/** OpenAI has no list of voices; this one is in the manner of its list of models. */
export function openAiVoiceRoutes(scope: FastifyInstance, deps: RouteDeps): void {
  scope.get('/v1/voices', () => ({
    object: 'list',
    data: deps.voices().map(({ provider, ...voice }) => ({ object: 'voice', ...voice, owned_by: provider })),
  }));
}

interface Place {
  Params: { workspace: string; voice: string };
}

export function voiceRoutes(scope: FastifyInstance, deps: RouteDeps): void {
  const choose = (request: FastifyRequest) => {
    const query = read(listQuery, request.query);
    const test = parseFilter(query.filter ?? '');
    const found = deps
      .voices()
      .filter((voice) => test(voice) && (query.languages.length === 0 || query.languages.some((code) => speaks(voice, code))));
    return pageOf(query.orderBy ? found.sort(parseOrder(query.orderBy)) : found, query.pageSize, query.pageToken || undefined);
  };
  const list = (request: FastifyRequest) => {
    const { workspace } = principalOf(request);
    const { values, ...page } = choose(request);
    return { voices: values.map((voice) => present(voice, workspace)), ...page };
  };
  const one = (request: FastifyRequest, id: string) => {
    const voice = deps.voices().find((each) => each.id === id) ?? deps.voices().find((each) => each.id.toLowerCase() === id.toLowerCase());
    if (!voice) throw new Refusal(404, null, `there is no voice '${id.slice(0, 64)}'`);
    return present(voice, principalOf(request).workspace);
  };
  const ownWorkspace = (request: FastifyRequest<Place>) => {
    if (request.params.workspace !== principalOf(request).workspace) {
      throw new Refusal(403, null, `this key has no access to workspaces/${request.params.workspace.slice(0, 64)}`);
    }
  };

  scope.get('/voices/v1/voices', (request) => list(request));
  scope.get<Place>('/voices/v1/voices/:voice', (request) => one(request, request.params.voice));
  scope.get<Place>('/voices/v1/workspaces/:workspace/voices', (request) => {
    ownWorkspace(request);
    return list(request);
  });
  scope.get<Place>('/voices/v1/workspaces/:workspace/voices/:voice', (request) => {
    ownWorkspace(request);
    return one(request, request.params.voice);
  });
  for (const path of ['/tts/v1/voices', '/tts/v1alpha/voices']) {
    scope.get(path, (request) => ({ voices: choose(request).values.map(presentOld) }));
  }
}

function present(voice: ListedVoice, workspace: string): object {
  return {
    voiceId: voice.id,
    name: `workspaces/${workspace}/voices/${voice.id}`,
    displayName: voice.name,
    description: voice.description,
    langCode: upperSnake(voice.language),
    tags: voice.tags,
    source: 'SYSTEM',
    gender: voice.gender,
    provider: voice.provider,
  };
}

function presentOld(voice: ListedVoice): object {
  return {
    voiceId: voice.id,
    displayName: voice.name,
    description: voice.description,
    languages: [voice.language.split('-', 1)[0]],
    tags: voice.tags,
    isCustom: false,
  };
}
