// Sound in a large message, taken out before the message is parsed. 15 MiB of it are 20 million letters of base64: made a string, parsed and
// checked in one go they would keep the sound of every other session waiting for a tenth of a second.
import { setImmediate } from 'node:timers/promises';
import type { ClientEvent } from '../protocol/client-events.ts';
import { isRecord } from '../protocol/json.ts';

/** Shorter base64 stays where it is. */
const leastCharacters = 64 * 1024;
/** Decoded at a time; a multiple of four. */
const sliceCharacters = 128 * 1024;
/** Fields by that name that are looked at in one message. */
const mostFields = 64;

const field = Buffer.from('"audio"');
const quote = 0x22;
const colon = 0x3a;
const backslash = 0x5c;
const whiteSpace: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const mostWhiteSpace = 16;

/** What stands in the message for each of its sounds: base64 as well, so that whoever reads the message finds nothing odd. */
export type Sounds = ReadonlyMap<string, Uint8Array>;

/** Base64 that is not plain (it has escapes or stray letters) is left in the text, for the schema to judge. */
export async function liftSound(message: Buffer): Promise<{ text: string; sounds: Sounds }> {
  const sounds = new Map<string, Uint8Array>();
  const rest: Buffer[] = [];
  let kept = 0;
  let at = message.indexOf(field);
  for (let fields = 0; at >= 0 && fields < mostFields; fields++) {
    const from = valueOf(message, at);
    const to = from === undefined ? -1 : message.indexOf(quote, from);
    if (from !== undefined && to - from >= leastCharacters) {
      const bytes = await decoded(message.subarray(from, to));
      if (bytes) {
        const name = Buffer.from(`sound ${sounds.size}`).toString('base64');
        sounds.set(name, bytes);
        rest.push(message.subarray(kept, from), Buffer.from(name));
        kept = to;
      }
    }
    at = message.indexOf(field, Math.max(at + field.length, to));
  }
  rest.push(message.subarray(kept));
  return { text: Buffer.concat(rest).toString('utf8'), sounds };
}

/** Where the string begins that the field's name at `at` is followed by; undefined where it is no name, or no string follows. */
function valueOf(message: Buffer, at: number): number | undefined {
  // An escaped quotation mark begins no name.
  if (message[at - 1] === backslash) return undefined;
  const divider = past(message, at + field.length);
  if (message[divider] !== colon) return undefined;
  const value = past(message, divider + 1);
  return message[value] === quote ? value + 1 : undefined;
}

function past(message: Buffer, from: number): number {
  let at = from;
  while (at - from < mostWhiteSpace && whiteSpace.has(message[at])) at += 1;
  return at;
}

async function decoded(base64: Buffer): Promise<Uint8Array | undefined> {
  let length = base64.length;
  while (length > base64.length - 2 && base64[length - 1] === 0x3d) length -= 1;
  // One character over a multiple of four stands for no byte.
  if (length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  for (let from = 0; from < length; from += sliceCharacters) {
    if (from > 0) await setImmediate();
    const slice = base64.toString('latin1', from, Math.min(length, from + sliceCharacters));
    const piece = Buffer.from(slice, 'base64');
    // Buffer skips what it cannot read: then there are fewer bytes than the characters promise.
    if (piece.length !== Math.floor((slice.length * 3) / 4)) return undefined;
    bytes.set(piece, (from / 4) * 3);
  }
  return bytes;
}

/** Puts the sounds of a message back into what was read of it. */
export function returnSound(event: ClientEvent, sounds: Sounds): void {
  if (event.type !== 'conversation.item.create' && event.type !== 'response.create') return;
  const items = event.type === 'response.create' ? (event.response?.input ?? []) : [event.item];
  for (const item of items) {
    if (item.type !== 'message') continue;
    for (const part of item.content) {
      const sound = part.type === 'input_audio' && typeof part.audio === 'string' ? sounds.get(part.audio) : undefined;
      if (sound && part.type === 'input_audio') part.audio = sound;
    }
  }
}

/** The sound of an append, as the parsed message names it. */
export function liftedAppend(message: unknown, sounds: Sounds): Uint8Array | undefined {
  return isRecord(message) && typeof message.audio === 'string' ? sounds.get(message.audio) : undefined;
}
