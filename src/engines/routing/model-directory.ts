// What models there are to choose among, as routers ask for it.
import { ownerOfBareModel } from '../cloud/providers.ts';
import type { LlmProvider, Router } from './router.ts';
import type { ModelDirectory } from './smart/model-order.ts';

/** `router` is asked only when somebody asks the directory. */
export function modelDirectory(router: () => Pick<Router, 'candidate'>, providers: readonly LlmProvider[]): ModelDirectory {
  return {
    candidate: (id) => router().candidate(id),
    known: () => providers.flatMap(namedModels),
    providers: () => providers,
    ownerOf: ownerOfBareModel,
  };
}

/** `provider/model` of those that a provider is known to have: its default, and what it lists. */
export function namedModels({ prefix, models, defaultModel: own }: LlmProvider): string[] {
  return [...new Set([...(own === undefined ? [] : [own]), ...models])].map((model) => `${prefix}/${model}`);
}
