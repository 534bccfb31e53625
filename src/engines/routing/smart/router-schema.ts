// A router as its JSON has it, by Inworld's names (docs.inworld.ai: api-reference/routerAPI/routerservice/create-router, router/core-concepts/overview),
// in snake_case: spelling.ts has made it so.
import { z } from 'zod';

const mostVariants = 100;
const mostModels = 100;
const mostTemplates = 100;
export const mostRoutes = 100;

/** Shorter time-outs are refused, as Inworld does (router/capabilities/request-level). */
const leastTimeoutMs = 300;
const mostTimeoutMs = 60_000;

const modelName = z.string().min(1, 'must not be empty').max(256, 'is longer than 256 characters');
const optionalId = z.string().min(1, 'must not be empty').max(128, 'is longer than 128 characters').optional();

/** What models are sorted by, and whether more of it is better. */
export const metrics = {
  price: 'ascending',
  latency: 'ascending',
  throughput: 'descending',
  intelligence: 'descending',
  math: 'descending',
  coding: 'descending',
} as const;
export type Metric = keyof typeof metrics;
const metricNames = Object.keys(metrics) as [Metric, ...Metric[]];

export interface Criterion {
  readonly metric: Metric;
  readonly direction: 'ascending' | 'descending';
}

const bareEnum = (prefix: string) => (value: unknown) =>
  typeof value === 'string' ? value.replace(new RegExp(`^${prefix}`, 'i'), '').toLowerCase() : value;

const metric = z.preprocess(bareEnum('SORT_METRIC_'), z.enum(metricNames, { error: `must be one of ${metricNames.join(', ')}` }));
const direction = z.preprocess(
  bareEnum('SORT_DIRECTION_'),
  z.enum(['ascending', 'descending', 'unspecified'], { error: 'must be SORT_DIRECTION_ASCENDING or SORT_DIRECTION_DESCENDING' }),
);

/** An object, or only its metric: `"price"`, as requests write it. */
export const criterion = z.preprocess(
  (value) => (typeof value === 'string' ? { metric: value } : value),
  z.strictObject({ metric, direction: direction.optional() }).transform(
    (read): Criterion => ({
      metric: read.metric,
      direction: read.direction === undefined || read.direction === 'unspecified' ? metrics[read.metric] : read.direction,
    }),
  ),
);

const modelSelection = z
  .strictObject({
    models: z.array(modelName).max(mostModels).default([]),
    sort: z.array(criterion).max(6).default([]),
    ignore: z.array(modelName).max(mostModels).default([]),
    provider: z
      .strictObject({ order: z.array(modelName).max(mostModels).default([]), allow_fallbacks: z.boolean().default(true) })
      .prefault({}),
  })
  .transform(({ models, sort, ignore, provider }) => ({
    models,
    sort,
    ignore,
    providerOrder: provider.order,
    allowFallbacks: provider.allow_fallbacks,
  }));
export type ModelSelection = z.infer<typeof modelSelection>;

const logitBias = z.union([
  z.record(z.string().max(32), z.number().min(-100).max(100)),
  z
    .array(z.strictObject({ token_id: z.union([z.string().max(32), z.int()]), bias_value: z.number().min(-100).max(100) }))
    .max(1000)
    .transform((pairs) => Object.fromEntries(pairs.map((pair) => [String(pair.token_id), pair.bias_value]))),
]);

const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'unspecified'] as const;
const penalty = z.number().min(-2).max(2);

const textGenerationConfig = z
  .strictObject({
    max_tokens: z.int().min(1).optional(),
    /** The older name. */
    max_new_tokens: z.int().min(1).optional(),
    temperature: z.number().min(0).max(2).optional(),
    top_p: z.number().gt(0).max(1).optional(),
    repetition_penalty: z.number().gt(0).max(10).optional(),
    frequency_penalty: penalty.optional(),
    presence_penalty: penalty.optional(),
    stop_sequences: z.array(z.string().min(1).max(256)).max(16).optional(),
    seed: z.int().optional(),
    logit_bias: logitBias.optional(),
    /** `exclude` changes nothing: what a model thinks is never said here. */
    reasoning: z.strictObject({ effort: z.enum(efforts).optional(), exclude: z.boolean().optional() }).optional(),
  })
  .transform((read) => ({
    maxTokens: read.max_tokens ?? read.max_new_tokens,
    temperature: read.temperature,
    reasoningEffort: read.reasoning?.effort === 'unspecified' ? undefined : read.reasoning?.effort,
    sampling: {
      topP: read.top_p,
      repetitionPenalty: read.repetition_penalty,
      frequencyPenalty: read.frequency_penalty,
      presencePenalty: read.presence_penalty,
      stopSequences: read.stop_sequences,
      seed: read.seed,
      logitBias: read.logit_bias,
    },
  }));
export type TextGenerationConfig = z.infer<typeof textGenerationConfig>;

const templateText = z.string().max(200_000, 'is longer than 200,000 characters');
const roles = ['system', 'developer', 'user', 'assistant', 'tool'] as const;

const messageTemplate = z
  .strictObject({
    role: z.preprocess((value) => (typeof value === 'string' ? value.toLowerCase() : value), z.enum(roles)),
    content: templateText.optional(),
    content_items: z
      .array(z.strictObject({ text: templateText }))
      .max(100)
      .optional(),
    tool_calls: z
      .array(z.strictObject({ id: z.string().max(128), name: z.string().min(1).max(128), args: templateText.default('{}') }))
      .max(32)
      .default([]),
    tool_call_id: z.string().max(128).optional(),
  })
  .transform((read) => ({
    role: read.role === 'developer' ? ('system' as const) : read.role,
    text: [read.content ?? '', ...(read.content_items ?? []).map(({ text }) => text)].filter((text) => text !== '').join('\n'),
    toolCalls: read.tool_calls,
    toolCallId: read.tool_call_id,
  }));
export type MessageTemplate = z.infer<typeof messageTemplate>;

/** `300ms`, `1s`, `1.5s`. */
const duration = z
  .string()
  .regex(/^\d{1,6}(?:\.\d{1,6})?(?:ms|s)$/, 'must be a duration like "300ms" or "1.5s"')
  .transform((text) => Number.parseFloat(text) * (text.endsWith('ms') ? 1 : 1000))
  .refine((ms) => ms >= leastTimeoutMs, `must be at least ${leastTimeoutMs}ms`)
  .refine((ms) => ms <= mostTimeoutMs, `must be at most ${mostTimeoutMs / 1000}s`);

export const fallback = z.strictObject({ ttft_timeout: duration.optional() }).transform((read) => ({ ttftMs: read.ttft_timeout }));

const templates = z.array(messageTemplate).max(mostTemplates);

const variant = z
  .strictObject({
    variant_id: optionalId,
    model_id: modelName,
    model_selection: modelSelection.prefault({}),
    text_generation_config: textGenerationConfig.optional(),
    message_templates: templates.optional(),
    fallback: fallback.optional(),
  })
  .transform((read) => ({
    id: read.variant_id,
    model: read.model_id,
    selection: read.model_selection,
    generation: read.text_generation_config,
    templates: read.message_templates,
    fallback: read.fallback,
  }));

const route = z
  .strictObject({
    route_id: optionalId,
    variants: z
      .array(z.strictObject({ variant, weight: z.number().min(0, 'must not be negative').max(100, 'must be at most 100') }))
      .min(1, 'must hold a variant')
      .max(mostVariants),
  })
  .transform((read) => ({
    id: read.route_id,
    variants: read.variants.map((entry, index) => ({
      variant: { ...entry.variant, id: entry.variant.id ?? `variant-${index + 1}` },
      weight: entry.weight,
    })),
  }))
  .superRefine(({ variants }, context) => {
    const sum = variants.reduce((before, { weight }) => before + weight, 0);
    // 33.4 + 33.3 + 33.3 is 100 to people.
    if (Math.abs(sum - 100) > 1e-9) {
      context.addIssue({
        code: 'custom',
        path: ['variants'],
        message: `have weights that sum to ${Number(sum.toFixed(6))}, not to exactly 100`,
      });
    }
    for (const [index, { variant: each }] of variants.entries()) {
      if (variants.findIndex((other) => other.variant.id === each.id) < index)
        context.addIssue({
          code: 'custom',
          path: ['variants', index, 'variant', 'variant_id'],
          message: `is '${each.id}', as that of another before it`,
        });
    }
  });
export type Route = z.infer<typeof route> & { readonly id: string };
export type Variant = Route['variants'][number]['variant'];

const condition = z.strictObject({
  cel_expression: z.string().min(1, 'must not be empty').max(4096, 'is longer than 4,096 characters'),
});

/** What a router may be called: it stands in the model's id `inworld/<name>`, and is the name of its file. */
const routerName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
/** `inworld/models/…` are Inworld's own models, and `models.json` beside the routers is the table of figures. */
const reservedNames = new Set(['models']);

export const nameRule = 'must be 1 to 63 letters, digits, dots, dashes and underscores, and begin with a letter or digit';

/** Whether a router may be called so. */
export function isRouterName(name: string): boolean {
  return routerName.test(name) && !reservedNames.has(name.toLowerCase());
}

/** `routers/<name>`, or the name alone. */
const name = z
  .string()
  .transform((text) => text.replace(/^routers\//, ''))
  .refine((text) => routerName.test(text), nameRule)
  .refine((text) => !reservedNames.has(text.toLowerCase()), "must not be 'models', which is reserved");

export const routerSchema = z
  .strictObject({
    name: name.optional(),
    display_name: z.string().max(256).optional(),
    routes: z.array(z.strictObject({ route, condition })).max(mostRoutes).default([]),
    default_route: route.optional(),
    defaults: z
      .strictObject({
        text_generation_config: textGenerationConfig.optional(),
        message_templates: templates.optional(),
        fallback: fallback.optional(),
      })
      .prefault({}),
  })
  .transform((read) => ({
    name: read.name,
    displayName: read.display_name,
    routes: read.routes.map((entry, index) => ({
      route: { ...entry.route, id: entry.route.id ?? `route-${index + 1}` },
      expression: entry.condition.cel_expression,
    })),
    defaultRoute: read.default_route && { ...read.default_route, id: read.default_route.id ?? 'default' },
    defaults: {
      generation: read.defaults.text_generation_config,
      templates: read.defaults.message_templates,
      fallback: read.defaults.fallback,
    },
  }))
  .superRefine(({ routes, defaultRoute }, context) => {
    if (routes.length === 0 && !defaultRoute) {
      context.addIssue({ code: 'custom', path: ['default_route'], message: 'is missing, and there are no routes either' });
    }
    const ids = [...routes.map(({ route: each }) => each.id), ...(defaultRoute ? [defaultRoute.id] : [])];
    for (const [index, id] of ids.entries()) {
      if (ids.indexOf(id) === index) continue;
      const path = index < routes.length ? ['routes', index, 'route', 'route_id'] : ['default_route', 'route_id'];
      context.addIssue({ code: 'custom', path, message: `is '${id}', as that of another route` });
    }
  });
export type RouterConfig = z.infer<typeof routerSchema>;
