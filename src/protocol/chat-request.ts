// The body of OpenAI's /chat/completions as what a model is asked (https://platform.openai.com/docs/api-reference/chat/create), with what Inworld adds for its
// router (https://docs.inworld.ai/router): `models`, `sort`, `ignore` and `fallback`, in `extra_body` or beside the other fields, where OpenAI's SDKs put them.
import { z } from 'zod';
import type { OnBehalf, Prompt, PromptPart, PromptTool, PromptToolChoice, PromptTurn, Sampling } from './prompt.ts';

const text = z.string().max(1_000_000);
const name = z.string().max(512);

const part = z.union([
  z.object({ type: z.enum(['text', 'input_text']), text }),
  z.object({
    type: z.literal('image_url'),
    image_url: z.object({ url: z.string().max(20_000_000), detail: z.enum(['auto', 'low', 'high']).default('auto') }),
  }),
]);
const content = z.union([text, z.array(part).max(256)]);
const call = z.object({ id: name, function: z.object({ name, arguments: text }) });

const message = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer', 'user']), content }),
  z.object({ role: z.literal('assistant'), content: content.nullish(), tool_calls: z.array(call).max(128).nullish() }),
  z.object({ role: z.literal('tool'), content, tool_call_id: name }),
]);
type Message = z.infer<typeof message>;

const tool = z.object({
  type: z.literal('function'),
  function: z.object({
    name: z.string().min(1).max(128),
    description: text.nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish(),
  }),
});

const metadata = z.record(z.string(), z.union([z.string().max(16_384), z.number(), z.boolean()]));
/** What is Inworld's own. */
const routing = {
  models: z.array(name).max(16).nullish(),
  sort: z.unknown().optional(),
  ignore: z.unknown().optional(),
  fallback: z.record(z.string(), z.unknown()).nullish(),
  prompt_variables: z.record(z.string(), text).nullish(),
  metadata: metadata.nullish(),
};

export const chatRequest = z.object({
  model: name.default(''),
  messages: z.array(message).min(1).max(10_000),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  user: name.nullish(),
  prompt_cache_key: name.nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(16)]).nullish(),
  seed: z.int().nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
  reasoning_effort: z.string().max(32).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  tools: z.array(tool).max(128).nullish(),
  tool_choice: z
    .union([z.enum(['auto', 'none', 'required']), z.object({ type: z.literal('function'), function: z.object({ name }) })])
    .nullish(),
  n: z.literal(1, 'one answer is made at a time.').nullish(),
  ...routing,
  extra_body: z.object(routing).nullish(),
});

/** What is asked, apart from the wire. */
export interface ChatRequest {
  /** Empty: whoever answers those who name none. */
  readonly model: string;
  readonly prompt: Prompt;
  readonly options: {
    readonly temperature?: number;
    readonly maxOutputTokens?: number;
    readonly parallelToolCalls?: boolean;
    readonly reasoningEffort?: string;
    readonly sampling: Sampling;
    readonly behalf: OnBehalf;
    readonly conversation?: string;
  };
  /** How models are to be chosen for this request alone; undefined: `model` says who answers. */
  readonly routing: Readonly<Record<string, unknown>> | undefined;
}

export function chatRequestOf(read: z.infer<typeof chatRequest>): ChatRequest {
  const extra = { ...present(routingOf(read)), ...present(routingOf(read.extra_body ?? {})) };
  const { metadata: own, prompt_variables: promptVariables, ...routed } = extra;
  const { stop } = read;
  return {
    model: read.model,
    prompt: promptOf(read.messages, toolsOf(read.tools), choiceOf(read.tool_choice)),
    options: {
      ...present({
        temperature: read.temperature,
        maxOutputTokens: read.max_completion_tokens ?? read.max_tokens,
        parallelToolCalls: read.parallel_tool_calls,
        reasoningEffort: read.reasoning_effort,
        conversation: read.prompt_cache_key,
      }),
      sampling: present({
        topP: read.top_p,
        frequencyPenalty: read.frequency_penalty,
        presencePenalty: read.presence_penalty,
        stopSequences: typeof stop === 'string' ? [stop] : stop,
        seed: read.seed,
        logitBias: read.logit_bias,
      }),
      behalf: present({ user: read.user, metadata: own, promptVariables }),
    },
    routing: Object.keys(routed).length === 0 ? undefined : routed,
  };
}

function routingOf({ models, sort, ignore, fallback, prompt_variables, metadata: own }: Partial<z.infer<typeof chatRequest>>) {
  return { models, sort, ignore, fallback, prompt_variables, metadata: own };
}

/** What the system says before anybody else are the instructions. */
function promptOf(messages: readonly Message[], tools: PromptTool[], toolChoice: PromptToolChoice): Prompt {
  const first = messages.findIndex((each) => !isInstruction(each));
  const leading = first === -1 ? messages : messages.slice(0, first);
  const instructions = leading.map((each) => plain(each.content)).filter((said) => said !== '');
  return { instructions: instructions.join('\n\n'), turns: messages.slice(leading.length).flatMap(turnsOf), tools, toolChoice };
}

function isInstruction({ role }: Message): boolean {
  return role === 'system' || role === 'developer';
}

function turnsOf(given: Message): PromptTurn[] {
  switch (given.role) {
    case 'system':
    case 'developer':
      return [{ role: 'system', parts: partsOf(given.content) }];
    case 'user':
      return [{ role: 'user', parts: partsOf(given.content) }];
    case 'assistant': {
      const said = plain(given.content);
      const calls = (given.tool_calls ?? []).map(
        ({ id, function: called }): PromptTurn => ({ role: 'call', callId: id, name: called.name, arguments: called.arguments }),
      );
      return [...(said === '' ? [] : [{ role: 'assistant', text: said, interrupted: false } as const]), ...calls];
    }
    case 'tool':
      return [{ role: 'result', callId: given.tool_call_id, output: plain(given.content) }];
  }
}

function partsOf(given: z.infer<typeof content>): PromptPart[] {
  if (typeof given === 'string') return [{ type: 'text', text: given }];
  return given.map(
    (each): PromptPart =>
      each.type === 'image_url'
        ? { type: 'image', url: each.image_url.url, detail: each.image_url.detail }
        : { type: 'text', text: each.text },
  );
}

function plain(given: z.infer<typeof content> | null | undefined): string {
  if (given == null || typeof given === 'string') return given ?? '';
  return given.map((each) => (each.type === 'image_url' ? '' : each.text)).join('');
}

function toolsOf(given: z.infer<typeof chatRequest>['tools']): PromptTool[] {
  return (given ?? []).map(({ function: each }) => ({
    name: each.name,
    description: each.description ?? '',
    parameters: each.parameters ?? { type: 'object', properties: {} },
  }));
}

function choiceOf(given: z.infer<typeof chatRequest>['tool_choice']): PromptToolChoice {
  return typeof given === 'object' && given !== null ? { name: given.function.name } : (given ?? 'auto');
}

type Present<T> = { [K in keyof T]?: NonNullable<T[K]> };

/** Without what is null or not there. */
function present<T extends object>(given: T): Present<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined)) as Present<T>;
}
