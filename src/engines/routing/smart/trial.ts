// A dry run: what a router would do with a request, and why. No model is asked.
import type { OnBehalf, Prompt } from '../../../protocol/prompt.ts';
import type { LlmOptions } from '../../engine.ts';
import type { ModelHealth } from '../health.ts';
import { type Choice, type JudgedRoute, noRoute } from './choice.ts';
import { matchBudget } from './conditions.ts';
import { explain, type Explanation } from './explanation.ts';
import { messagesOf, visibleMessages } from './messages.ts';
import { figureOf, type ModelWorld } from './model-order.ts';
import { type Plan, planOf } from './plan.ts';
import { sentence } from './read-json.ts';
import type { ReadRouter } from './router.ts';
import { type Metric, metrics } from './router-schema.ts';
import { unfilledNames, withGeneration, withTemplates } from './templates.ts';

/** What is asked of a router. */
export interface TrialRequest {
  /** As it names it: `inworld/<router>`. */
  readonly model: string | undefined;
  readonly prompt: Prompt;
  readonly behalf: OnBehalf;
  readonly temperature: number | undefined;
  readonly maxOutputTokens: number | undefined;
}

/** By the names of the HTTP route's answer. */
export interface Trial {
  readonly router: string;
  /** Absent: no route takes the request, and `error` says so. */
  readonly route?: string;
  readonly variant?: string;
  /** Of the variant, in percent of what the route takes. */
  readonly weight?: number;
  /** Why it is this variant: computed from the user's name, or drawn. */
  readonly chosen_by?: Choice['by'];
  /** The conditions in their order, as far as they were looked at. */
  readonly conditions: readonly (JudgedRoute & Explanation)[];
  /** In the order in which they would be asked. */
  readonly models: readonly TriedModel[];
  readonly unserved: readonly string[];
  readonly ttft_timeout_ms?: number;
  /** Of the request, or else of the router. */
  readonly generation?: object;
  /** What the model would be told: the templates with what the request says after them. */
  readonly messages: readonly object[];
  readonly unfilled: readonly string[];
  readonly warnings: readonly string[];
  /** All of it in sentences. */
  readonly why: readonly string[];
  readonly error?: string;
}

export type TriedModel = {
  readonly model: string;
  /** It failed lately, and is asked after the others for so long. */
  readonly rests_ms?: number;
} & { readonly [M in Metric]?: number };

export interface TrialParts {
  readonly world: ModelWorld;
  readonly health: ModelHealth;
  readonly chance: () => number;
}

export function tryRouter({ router, unread }: ReadRouter, request: TrialRequest, { world, health, chance }: TrialParts): Trial {
  const { prompt, behalf, temperature, maxOutputTokens } = request;
  const plan = planOf(router, { prompt, behalf, session: undefined }, world, chance);
  const judged = plan.choice ? plan.choice.judged : plan.judged;
  const { metadata = {} } = behalf;
  const seen = { metadata, messages: () => visibleMessages(prompt), matching: matchBudget() };
  const conditions = judged.map((each) => ({ ...each, ...explain(each.expression, seen) }));
  const said = { router: router.name, conditions, warnings: unread.map(sentence) };
  if (!plan.choice) {
    const why = [...judged.map(judgement), noRoute];
    return { ...said, models: [], unserved: [], messages: [], unfilled: [], why, error: noRoute };
  }
  const { choice, order, ttftMs, templates } = plan;
  const models = health.inOrder(order.models).map(({ id }): TriedModel => {
    const restsMs = health.restLeftMs(id);
    const figures = Object.keys(metrics).flatMap((metric) => {
      const figure = figureOf(id, metric as Metric, world);
      return figure === undefined ? [] : [[metric, Math.round(figure * 1000) / 1000] as const];
    });
    return { model: id, ...(restsMs > 0 ? { rests_ms: Math.round(restsMs) } : {}), ...Object.fromEntries(figures) };
  });
  const unfilled = unfilledNames(templates, behalf);
  const asked = {
    model: '',
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
  };
  const none = models.length === 0 ? `The router '${router.name}' names no model that is served: ${order.unserved.join(', ')}.` : undefined;
  return {
    ...said,
    route: choice.route.id,
    variant: choice.variant.id,
    weight: choice.weight,
    chosen_by: choice.by,
    models,
    unserved: order.unserved,
    ...(ttftMs === undefined ? {} : { ttft_timeout_ms: ttftMs }),
    generation: generationOf(withGeneration(asked, plan.generation)),
    messages: messagesOf(withTemplates(prompt, templates, behalf)),
    unfilled,
    why: [...judged.map(judgement), ...reasons(plan, choice, models, unfilled)],
    ...(none === undefined ? {} : { error: none }),
  };
}

/** By Inworld's names. */
function generationOf({ temperature, maxOutputTokens, reasoningEffort, sampling = {} }: LlmOptions): object {
  const fields = {
    temperature,
    max_tokens: maxOutputTokens,
    top_p: sampling.topP,
    repetition_penalty: sampling.repetitionPenalty,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    stop_sequences: sampling.stopSequences,
    seed: sampling.seed,
    logit_bias: sampling.logitBias,
    reasoning: reasoningEffort === undefined ? undefined : { effort: reasoningEffort },
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function judgement({ route, expression, holds, problem }: JudgedRoute): string {
  const outcome = holds ? 'holds' : problem === undefined ? 'does not hold' : `does not hold (${problem})`;
  return `The condition of the route '${route}', ${expression}, ${outcome}.`;
}

function reasons({ order, ttftMs, templates }: Plan, choice: Choice, models: readonly TriedModel[], unfilled: readonly string[]): string[] {
  const { route, variant, weight, by } = choice;
  const isDefault = choice.judged.every(({ holds }) => !holds);
  const whom = {
    user: 'this user always gets it',
    session: 'this session keeps it',
    chance: 'drawn by chance, since the request names no user',
  }[by];
  const share = weight === 100 ? 'which every request gets' : `${weight} of 100: ${whom}`;
  const resting = models.filter(({ rests_ms: ms }) => ms !== undefined).map(({ model }) => model);
  return [
    `The route is '${route.id}'${isDefault ? ', the default, since no condition holds' : ''}.`,
    `The variant is '${variant.id}', ${share}.`,
    models.length === 0 ? 'There is no model to be asked.' : `The models in their order: ${models.map(({ model }) => model).join(', ')}.`,
    ...order.unserved.map((id) => `No configured provider serves ${id}: it is left out.`),
    ...resting.map((id) => `${id} failed a moment ago, and is asked after the others.`),
    ...(ttftMs === undefined || models.length < 2
      ? []
      : [`After ${ttftMs} ms without a first part the next model is asked; the last one is waited for.`]),
    ...(templates.length === 0
      ? []
      : [`${templates.length === 1 ? 'One template comes' : `${templates.length} templates come`} before what the request says.`]),
    ...(unfilled.length === 0 ? [] : [`Nobody gave a value for ${unfilled.map((each) => `{{${each}}}`).join(', ')}: it stays as it is.`]),
  ];
}
