// What a client may say (protocol 1), read liberally and refused precisely: every fault names its field.
import { z } from 'zod';
import { audioFormatPatch } from './audio-format.ts';
import { sessionConfigToGa } from './dialects/inworld.ts';
import { errors, type RealtimeError } from './errors.ts';
import { clientItem, inputItem } from './items.ts';
import {
  maxOutputTokens,
  modalities,
  reasoning,
  type SessionPatch,
  sessionPatch,
  speed,
  temperature,
  toolChoice,
  tools,
  voice,
} from './session-config.ts';
import { storedPrompt } from './stored-prompt.ts';
import { excessOf, isRecord } from './json.ts';
import { withoutNulls } from './nulls.ts';

/** Base64 characters in one append: 15 MiB of audio. */
const mostAppendCharacters = 20 * 1024 * 1024;
const mostIdCharacters = 512;

const eventId = z.string().max(mostIdCharacters).nullish();
const itemId = z.string().min(1).max(mostIdCharacters);

/** The flat names of the beta dialect and of Inworld's reference, moved to where GA has them (conflict C29). */
function canonicalResponse(input: unknown): unknown {
  if (!isRecord(input)) return input;
  const {
    voice: flatVoice,
    modalities: flatModalities,
    max_response_output_tokens: flatMost,
    output_audio_format: flatFormat,
    ...rest
  } = input;
  const audio = isRecord(rest.audio) ? rest.audio : {};
  const output = { ...(isRecord(audio.output) ? audio.output : {}) };
  if (flatVoice !== undefined && output.voice === undefined) output.voice = flatVoice;
  if (flatFormat !== undefined && output.format === undefined) output.format = flatFormat;
  return {
    ...rest,
    ...(flatModalities === undefined || rest.output_modalities !== undefined ? {} : { output_modalities: flatModalities }),
    ...(flatMost === undefined || rest.max_output_tokens !== undefined ? {} : { max_output_tokens: flatMost }),
    ...(Object.keys(output).length > 0 ? { audio: { ...audio, output } } : {}),
  };
}

const metadata = z
  .record(z.string().max(64), z.string().max(512))
  .refine((map) => Object.keys(map).length <= 16, { error: 'may hold at most 16 pairs' })
  .nullable();

const responseParams = z.preprocess(
  canonicalResponse,
  z
    .object({
      conversation: z.string().min(1).max(64),
      input: z.array(inputItem),
      instructions: z.string().max(1_000_000),
      metadata,
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
    .partial(),
);
export type ResponseParams = z.infer<typeof responseParams>;

const schemas = {
  'session.update': z.object({ type: z.literal('session.update'), event_id: eventId, session: sessionPatch }),
  'input_audio_buffer.append': z.object({
    type: z.literal('input_audio_buffer.append'),
    event_id: eventId,
    audio: z.string().max(mostAppendCharacters, { error: 'holds more than 15 MiB of audio' }),
  }),
  'input_audio_buffer.commit': z.object({ type: z.literal('input_audio_buffer.commit'), event_id: eventId }),
  'input_audio_buffer.clear': z.object({ type: z.literal('input_audio_buffer.clear'), event_id: eventId }),
  'output_audio_buffer.clear': z.object({ type: z.literal('output_audio_buffer.clear'), event_id: eventId }),
  'conversation.item.create': z.object({
    type: z.literal('conversation.item.create'),
    event_id: eventId,
    previous_item_id: z.string().max(512).nullish(),
    item: clientItem,
  }),
  'conversation.item.retrieve': z.object({ type: z.literal('conversation.item.retrieve'), event_id: eventId, item_id: itemId }),
  'conversation.item.truncate': z.object({
    type: z.literal('conversation.item.truncate'),
    event_id: eventId,
    item_id: itemId,
    content_index: z.number().int().min(0),
    audio_end_ms: z.number().int().min(0),
  }),
  'conversation.item.delete': z.object({ type: z.literal('conversation.item.delete'), event_id: eventId, item_id: itemId }),
  'response.create': z.object({ type: z.literal('response.create'), event_id: eventId, response: responseParams.nullish() }),
  'response.cancel': z.object({ type: z.literal('response.cancel'), event_id: eventId, response_id: z.string().max(512).nullish() }),
} as const;

export type ClientEventType = keyof typeof schemas;
export type ClientEvents = { [T in ClientEventType]: z.infer<(typeof schemas)[T]> };
export type ClientEvent = ClientEvents[ClientEventType];

export const clientEventTypes = Object.keys(schemas) as ClientEventType[];

function isClientEventType(type: string): type is ClientEventType {
  return Object.hasOwn(schemas, type);
}

/** What a client may put into `event_id`. */
export function isEventId(id: unknown): boolean {
  return id == null || (typeof id === 'string' && id.length <= mostIdCharacters);
}

/** The client's own id of an event, as far as it can be read: what an error must echo. */
export function clientEventId(message: unknown): string | null {
  return isRecord(message) && typeof message.event_id === 'string' ? message.event_id.slice(0, mostIdCharacters) : null;
}

/**
 * One parsed JSON message as a client event. The audio of an append is not looked into here: that is the ear's work.
 * @throws RealtimeError `invalid_json`, `invalid_event`, `invalid_value`, `invalid_type`, `missing_required_parameter`.
 */
export function parseClientEvent(message: unknown): ClientEvent {
  if (!isRecord(message)) throw errors.invalidJson('expected an object.');
  if (typeof message.type !== 'string') throw errors.missingType();
  if (!isClientEventType(message.type)) throw errors.unknownType(message.type.slice(0, 128), clientEventTypes);
  const excess = excessOf(message);
  if (excess !== undefined) throw errors.tooMuch(excess);
  const parsed = schemas[message.type].safeParse(withoutNulls(message), { reportInput: true });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw issue ? toRealtimeError(issue) : errors.invalid(null, 'The event is not valid.');
}

/**
 * A session as a client writes it outside an event: with an ephemeral secret, or a call.
 * @throws RealtimeError naming the field, `session.…`.
 */
export function readSessionPatch(session: unknown): SessionPatch {
  const event = parseClientEvent({ type: 'session.update', session: sessionConfigToGa(session) });
  return event.type === 'session.update' ? event.session : {};
}

/** What is wrong, as it was read: a preprocessed value may stand in the message under another name, or as a string. */
function valueOf(issue: z.core.$ZodIssue): unknown {
  if (issue.code !== 'invalid_union' || !('discriminator' in issue) || !isRecord(issue.input)) return issue.input;
  return issue.input[String(issue.discriminator)];
}

/** One zod issue (which reports its input) as an error of the catalogue, with the dotted path of the field: `session.tools[0].name`. */
function toRealtimeError(issue: z.core.$ZodIssue): RealtimeError {
  const param = issue.path.reduce<string>((path, key) => {
    if (typeof key === 'number') return `${path}[${key}]`;
    return path === '' ? String(key) : `${path}.${String(key)}`;
  }, '');
  const value = valueOf(issue);
  if (value === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union')) {
    return errors.missing(param);
  }
  if (issue.code === 'invalid_type') return errors.wrongType(param, issue.expected, value);
  if (issue.code === 'too_big' && issue.origin === 'string')
    return errors.tooLong(param, Number(issue.maximum), String(issue.input).length);
  return errors.invalid(param, `Invalid value for '${param}': ${issue.message}`);
}
