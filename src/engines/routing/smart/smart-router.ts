// A router as a language model: each answer is planned anew, and the models of the plan are asked in turn.
import type { Prompt } from '../../../protocol/prompt.ts';
import { type Attempt, EngineError, type Llm, type LlmOptions, type LlmPart } from '../../engine.ts';
import { askInTurn, type FallbackOptions, sharedTraits } from '../fallback-llm.ts';
import { noRoute } from './choice.ts';
import { type ModelWorld, orderModels } from './model-order.ts';
import { planOf } from './plan.ts';
import type { CompiledRouter } from './router.ts';
import { withGeneration, withTemplates } from './templates.ts';

export interface SmartRouterParts {
  /** As it is when somebody asks. */
  readonly world: ModelWorld;
  readonly asking: Omit<FallbackOptions, 'ttftMs'>;
  /** A number from 0 up to, not including, 1. */
  readonly chance: () => number;
}

const engine = 'smart-router';

export function smartRouter(router: CompiledRouter, parts: SmartRouterParts): Llm {
  return {
    info: { id: engine, kind: 'llm', name: `the router ${router.name}`, licence: 'Apache-2.0', languages: ['*'] },
    get followsInstructions() {
      return sharedTraits(reachable(router, parts.world)).followsInstructions ?? true;
    },
    get sees() {
      return sharedTraits(reachable(router, parts.world)).sees ?? true;
    },
    // The models that it names are others', who warm them up and close them.
    warmUp: () => Promise.resolve(),
    close: () => Promise.resolve(),
    respond: (prompt, options, signal) => respond(router, parts, prompt, options, signal),
  };
}

async function* respond(
  router: CompiledRouter,
  { world, asking, chance }: SmartRouterParts,
  prompt: Prompt,
  options: LlmOptions,
  signal: AbortSignal,
): AsyncGenerator<LlmPart> {
  const { behalf = {}, origin } = options;
  const plan = planOf(router, { prompt, behalf, session: origin?.session }, world, chance);
  if (!plan.choice) throw new EngineError(engine, 'rejected', `The router '${router.name}': ${noRoute}`, { forClient: noRoute });
  const { choice, order, ttftMs } = plan;
  const route = choice.route.id;
  const variant = choice.variant.id;
  if (order.models.length === 0) {
    const what = `The router '${router.name}' names no model that is served`;
    throw new EngineError(engine, 'unavailable', `${what}: ${order.unserved.join(', ')}.`, { forClient: `${what}.` });
  }
  const models = order.models.map(({ id }) => id);
  asking.log.debug({ router: router.name, route, variant, by: choice.by, models }, 'the router has chosen');
  const tell = (attempt: Attempt) => options.onAttempt?.({ ...attempt, route, variant });
  yield* askInTurn(
    order.models.map(({ candidate }) => candidate),
    withTemplates(prompt, plan.templates, behalf),
    withGeneration(options, plan.generation),
    { ...asking, ttftMs },
    tell,
    signal,
  );
}

function reachable(router: CompiledRouter, world: ModelWorld): Llm[] {
  const routes = [...router.routes.map(({ route }) => route), ...(router.defaultRoute ? [router.defaultRoute] : [])];
  return routes.flatMap(({ variants }) =>
    variants.flatMap(({ variant }) => orderModels(variant, world).models.map(({ candidate }) => candidate.llm)),
  );
}
