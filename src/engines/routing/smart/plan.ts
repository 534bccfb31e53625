// What a router makes of a request: the route, the variant, the models in their order, and what goes with them. Nobody is asked yet.
import type { OnBehalf, Prompt } from '../../../protocol/prompt.ts';
import { type Choice, choose, type JudgedRoute } from './choice.ts';
import { matchBudget } from './conditions.ts';
import { visibleMessages } from './messages.ts';
import { type ModelOrder, type ModelWorld, orderModels } from './model-order.ts';
import type { CompiledRouter } from './router.ts';
import type { MessageTemplate, TextGenerationConfig } from './router-schema.ts';

export interface RoutedRequest {
  readonly prompt: Pick<Prompt, 'instructions' | 'turns'>;
  readonly behalf: OnBehalf;
  readonly session: string | undefined;
}

export interface Plan {
  readonly choice: Choice;
  readonly order: ModelOrder;
  /** Of the variant, or else the router's. */
  readonly templates: readonly MessageTemplate[];
  readonly generation: TextGenerationConfig | undefined;
  readonly ttftMs: number | undefined;
}

/** No route takes the request. */
export interface NoPlan {
  readonly choice: undefined;
  readonly judged: readonly JudgedRoute[];
}

export function planOf(
  router: CompiledRouter,
  { prompt, behalf, session }: RoutedRequest,
  world: ModelWorld,
  chance: () => number,
): Plan | NoPlan {
  const { user, metadata = {} } = behalf;
  const choice = choose(router, { user, session, metadata, messages: () => visibleMessages(prompt), matching: matchBudget() }, chance);
  if (!choice.route) return { choice: undefined, judged: choice.judged };
  const { variant } = choice;
  const { defaults } = router;
  return {
    choice,
    order: orderModels(variant, world),
    // A variant's settings take the place of the router's, and are not mixed with them.
    templates: variant.templates ?? defaults.templates ?? [],
    generation: variant.generation ?? defaults.generation,
    ttftMs: (variant.fallback ?? defaults.fallback)?.ttftMs,
  };
}
