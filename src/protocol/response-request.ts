// The body of OpenAI's /responses as what a model is asked (https://platform.openai.com/docs/api-reference/responses/create). Nothing is kept between two
// requests, and no tool runs here: whatever would need that is refused by its name. Hints that concern OpenAI's own service (`include`, `truncation`,
// `service_tier`, `text.verbosity` and the like) are accepted and have no effect.
import { z } from 'zod';
import { isRecord } from './json.ts';
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

const notKept = 'nothing is kept between two requests: send the whole conversation in `input`.';

const words = z.object({ type: z.enum(['input_text', 'output_text', 'text']), text });
const refusal = z.object({ type: z.literal('refusal'), refusal: text });
const image = z.object({
  type: z.literal('input_image'),
  file_id: z.literal(null, 'no files are kept here: send the image in `image_url`.').optional(),
  image_url: imageUrl,
  detail: z.enum(['auto', 'low', 'high', 'original']).nullish(),
});

/** A string is short for one part of text. */
function asParts(given: unknown): unknown {
  return typeof given === 'string' ? [{ type: 'input_text', text: given }] : given;
}
const content = z.preprocess(
  asParts,
  z
    .array(
      z.discriminatedUnion('type', [words, refusal, image], 'text (input_text, output_text, refusal) and images (input_image) are read.'),
    )
    .max(256),
);
const output = z.preprocess(asParts, z.array(z.discriminatedUnion('type', [words], 'of an output text is read (input_text).')).max(256));

const item = z.preprocess(
  // `type` may be missing from a message.
  (given) => (isRecord(given) && given['type'] === undefined ? { ...given, type: 'message' } : given),
  z.discriminatedUnion(
    'type',
    [
      z.object({ type: z.literal('message'), role: z.enum(['user', 'assistant', 'system', 'developer']), content }),
      z.object({ type: z.literal('function_call'), call_id: name, name, arguments: text }),
      z.object({ type: z.literal('function_call_output'), call_id: name, output }),
      // What another server's model thought comes back with its answer. It means nothing to the models here.
      z.object({ type: z.literal('reasoning') }),
    ],
    'message, function_call, function_call_output and reasoning are read; nothing that is kept elsewhere, and no call of a built-in tool.',
  ),
);
type Item = z.infer<typeof item>;

/** The conversation of a body, also of one that is only tried (`POST /router/v1/routers:try`). */
export const responseInput = z.preprocess(
  (given) => (typeof given === 'string' ? [{ type: 'message', role: 'user', content: given }] : given),
  z.array(item).min(1).max(10_000),
);

const tool = z.object({
  type: z.literal('function', 'only functions can be called; no tool is built in.'),
  ...functionFields,
});

export const responseRequest = z.object({
  ...textRequestFields,
  input: responseInput,
  instructions: text.nullish(),
  max_output_tokens: z.int().min(1).nullish(),
  reasoning: z.object({ effort: z.string().max(32).nullish() }).nullish(),
  text: z.object({ format: answerFormat.nullish() }).nullish(),
  tools: z.array(tool).max(128).nullish(),
  tool_choice: z
    .union(
      [z.enum(['auto', 'none', 'required']), z.object({ type: z.literal('function'), name })],
      'it is auto, none, required or one function, as {"type": "function", "name": …}.',
    )
    .nullish(),
  safety_identifier: name.nullish(),
  // OpenAI keeps responses unless told otherwise, so that nobody who says nothing, or `true`, is refused: the answer says `false`.
  store: z.boolean().nullish(),
  previous_response_id: z.literal(null, notKept).optional(),
  conversation: z.literal(null, notKept).optional(),
  background: z.literal([false, null], 'an answer is waited for, or streamed.').optional(),
  prompt: z.literal(null, 'stored prompts are for sessions: send `instructions`.').optional(),
});
export type ResponseRequest = z.infer<typeof responseRequest>;

export function responseRequestOf(read: ResponseRequest): TextRequest {
  const { routing, behalf } = routingOf({ ...read, user: read.user ?? read.safety_identifier });
  return {
    model: read.model,
    prompt: promptOf([read.instructions ?? ''], responseTurns(read.input), (read.tools ?? []).map(toolOf), choiceOf(read.tool_choice)),
    options: {
      ...present({
        temperature: read.temperature,
        maxOutputTokens: read.max_output_tokens,
        parallelToolCalls: read.parallel_tool_calls,
        reasoningEffort: read.reasoning?.effort,
        conversation: read.prompt_cache_key,
      }),
      sampling: present({ topP: read.top_p }),
      behalf,
    },
    routing,
    conversationField: 'input',
  };
}

export function responseTurns(items: readonly Item[]): PromptTurn[] {
  return items.flatMap(turnsOf);
}

function turnsOf(given: Item): PromptTurn[] {
  switch (given.type) {
    case 'message': {
      const parts = given.content.map(partOf);
      if (given.role === 'user') return [{ role: 'user', parts }];
      if (given.role !== 'assistant') return [{ role: 'system', parts }];
      const said = wordsOf(parts);
      return said === '' ? [] : [{ role: 'assistant', text: said, interrupted: false }];
    }
    case 'function_call':
      return [{ role: 'call', callId: given.call_id, name: given.name, arguments: given.arguments }];
    case 'function_call_output':
      return [{ role: 'result', callId: given.call_id, output: wordsOf(given.output.map(partOf)) }];
    case 'reasoning':
      return [];
  }
}

function partOf(given: z.infer<typeof words> | z.infer<typeof refusal> | z.infer<typeof image>): PromptPart {
  if (given.type === 'refusal') return { type: 'text', text: given.refusal };
  if (given.type !== 'input_image') return { type: 'text', text: given.text };
  // No provider is known to tell the largest of OpenAI's details from `high`.
  return { type: 'image', url: given.image_url, detail: given.detail === 'original' ? 'high' : (given.detail ?? 'auto') };
}

function choiceOf(given: ResponseRequest['tool_choice']): PromptToolChoice {
  return typeof given === 'object' && given !== null ? { name: given.name } : (given ?? 'auto');
}
