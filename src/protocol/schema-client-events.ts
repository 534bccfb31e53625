// Every client event as a schema for the published contract, put together from the schemas that read them and held against `ClientEvents`
// by the compiler.
import { z } from 'zod';
import { audioFormatPatch } from './audio-format.ts';
import type { ClientEvents, ClientEventType } from './client-events.ts';
import { clientItem, inputItem } from './items.ts';
import type { Agreed, Same } from './schema-objects.ts';
import { maxOutputTokens, modalities, reasoning, sessionPatch, speed, temperature, toolChoice, tools, voice } from './session-config.ts';
import { storedPrompt } from './stored-prompt.ts';

const id = z.string();

export const responseParams = z
  .object({
    conversation: z.string(),
    input: z.array(inputItem),
    instructions: z.string(),
    metadata: z.record(z.string().max(64), z.string().max(512)).nullable(),
    output_modalities: modalities,
    audio: z.object({ output: z.object({ format: audioFormatPatch, voice, speed }).partial() }).partial(),
    max_output_tokens: maxOutputTokens,
    tools,
    tool_choice: toolChoice,
    parallel_tool_calls: z.boolean(),
    reasoning,
    temperature: temperature.nullable(),
    prompt: storedPrompt,
  })
  .partial();

/** What each event holds besides `type` and `event_id`. */
const contents = {
  'session.update': z.object({ session: sessionPatch }),
  'input_audio_buffer.append': z.object({ audio: z.string() }),
  'input_audio_buffer.commit': z.object({}),
  'input_audio_buffer.clear': z.object({}),
  'output_audio_buffer.clear': z.object({}),
  'conversation.item.create': z.object({ previous_item_id: id.nullish(), item: clientItem }),
  'conversation.item.retrieve': z.object({ item_id: id }),
  'conversation.item.truncate': z.object({ item_id: id, content_index: z.number().int().min(0), audio_end_ms: z.number().int().min(0) }),
  'conversation.item.delete': z.object({ item_id: id }),
  'response.create': z.object({ response: responseParams.nullish() }),
  'response.cancel': z.object({ response_id: id.nullish() }),
} as const;

type Contents = Record<ClientEventType, z.ZodObject>;
type Differing = {
  [T in ClientEventType]: Same<
    z.output<(typeof contents)[T & keyof typeof contents]>,
    Omit<ClientEvents[T], 'type' | 'event_id'>
  > extends true
    ? never
    : T;
}[ClientEventType];

export const documentedClientEvents = Object.keys(contents satisfies Agreed<Contents, Differing>) as ClientEventType[];

/** The schema of a whole event, as a client sends it. */
export function clientEventSchema(type: ClientEventType): z.ZodObject {
  return z.object({ type: z.literal(type), event_id: z.string().max(512).nullish(), ...contents[type].shape });
}
