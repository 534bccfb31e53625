// How much a model thinks before it answers. In a conversation every second of that is silence: a model that nobody asks to think is told to
// think as little as it can, as far as its provider says which models take that. Facts, with the pages they are from.

/** From the least to the most; the words of OpenAI's API. */
const scale = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;

export type Effort = (typeof scale)[number];

type Fields = Readonly<Record<string, unknown>>;

/** What some models of a provider take. */
export interface EffortRow {
  readonly models: RegExp;
  /** The fields of a request for each effort that they take; none at all for models that refuse every word about it. */
  readonly takes: Partial<Record<Effort, Fields>>;
  /** The only effort at which they take tools. */
  readonly withTools?: Effort;
}

/**
 * The fields of one request. What is asked for is rounded up to an effort that the model takes; `asked` undefined: the least. A model that is in
 * no row is told what is asked for, in the word it was asked in, and nothing otherwise.
 */
export function effortFields(rows: readonly EffortRow[], model: string, asked: string | undefined, hasTools: boolean): Fields {
  const row = rows.find(({ models }) => models.test(model));
  const wanted = hasTools && row?.withTools ? row.withTools : asked;
  const least = wanted === undefined ? 0 : scale.indexOf(wanted as Effort);
  if (!row || least < 0) return wanted === undefined ? {} : { reasoning_effort: wanted };
  const taken = scale.filter((effort) => row.takes[effort] !== undefined);
  const effort = taken.find((each) => scale.indexOf(each) >= least) ?? taken.at(-1);
  return (effort && row.takes[effort]) ?? {};
}

/** Those that are told by `reasoning_effort`, in its own words. */
function words(...efforts: Effort[]): Partial<Record<Effort, Fields>> {
  return Object.fromEntries(efforts.map((effort) => [effort, { reasoning_effort: effort }]));
}

const gptOss: EffortRow = { models: /(?:^|\/)gpt-oss/, takes: words('low', 'medium', 'high') };

/**
 * developers.openai.com, "Reasoning" and "Deployment checklist": GPT-6 Astra and GPT-6.1 have no `none`, and no tools in Chat Completions; others from
 * GPT-5.4 on take tools with `none` only ("Function tools with reasoning_effort are not supported … in /v1/chat/completions"). ReasoningEffort of
 * openai-node: `none` since GPT-5.1, which has no `minimal`.
 */
export const openAiEfforts: readonly EffortRow[] = [
  {
    models: /(?:^|\/)(?:gpt-[34]|chatgpt|gpt-5(?:\.\d+)?-(?:chat|pro|codex)|o1-(?:mini|preview)|o\d+(?:-\w+)*-(?:pro|deep-research))/,
    takes: {},
  },
  { models: /(?:^|\/)o\d/, takes: words('low', 'medium', 'high') },
  { models: /(?:^|\/)gpt-5(?![.\d])/, takes: words('minimal', 'low', 'medium', 'high') },
  { models: /(?:^|\/)gpt-5\.1(?!\d)/, takes: words('none', 'low', 'medium', 'high') },
  { models: /(?:^|\/)gpt-5\.[23](?!\d)/, takes: words('none', 'low', 'medium', 'high', 'xhigh') },
  { models: /(?:^|\/)(?:gpt-6-astra|gpt-6\.\d)/, takes: words('low', 'medium', 'high', 'xhigh', 'max') },
  { models: /(?:^|\/)gpt-(?:5\.\d|6-)/, takes: words('none', 'low', 'medium', 'high', 'xhigh'), withTools: 'none' },
];

/** console.groq.com, "Reasoning": Qwen's thinking is in its text unless `parsed` is asked for. */
export const groqEfforts: readonly EffortRow[] = [
  gptOss,
  { models: /qwen3/, takes: { ...words('none'), high: { reasoning_effort: 'default', reasoning_format: 'parsed' } } },
  { models: /llama|kimi/, takes: {} },
];

/**
 * ai.google.dev, "OpenAI compatibility" ("Reasoning cannot be turned off for Gemini 2.5 Pro or 3 models"), "Gemini 3.7 Flash" ("minimal is not supported
 * and returns an error"), "Deprecations": from December 2026 on 3.5 Flash-Lite answers for 2.5 Flash, hence what both take.
 */
export const geminiEfforts: readonly EffortRow[] = [
  { models: /gemini-2\.5-flash-lite/, takes: words('none', 'low', 'medium', 'high') },
  { models: /gemini-(?:2\.5-flash|3\.\d+-flash-lite)/, takes: words('minimal', 'low', 'medium', 'high') },
  { models: /gemini-(?:2\.5-pro|3)/, takes: words('low', 'medium', 'high') },
];

/** Adaptive thinking at an effort: what is sent of it is no assistant turn's duty to repeat, other than with a budget of tokens. */
function adaptive(...efforts: Effort[]): Partial<Record<Effort, Fields>> {
  return Object.fromEntries(efforts.map((effort) => [effort, { thinking: { type: 'adaptive' }, output_config: { effort } }]));
}

/**
 * platform.claude.com, "Thinking", and the migration guides of Haiku 5.5, Sonnet 5.5 and Opus 5.5: who thinks unless told otherwise, and how each is told.
 * Earlier models do not think unless they are given a budget of tokens, which is not done here.
 */
export const claudeEfforts: readonly EffortRow[] = [
  {
    models: /claude-sonnet-5-5/,
    takes: { none: { thinking: { type: 'between_tools' } }, ...adaptive('low', 'medium', 'high', 'xhigh', 'max') },
  },
  { models: /claude-(?:opus-5-5|fable|mythos)/, takes: adaptive('low', 'medium', 'high', 'xhigh', 'max') },
  {
    models: /claude-(?:haiku|sonnet|opus)-5/,
    takes: { none: { thinking: { type: 'disabled' } }, ...adaptive('low', 'medium', 'high', 'xhigh', 'max') },
  },
  { models: /claude-(?:opus-4-[678]|sonnet-4-6)/, takes: { none: {}, ...adaptive('low', 'medium', 'high', 'max') } },
  { models: /claude-/, takes: {} },
];

/** docs.mistral.ai, "Reasoning": adjustable for these; the others do not think unless asked, or (magistral) always. */
export const mistralEfforts: readonly EffortRow[] = [
  { models: /^magistral/, takes: {} },
  { models: /^mistral-(?:small-(?:latest|2603)|medium-3-5)/, takes: words('none', 'high') },
];

/** api-docs.deepseek.com, "Thinking Mode": every model thinks, with much effort, unless it is told not to. */
const deepseekThinks = (effort: Effort) => ({ thinking: { type: 'enabled' }, reasoning_effort: effort });
export const deepseekEfforts: readonly EffortRow[] = [
  {
    models: /^/,
    takes: {
      none: { thinking: { type: 'disabled' } },
      low: deepseekThinks('low'),
      high: deepseekThinks('high'),
      max: deepseekThinks('max'),
    },
  },
];

/** docs.x.ai, "Reasoning" and "Grok Model Retirement on May 15, 2026" (`grok-4.3` with "none"); 4.5 and later cannot be kept from it. */
export const xaiEfforts: readonly EffortRow[] = [
  { models: /grok-4\.3(?!\d)/, takes: words('none', 'low', 'medium', 'high') },
  { models: /grok-4\.[5-9](?!\d)/, takes: words('low', 'medium', 'high') },
  { models: /grok-4\.20/, takes: {} },
];

/** inference-docs.cerebras.ai, "Reasoning": Qwen's thinking is in its text unless `parsed` is asked for. */
export const cerebrasEfforts: readonly EffortRow[] = [
  gptOss,
  { models: /glm/, takes: { ...words('none'), high: {} } },
  {
    models: /qwen/,
    takes: {
      ...words('none'),
      low: { reasoning_effort: 'low', reasoning_format: 'parsed' },
      medium: { reasoning_effort: 'medium', reasoning_format: 'parsed' },
      high: { reasoning_effort: 'high', reasoning_format: 'parsed' },
    },
  },
];

/** docs.fireworks.ai, "Reasoning", as langchain-fireworks has it by models. */
export const fireworksEfforts: readonly EffortRow[] = [
  gptOss,
  { models: /deepseek-v4/, takes: words('none', 'low', 'medium', 'high', 'xhigh') },
  { models: /glm-5/, takes: words('none', 'high', 'max') },
  { models: /kimi-k2/, takes: words('low', 'medium', 'high') },
];

/** The models whose makers document the efforts, wherever they are served. */
export const openModelEfforts: readonly EffortRow[] = [gptOss];

/** docs.ollama.com, "OpenAI compatibility": `none` turns it off, but for gpt-oss; others are refused for an effort ("does not support thinking"). */
export const ollamaEfforts: readonly EffortRow[] = [
  gptOss,
  { models: /^(?:qwen3|deepseek-(?:r1|v3\.1)|gemma4)/, takes: words('none', 'low', 'medium', 'high') },
  { models: /^/, takes: {} },
];

/** docs.vllm.ai, "Reasoning Outputs": Qwen 3 thinks unless its template is told not to. llama.cpp's server takes the same field. */
const qwenByTemplate: EffortRow = {
  models: /qwen-?3(?!.*(?:instruct|thinking|coder))/i,
  takes: { none: { chat_template_kwargs: { enable_thinking: false } }, high: {} },
};
export const vllmEfforts: readonly EffortRow[] = [gptOss, qwenByTemplate];
export const llamaCppEfforts: readonly EffortRow[] = [qwenByTemplate];
