// The sound and the images of a large message, taken out before it is parsed. 15 MiB of sound are 20 million letters of base64: parsed and checked
// in one go they would keep the sound of every other session waiting for a tenth of a second, and much else for seconds.
import { setImmediate } from 'node:timers/promises';
import type { ClientEvent } from '../protocol/client-events.ts';
import { errors, type RealtimeError } from '../protocol/errors.ts';
import { imageHead } from '../protocol/items.ts';
import { isRecord } from '../protocol/json.ts';
import { type LargeString, MessageScan } from './message-scan.ts';

/** Read at a time. */
const sliceBytes = 128 * 1024;
/** The longest escape there is. */
const escapeBytes = 6;
const backslash = 0x5c;
/** Of what is left of a message: 1,000,000 characters of instructions in any script, with tools, a prompt and `providerData` of 1 MiB each. */
export const mostRestBytes = 12 * 1024 * 1024;
/** An image's own words before its base64 are shorter. */
const mostHeadBytes = 64;

/** Where it was: the sound of an append, or a part of an item, which may be one of a response's own. */
type Place = { of: 'append' } | { of: 'part'; input: number | undefined; part: number };

interface Lifted {
  readonly place: Place;
  /** What stands in the message instead: base64 as well, so that whoever reads the message finds nothing odd. */
  readonly name: string;
  /** Sound is bytes from here on, an image the base64 of its URL. */
  readonly value: Uint8Array | string;
}

interface Lightened {
  readonly text: string;
  readonly lifted: readonly Lifted[];
}

/** What is wrong with a message that was not parsed. */
interface Refused {
  readonly error: RealtimeError;
  readonly eventId: string | null;
}

/** Of a message that is its caller's own. What is not plain base64, in either alphabet and with line breaks, is left in the text for the schema to judge. */
export async function lightened(message: Buffer): Promise<Lightened | Refused> {
  const scan = new MessageScan(message);
  await scan.run();
  if (scan.excess !== undefined) return { error: errors.tooMuch(scan.excess), eventId: scan.eventId };
  const lifted: Lifted[] = [];
  const rest: Buffer[] = [];
  let keptFrom = 0;
  let restBytes = message.length - scan.strings.reduce((sum, each) => sum + (placeOf(each) ? each.to - each.from : 0), 0);
  let longest: LargeString | undefined;
  for (const each of scan.strings) {
    const place = placeOf(each);
    const taken = place && restBytes <= mostRestBytes ? await lift(message, each, place, lifted.length) : undefined;
    if (taken) {
      lifted.push(taken.lifted);
      rest.push(message.subarray(keptFrom, taken.from), Buffer.from(taken.lifted.name));
      keptFrom = each.to;
      continue;
    }
    if (place) restBytes += each.to - each.from;
    if (!longest || each.to - each.from > longest.to - longest.from) longest = each;
  }
  if (restBytes > mostRestBytes) {
    const what = `it holds more than ${mostRestBytes} bytes besides sound and images`;
    return { error: errors.tooMuch(what, longest && pathOf(longest)), eventId: scan.eventId };
  }
  rest.push(message.subarray(keptFrom));
  return { text: Buffer.concat(rest).toString('utf8'), lifted };
}

/** Where sound and images belong. What only has their names (in `providerData`, in a tool's result) stays what it is. */
function placeOf({ steps, levels }: LargeString): Place | undefined {
  const field = steps.at(-1);
  if (steps.length === 1) return field === 'audio' ? { of: 'append' } : undefined;
  if (field !== 'audio' && field !== 'image_url') return undefined;
  const [part, content] = [steps.at(-2), steps.at(-3)];
  const item = levels.at(-3);
  // The content of other items is a result, of whatever form.
  if (typeof part !== 'number' || content !== 'content' || (item?.type ?? 'message') !== 'message' || item?.role === 'tool')
    return undefined;
  const [first, second, third] = steps;
  if (first === 'item' && steps.length === 4) return { of: 'part', input: undefined, part };
  if (first !== 'response' || second !== 'input' || typeof third !== 'number' || steps.length !== 6) return undefined;
  return { of: 'part', input: third, part };
}

function pathOf({ steps }: LargeString): string {
  return steps.reduce<string>((path, step) => (typeof step === 'number' ? `${path}[${step}]` : path === '' ? step : `${path}.${step}`), '');
}

async function lift(
  message: Buffer,
  { from, to, steps }: LargeString,
  place: Place,
  count: number,
): Promise<{ from: number; lifted: Lifted } | undefined> {
  if (steps.at(-1) === 'audio') {
    const value = await soundOf(message.subarray(from, to));
    return value && { from, lifted: { place, name: nameOf('sound', count), value } };
  }
  const start = message.toString('latin1', from, Math.min(to, from + mostHeadBytes));
  const head = start.slice(0, start.indexOf(',') + 1);
  if (imageHead(head.replaceAll('\\/', '/')) === undefined) return undefined;
  const value = await imageOf(message.subarray(from + head.length, to));
  return value === undefined ? undefined : { from: from + head.length, lifted: { place, name: nameOf('image', count), value } };
}

function nameOf(what: string, count: number): string {
  return Buffer.from(`${what} ${count}`).toString('base64');
}

async function soundOf(raw: Buffer): Promise<Uint8Array | undefined> {
  let letters = raw.length;
  while (letters > raw.length - 2 && raw[letters - 1] === 0x3d) letters -= 1;
  const bytes = new Uint8Array(Math.floor((letters * 3) / 4));
  let length = 0;
  for await (const piece of pieces(raw)) {
    if (!piece) return undefined;
    bytes.set(piece, length);
    length += piece.length;
  }
  // Line breaks and escapes stand for nothing, and no place is kept for them.
  return length === bytes.length ? bytes : bytes.slice(0, length);
}

async function imageOf(raw: Buffer): Promise<string | undefined> {
  const slices: string[] = [];
  for await (const piece of pieces(raw)) {
    if (!piece) return undefined;
    slices.push(piece.toString('base64'));
  }
  return slices.join('');
}

/** What base64 stands for, in pieces of whole triples but for the last; undefined ends it: it is none. */
async function* pieces(raw: Buffer): AsyncGenerator<Buffer | undefined, void> {
  let carried = '';
  let padding = '';
  for (let from = 0; from < raw.length; ) {
    if (from > 0) await setImmediate();
    const slice = raw.subarray(from, sliceEnd(raw, from));
    from += slice.length;
    const [, letters, end = ''] = /^([A-Za-z0-9+/_-]*)(={0,2})$/.exec(unescaped(slice).replaceAll(/\s+/g, '')) ?? [];
    padding += end;
    if (letters === undefined || (letters !== '' && padding !== end) || padding.length > 2) return yield undefined;
    carried += letters;
    const whole = carried.length - (carried.length % 4);
    if (whole > 0) yield Buffer.from(carried.slice(0, whole), 'base64');
    carried = carried.slice(whole);
  }
  // One letter over a multiple of four stands for no byte.
  if (carried.length === 1) yield undefined;
  else if (carried !== '') yield Buffer.from(carried, 'base64');
}

/** Not within an escape. */
function sliceEnd(raw: Buffer, from: number): number {
  const end = from + sliceBytes;
  if (end >= raw.length) return raw.length;
  const late = raw.subarray(end - escapeBytes + 1, end).indexOf(backslash);
  return late < 0 ? end : end - escapeBytes + 1 + late;
}

/** Whatever is no text of JSON comes back with what makes it no base64 either. */
function unescaped(slice: Buffer): string {
  const text = slice.toString('latin1');
  if (!text.includes('\\')) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text;
  }
}

/** Puts what was lifted back into what was read of the message. */
export function returnLifted(event: ClientEvent, lifted: readonly Lifted[]): void {
  if (event.type !== 'conversation.item.create' && event.type !== 'response.create') return;
  for (const { place, name, value } of lifted) {
    if (place.of !== 'part') continue;
    const [input] = event.type === 'response.create' ? [event.response?.input?.[place.input ?? -1]] : [event.item];
    const part = input?.type === 'message' ? input.content[place.part] : undefined;
    if (part?.type === 'input_audio' && part.audio === name) part.audio = value;
    else if (part?.type === 'input_image' && typeof value === 'string' && part.image_url.endsWith(`,${name}`)) {
      part.image_url = part.image_url.slice(0, -name.length) + value;
    }
  }
}

/** The sound of an append, as the parsed message names it. */
export function liftedAppend(message: unknown, lifted: readonly Lifted[]): Uint8Array | undefined {
  const found = isRecord(message) && lifted.find(({ place, name }) => place.of === 'append' && name === message.audio);
  return found && typeof found.value !== 'string' ? found.value : undefined;
}

export type { Lifted };
