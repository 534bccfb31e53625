// Reading what providers send: numbers that are strings, formats by a dozen names, and nothing that is larger than it should be.
import { type AudioFormat, pcmRates, type PcmRate } from '../../../protocol/audio-format.ts';
import { isRecord } from '../../../protocol/json.ts';
import type { StreamMessage } from '../dialect.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Parameters of a call, and characters of each. Twilio passes on 500 of name and value together. */
const mostParameters = 64;
const mostParameterCharacters = 2000;

export const other: StreamMessage = { kind: 'other' };

export function fault(reason: string): StreamMessage {
  return { kind: 'fault', reason };
}

/** The object that a text is; undefined when it is none. */
export function objectIn(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function objectOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

/** Numbers are written as they are; anything else is empty. */
export function textOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value.slice(0, mostParameterCharacters) : '';
}

/** Providers write numbers as strings, too. */
export function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** What base64 stands for; empty when it is none. */
export function soundOf(value: unknown): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value, 'base64') : new Uint8Array(0);
}

export function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** A key of a telephone; undefined when it is none. */
export function digitOf(value: unknown): string | undefined {
  const digit = textOf(value).trim().toUpperCase();
  return /^[0-9*#A-D]$/.test(digit) ? digit : undefined;
}

export function digitMessage(value: unknown): StreamMessage {
  const digit = digitOf(value);
  return digit === undefined ? fault('a key that no telephone has') : { kind: 'digit', digit };
}

/** Fields whose values are text, as parameters. */
export function parametersOf(value: unknown): Record<string, string> {
  const entries = Object.entries(objectOf(value)).filter(([, each]) => ['string', 'number', 'boolean'].includes(typeof each));
  return Object.fromEntries(
    entries.slice(0, mostParameters).map(([name, each]) => [name.slice(0, 200), String(each).slice(0, mostParameterCharacters)]),
  );
}

/** An encoding by any of its names, with its rate; undefined when it is none that a session can hear. */
export function formatOf(encoding: string, rateHz: number | undefined): AudioFormat | undefined {
  const name = encoding
    .trim()
    .toLowerCase()
    .replace(/^audio\//, '')
    .replace(/^x-/, '');
  if (/^(pcmu|mulaw|mu-law|ulaw|g711_ulaw)$/.test(name))
    return rateHz === undefined || rateHz === 8000 ? { type: 'audio/pcmu' } : undefined;
  if (/^(pcma|alaw|a-law|g711_alaw)$/.test(name)) return rateHz === undefined || rateHz === 8000 ? { type: 'audio/pcma' } : undefined;
  if (!/^(l16|pcm|pcm16|linear16|slin|raw)$/.test(name)) return undefined;
  const rate = pcmRates.find((each) => each === (rateHz ?? 8000));
  return rate && pcm(rate);
}

export function pcm(rate: PcmRate): AudioFormat {
  return { type: 'audio/pcm', rate };
}

/** `audio/l16;rate=16000`. */
export function formatOfContentType(contentType: string): AudioFormat | undefined {
  const [encoding = '', ...attributes] = contentType.split(';');
  const rate = attributes.map((each) => /^\s*rate\s*=\s*"?(\d+)"?\s*$/.exec(each)?.[1]).find((each) => each !== undefined);
  return formatOf(encoding, numberOf(rate));
}

export function unusable(encoding: string, rateHz: unknown): StreamMessage {
  const rate = textOf(rateHz);
  return {
    kind: 'unusable',
    reason: `its sound is ${encoding.slice(0, 40) || 'of no named encoding'}${rate && ` at ${rate.slice(0, 10)} Hz`}`,
  };
}
