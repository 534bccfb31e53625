// A Prompt as the body of POST /chat/completions: its fields as a provider takes them. The messages are chat-messages.ts's.
import { functionSchema } from '../../lib/function-schema.ts';
import { leastSplicedCharacters, splice, splicedJson } from '../../lib/spliced-json.ts';
import { wellFormedJson } from '../../lib/well-formed-json.ts';
import type { Prompt, PromptPart, PromptTool } from '../../protocol/prompt.ts';
import type { LlmOptions } from '../engine.ts';
import type { ToolNames } from './call-fields.ts';
import { chatMessages } from './chat-messages.ts';
import { formFor, type MessageForm, strictestForm } from './message-form.ts';
import { openApiSchema } from './openapi-schema.ts';

/** Fields that OpenAI's own API does not know, or not in every request: they go only where they are known to be taken. */
const extensions = ['repetition_penalty', 'metadata'];
/** What OpenAI's reasoning models refuse: they choose their words in a way of their own. */
const refusedByThinkers = ['temperature', 'top_p', 'frequency_penalty', 'presence_penalty', 'logit_bias', 'stop'];

/** What a provider makes of the body's fields, by their names. */
export interface Dialect {
  /** Fields it refuses. */
  readonly omit?: readonly string[];
  /** Fields it takes beyond OpenAI's. */
  readonly alsoTakes?: readonly string[];
  /** Which messages it accepts in which order; default: what every server accepts. */
  readonly form?: MessageForm;
}

/** The body of one request as JSON. Large images, which are base64, are put in as they are. */
export function chatRequestJson(prompt: Prompt, options: LlmOptions, names: ToolNames, dialect: Dialect): string {
  const images: string[] = [];
  const turns = prompt.turns.map((turn) => ('parts' in turn ? { ...turn, parts: turn.parts.map((part) => without(part, images)) } : turn));
  const request = (told: Prompt) => chatRequest(told, options, names, dialect);
  const json = images.length === 0 ? undefined : splicedJson(request({ ...prompt, turns }), 'url', images);
  return json ?? wellFormedJson(JSON.stringify(request(prompt)));
}

function without(part: PromptPart, images: string[]): PromptPart {
  if (part.type !== 'image' || part.url.length < leastSplicedCharacters) return part;
  images.push(part.url);
  return { ...part, url: splice };
}

/** The body of one request. */
export function chatRequest(prompt: Prompt, options: LlmOptions, names: ToolNames, dialect: Dialect): Record<string, unknown> {
  const { omit = [], alsoTakes = [] } = dialect;
  const form = formFor(options.model, dialect.form ?? strictestForm);
  const thinks = takesCompletionTokens(options.model);
  const { sampling = {}, behalf = {} } = options;
  const body: Record<string, unknown> = {
    model: options.model,
    messages: chatMessages(prompt, form),
    stream: true,
    stream_options: { include_usage: true },
    temperature: options.temperature,
    top_p: sampling.topP,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    repetition_penalty: sampling.repetitionPenalty,
    stop: sampling.stopSequences,
    seed: sampling.seed,
    logit_bias: sampling.logitBias,
    user: behalf.user,
    metadata: behalf.metadata,
    [thinks ? 'max_completion_tokens' : 'max_tokens']: options.maxOutputTokens,
    reasoning_effort: options.reasoningEffort,
  };
  if (prompt.tools.length > 0) {
    Object.assign(body, chosenTools(prompt, names, form));
    body['parallel_tool_calls'] = options.parallelToolCalls;
  }
  const refused = [...omit, ...(thinks ? refusedByThinkers : []), ...extensions.filter((field) => !alsoTakes.includes(field))];
  for (const field of refused) delete body[field];
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
