// A Prompt as the body of POST /chat/completions: its fields as a provider takes them. The messages are chat-messages.ts's.
import { functionSchema } from '../../lib/function-schema.ts';
import type { Prompt, PromptTool } from '../../protocol/prompt.ts';
import type { LlmOptions } from '../engine.ts';
import type { ToolNames } from './call-fields.ts';
import { chatMessages } from './chat-messages.ts';
import { formFor, type MessageForm, strictestForm } from './message-form.ts';
import { openApiSchema } from './openapi-schema.ts';
import { promptJson } from './prompt-json.ts';
import { type EffortRow, effortFields } from './reasoning-effort.ts';

/** Fields that OpenAI's own API does not know, or not in every request: they go only where they are known to be taken. */
const extensions = ['repetition_penalty', 'metadata'];
/** What OpenAI's reasoning models refuse: they choose their words in a way of their own. */
const refusedByThinkers = ['frequency_penalty', 'presence_penalty', 'logit_bias', 'stop'];
/** What they refuse unless they are told not to think ("When reasoning effort is not none, remove temperature, top_p"; "Deployment checklist"). */
const refusedWhileThinking = ['temperature', 'top_p'];

/** What a provider makes of the body's fields, by their names. */
export interface Dialect {
  /** Fields it refuses. */
  readonly omit?: readonly string[];
  /** Fields it takes beyond OpenAI's. */
  readonly alsoTakes?: readonly string[];
  /** Fields it calls otherwise: OpenAI's name → its own. */
  readonly rename?: Readonly<Record<string, string>>;
  /** Which messages it accepts in which order; default: what every server accepts. */
  readonly form?: MessageForm;
  /** How much its models think, and how they are told; a model in no row is told what a client says, and nothing otherwise. */
  readonly efforts?: readonly EffortRow[];
  /** What it calls the longest answer; default: by the model, which is what OpenAI's older models and most servers need. */
  readonly tokenLimit?: 'max_completion_tokens';
  /** The highest temperature it takes, where that is less than OpenAI's 2. */
  readonly maxTemperature?: number;
  /**
   * Where it wants to be told which requests belong to one conversation, so that they reach the machine that has its beginning in the cache; absent
   * where the cache needs no such hint.
   */
  readonly conversation?: { readonly field: string } | { readonly header: string };
  /** Models whose prompts it caches only if asked by `cache_control`. */
  readonly asksForCache?: RegExp;
}

/** The body of one request as JSON. Large images, which are base64, are put in as they are. */
export function chatRequestJson(prompt: Prompt, options: LlmOptions, names: ToolNames, dialect: Dialect): string {
  return promptJson(prompt, { field: 'url', headOf: () => '' }, (told) => chatRequest(told, options, names, dialect));
}

/**
 * The body of one request. The messages come last, so that a request begins, byte for byte, as the one before it in the conversation: what changes
 * from turn to turn is at its end.
 */
export function chatRequest(prompt: Prompt, options: LlmOptions, names: ToolNames, dialect: Dialect): Record<string, unknown> {
  const { omit = [], alsoTakes = [], efforts = [], rename = {}, maxTemperature = 2, conversation, asksForCache } = dialect;
  const form = formFor(options.model, dialect.form ?? strictestForm);
  const thinks = takesCompletionTokens(options.model);
  const { sampling = {}, behalf = {}, temperature } = options;
  const hasTools = prompt.tools.length > 0;
  const effort = effortFields(efforts, options.model, options.reasoningEffort, hasTools);
  const body: Record<string, unknown> = {
    model: options.model,
    ...(hasTools ? { ...chosenTools(prompt, names, form), parallel_tool_calls: options.parallelToolCalls } : {}),
    stream: true,
    stream_options: { include_usage: true },
    temperature: temperature === undefined ? undefined : Math.min(temperature, maxTemperature),
    top_p: sampling.topP,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    repetition_penalty: sampling.repetitionPenalty,
    stop: sampling.stopSequences,
    seed: sampling.seed,
    logit_bias: sampling.logitBias,
    user: behalf.user,
    metadata: behalf.metadata,
    [dialect.tokenLimit ?? (thinks ? 'max_completion_tokens' : 'max_tokens')]: options.maxOutputTokens,
    ...effort,
    ...(conversation && 'field' in conversation ? { [conversation.field]: options.conversation } : {}),
    ...(asksForCache?.test(options.model) ? { cache_control: { type: 'ephemeral' } } : {}),
  };
  const isThinking = thinks && effort['reasoning_effort'] !== 'none';
  const refused = [
    ...omit,
    ...(thinks ? refusedByThinkers : []),
    ...(isThinking ? refusedWhileThinking : []),
    ...extensions.filter((field) => !alsoTakes.includes(field)),
  ];
  for (const field of refused) delete body[field];
  for (const [theirs, own] of Object.entries(rename)) {
    if (body[theirs] !== undefined) body[own] = body[theirs];
    delete body[theirs];
  }
  body['messages'] = chatMessages(prompt, form);
  return body;
}

/** o1, o3-mini, gpt-5 and later, also behind a gateway (`openai/o3`); not gpt-5-chat, which is an ordinary model. */
function takesCompletionTokens(model: string): boolean {
  return /(?:^|\/)(?:o\d|gpt-[5-9](?!.*-chat))/.test(model);
}

function chosenTools({ tools, toolChoice }: Prompt, names: ToolNames, form: MessageForm): { tools: object[]; tool_choice: unknown } {
  const chosen = typeof toolChoice === 'string' ? undefined : tools.find(({ name }) => name === toolChoice.name);
  const only = form.namedChoice === 'refused' ? chosen : undefined;
  return {
    tools: (only ? [only] : tools).map((tool) => ({ type: 'function', function: chatFunction(tool, names, form) })),
    tool_choice: only
      ? 'required'
      : typeof toolChoice === 'string'
        ? toolChoice
        : { type: 'function', function: { name: names.sent(toolChoice.name) } },
  };
}

function chatFunction({ name, description, parameters }: PromptTool, names: ToolNames, form: MessageForm): Record<string, unknown> {
  const schema = form.toolSchemas === 'openapi' ? openApiSchema(parameters) : functionSchema(parameters);
  return { name: names.sent(name), ...(description === '' ? {} : { description }), ...(schema ? { parameters: schema } : {}) };
}
