// The body of OpenAI's /chat/completions as what a model is asked (https://platform.openai.com/docs/api-reference/chat/create).
import { z } from 'zod';
import type { PromptPart, PromptToolChoice, PromptTurn } from './prompt.ts';
import {
  answerFormat,
  functionFields,
  imageUrl,
  name,
  present,
  promptOf,
  routingOf,
  text,
  type TextRequest,
  textRequestFields,
  toolOf,
  wordsOf,
} from './text-request.ts';

const part = z.union([
  z.object({ type: z.enum(['text', 'input_text']), text }),
  z.object({
    type: z.literal('image_url'),
    image_url: z.object({ url: imageUrl, detail: z.enum(['auto', 'low', 'high']).default('auto') }),
  }),
]);
const content = z.union([text, z.array(part).max(256)]);
const call = z.object({ id: name, function: z.object({ name, arguments: text }) });

const message = z.discriminatedUnion(
  'role',
  [
    z.object({ role: z.enum(['system', 'developer', 'user']), content }),
    z.object({ role: z.literal('assistant'), content: content.nullish(), tool_calls: z.array(call).max(128).nullish() }),
    z.object({ role: z.literal('tool'), content, tool_call_id: name }),
  ],
  'must be one of system, developer, user, assistant, tool',
);

/** The conversation of a body, also of one that is only tried (`POST /router/v1/routers:try`). */
export const chatMessages = z.array(message).max(10_000);
type Message = z.infer<typeof message>;

export const chatRequest = z.object({
  ...textRequestFields,
  messages: chatMessages.min(1),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(16)]).nullish(),
  seed: z.int().nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
  reasoning_effort: z.string().max(32).nullish(),
  tools: z
    .array(z.object({ type: z.literal('function'), function: z.object(functionFields) }))
    .max(128)
    .nullish(),
  tool_choice: z
    .union([z.enum(['auto', 'none', 'required']), z.object({ type: z.literal('function'), function: z.object({ name }) })])
    .nullish(),
  response_format: answerFormat.nullish(),
  n: z.literal(1, 'one answer is made at a time.').nullish(),
});

export function chatRequestOf(read: z.infer<typeof chatRequest>): TextRequest {
  const { routing, behalf } = routingOf(read);
  const { stop } = read;
  const tools = (read.tools ?? []).map((each) => toolOf(each.function));
  return {
    model: read.model,
    prompt: promptOf([], chatTurns(read.messages), tools, choiceOf(read.tool_choice)),
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
      behalf,
    },
    routing,
    conversationField: 'messages',
  };
}

export function chatTurns(messages: readonly Message[]): PromptTurn[] {
  return messages.flatMap(turnsOf);
}

function turnsOf(given: Message): PromptTurn[] {
  const parts = partsOf(given.content ?? '');
  switch (given.role) {
    case 'system':
    case 'developer':
      return [{ role: 'system', parts }];
    case 'user':
      return [{ role: 'user', parts }];
    case 'assistant': {
      const said = wordsOf(parts);
      return [
        ...(said === '' ? [] : [{ role: 'assistant', text: said, interrupted: false } as const]),
        ...(given.tool_calls ?? []).map(
          ({ id, function: called }) => ({ role: 'call', callId: id, name: called.name, arguments: called.arguments }) as const,
        ),
      ];
    }
    case 'tool':
      return [{ role: 'result', callId: given.tool_call_id, output: wordsOf(parts) }];
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

function choiceOf(given: z.infer<typeof chatRequest>['tool_choice']): PromptToolChoice {
  return typeof given === 'object' && given !== null ? { name: given.function.name } : (given ?? 'auto');
}
