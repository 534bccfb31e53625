// The audio fast path: base64 in and out without schemas and without JSON.stringify.
import { plainBase64 } from '../protocol/base64.ts';
import { errors } from '../protocol/errors.ts';
import type { Dialect } from '../protocol/dialects/dialect.ts';
import type { TimestampInfo } from '../protocol/server-events.ts';
import type { AudioPlace } from './transport.ts';

/** 15 MiB of sound in one append (protocol 4.11). */
const mostBytes = 15 * 1024 * 1024;

/**
 * The sound of an append.
 * @throws RealtimeError naming `audio`: missing, not a string, not base64, or too much.
 */
export function decodeAudio(audio: unknown): Uint8Array {
  if (audio === undefined) throw errors.missing('audio');
  if (typeof audio !== 'string') throw errors.wrongType('audio', 'string', audio);
  const bytes = bytesOf(audio) ?? bytesOf(plainBase64(audio));
  if (bytes === undefined) throw errors.invalid('audio', "Invalid value for 'audio': it is not base64.");
  return notTooMuch(bytes);
}

/** @throws RealtimeError naming `audio`: too much. */
export function notTooMuch(bytes: Uint8Array): Uint8Array {
  if (bytes.length > mostBytes) throw errors.invalid('audio', "Invalid value for 'audio': it holds more than 15 MiB of audio.");
  return bytes;
}

/** Undefined: it is not base64 without line breaks. Buffer skips what it cannot read; then there are fewer bytes than the characters promise. */
function bytesOf(audio: string): Uint8Array | undefined {
  const bytes = Buffer.from(audio, 'base64');
  return bytes.length === expectedBytes(audio) ? bytes : undefined;
}

function expectedBytes(audio: string): number {
  let length = audio.length;
  while (length > 0 && audio.codePointAt(length - 1) === 0x3d) length -= 1;
  // One character over a multiple of four stands for no byte: it would hide a skipped one.
  return length % 4 === 1 ? -1 : Math.floor((length * 3) / 4);
}

/** `response.output_audio.delta` (by its name in the client's dialect) as text. Ids are of a safe alphabet, so nothing needs escaping. */
export function audioDelta(type: Dialect['audioDeltaType'], place: AudioPlace, bytes: Uint8Array, timestamps?: TimestampInfo): string {
  const delta = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  const timing = timestamps ? `,"timestamp_info":${JSON.stringify(timestamps)}` : '';
  return `{"type":"${type}","event_id":"${place.eventId}","response_id":"${place.response}","item_id":"${place.item}","output_index":${place.outputIndex},"content_index":${place.contentIndex},"delta":"${delta}"${timing}}`;
}
