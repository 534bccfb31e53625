// Every server event as a schema for the published contract, held against `ServerEvent` by the compiler: an event that is added to the
// protocol must be written down here, and nothing else can be.
import { z } from 'zod';
import type { ServerEvent, ServerEventType } from './server-events.ts';
import { type Agreed, error, item, response, responsePart, resumeOffer, type Same, session } from './schema-objects.ts';

const count = z.number().int().min(0);
const id = z.string();
const itemPlace = { response_id: id, item_id: id, output_index: count };
const partPlace = { ...itemPlace, content_index: count };
const callPlace = { ...itemPlace, call_id: id };
const heardPart = { item_id: id, content_index: count };
const voiceTraits = z.array(z.object({ label: z.string(), confidence: z.number() }).readonly()).readonly();
const voiceProfile = z.object({
  age: voiceTraits.exactOptional(),
  gender: voiceTraits.exactOptional(),
  emotion: voiceTraits.exactOptional(),
  vocal_style: voiceTraits.exactOptional(),
  accent: voiceTraits.exactOptional(),
});
const times = z.array(z.number());
const timestampInfo = z.union([
  z.object({
    word_alignment: z.object({ words: z.array(z.string()), word_start_time_seconds: times, word_end_time_seconds: times }),
  }),
  z.object({
    character_alignment: z.object({
      characters: z.array(z.string()),
      character_start_time_seconds: times,
      character_end_time_seconds: times,
    }),
  }),
]);

/** What each event holds besides `type` and `event_id`. */
const contents = {
  'session.created': z.object({ session }),
  'session.updated': z.object({ session }),
  'session.resumed': z.object({ session_id: id, resume: resumeOffer, received: z.object({ events: count, audio_bytes: count }) }),
  error: z.object({ error }),
  'conversation.created': z.object({ conversation: z.object({ id, object: z.literal('realtime.conversation') }) }),
  'conversation.item.added': z.object({ previous_item_id: id.nullable(), item }),
  'conversation.item.done': z.object({ previous_item_id: id.nullable(), item }),
  'conversation.item.retrieved': z.object({ item }),
  'conversation.item.truncated': z.object({ ...heardPart, audio_end_ms: count }),
  'conversation.item.deleted': z.object({ item_id: id }),
  'conversation.item.input_audio_transcription.delta': z.object({ ...heardPart, delta: z.string() }),
  'conversation.item.input_audio_transcription.completed': z.object({
    ...heardPart,
    transcript: z.string(),
    usage: z.union([
      z.object({ type: z.literal('duration'), seconds: z.number() }),
      z.object({
        type: z.literal('tokens'),
        total_tokens: count,
        input_tokens: count,
        input_token_details: z.object({ text_tokens: count, audio_tokens: count }),
        output_tokens: count,
      }),
    ]),
    logprobs: z.array(z.object({ token: z.string(), logprob: z.number(), bytes: z.array(count) })).exactOptional(),
    languages: z.array(z.object({ code: z.string() })).exactOptional(),
    providerData: z.object({ voiceProfile }).exactOptional(),
  }),
  'conversation.item.input_audio_transcription.segment': z.object({
    ...heardPart,
    id,
    text: z.string(),
    speaker: z.string(),
    start: z.number(),
    end: z.number(),
  }),
  'conversation.item.input_audio_transcription.failed': z.object({
    ...heardPart,
    error: z.object({ type: z.string(), code: z.string(), message: z.string(), param: z.null() }),
  }),
  'input_audio_buffer.committed': z.object({ item_id: id, previous_item_id: id.nullable() }),
  'input_audio_buffer.cleared': z.object({}),
  'input_audio_buffer.speech_started': z.object({ audio_start_ms: count, item_id: id }),
  'input_audio_buffer.speech_stopped': z.object({ audio_end_ms: count, item_id: id }),
  'input_audio_buffer.dtmf_event_received': z.object({ event: z.string(), received_at: z.number().int() }),
  'output_audio_buffer.started': z.object({ response_id: id }),
  'output_audio_buffer.stopped': z.object({ response_id: id }),
  'output_audio_buffer.cleared': z.object({ response_id: id }),
  'input_audio_buffer.timeout_triggered': z.object({ audio_start_ms: count, audio_end_ms: count, item_id: id }),
  'input_audio_buffer.turn_suggestion': z.object({
    item_id: id,
    utterance_index: count,
    probability: z.number(),
    trailing_silence_ms: count,
    audio_duration_ms: count,
    inference_ms: z.number().exactOptional(),
  }),
  'input_audio_buffer.turn_suggestion_revoked': z.object({ item_id: id, utterance_index: count }),
  'response.created': z.object({ response }),
  'response.done': z.object({ response }),
  'response.output_item.added': z.object({ response_id: id, output_index: count, item }),
  'response.output_item.done': z.object({ response_id: id, output_index: count, item }),
  'response.content_part.added': z.object({ ...partPlace, part: responsePart }),
  'response.content_part.done': z.object({ ...partPlace, part: responsePart }),
  'response.output_text.delta': z.object({ ...partPlace, delta: z.string() }),
  'response.output_text.done': z.object({ ...partPlace, text: z.string() }),
  'response.output_audio_transcript.delta': z.object({ ...partPlace, delta: z.string() }),
  'response.output_audio_transcript.done': z.object({ ...partPlace, transcript: z.string() }),
  'response.output_audio.delta': z.object({ ...partPlace, delta: z.string(), timestamp_info: timestampInfo.exactOptional() }),
  'response.output_audio.done': z.object(partPlace),
  'response.function_call_arguments.delta': z.object({ ...callPlace, delta: z.string() }),
  'response.function_call_arguments.done': z.object({ ...callPlace, name: z.string(), arguments: z.string() }),
  'mcp_list_tools.in_progress': z.object({ item_id: id }),
  'mcp_list_tools.completed': z.object({ item_id: id }),
  'mcp_list_tools.failed': z.object({ item_id: id }),
  'response.mcp_call_arguments.delta': z.object({ ...itemPlace, delta: z.string(), obfuscation: z.string() }),
  'response.mcp_call_arguments.done': z.object({ ...itemPlace, arguments: z.string() }),
  'response.mcp_call.in_progress': z.object({ item_id: id, output_index: count }),
  'response.mcp_call.completed': z.object({ item_id: id, output_index: count }),
  'response.mcp_call.failed': z.object({ item_id: id, output_index: count }),
  'response.backchannel.audio.delta': z.object({ backchannel_id: id, delta: z.string() }),
  'response.backchannel.audio.done': z.object({ backchannel_id: id, phrase: z.string() }),
  'response.backchannel.skipped': z.object({ reason: z.string() }),
  'rate_limits.updated': z.object({
    rate_limits: z.array(z.object({ name: z.enum(['requests', 'tokens']), limit: count, remaining: count, reset_seconds: z.number() })),
  }),
} as const;

/** What the type says that an event of this name holds. */
type Content<T extends ServerEventType, E extends ServerEvent = ServerEvent> = E extends unknown
  ? T extends E['type']
    ? Omit<E, 'type'>
    : never
  : never;
type Contents = Record<ServerEventType, z.ZodObject>;
type Differing = {
  [T in ServerEventType]: Same<z.output<(typeof contents)[T & keyof typeof contents]>, Content<T>> extends true ? never : T;
}[ServerEventType];

export const documentedServerEvents = Object.keys(contents satisfies Agreed<Contents, Differing>) as ServerEventType[];

/** The schema of a whole event, as it is sent. */
export function serverEventSchema(type: ServerEventType): z.ZodObject {
  return z.object({ type: z.literal(type), event_id: z.string(), ...contents[type].shape });
}
