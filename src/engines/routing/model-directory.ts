// What models there are to choose among, as routers ask for it.
import { ownerOfBareModel } from '../cloud/providers.ts';
import type { LlmIds, LlmProvider } from './llm-ids.ts';
import type { ModelDirectory } from './smart/model-order.ts';

export function modelDirectory(minds: Pick<LlmIds, 'candidate'>, providers: () => readonly LlmProvider[]): ModelDirectory {
  return {
    candidate: (id) => minds.candidate(id),
    known: () => providers().flatMap(namedModels),
    providers,
    ownerOf: ownerOfBareModel,
  };
}

/** `provider/model` of those that a provider is known to have: its default, and what it lists. */
function namedModels({ prefix, models, defaultModel: own }: LlmProvider): string[] {
  return [...new Set([...(own === undefined ? [] : [own]), ...models])].map((model) => `${prefix}/${model}`);
}
