// What a service's voices are made from, and what their files have in common beyond that.
import type { Clock } from '../../../lib/clock.ts';
import type { Log } from '../../../lib/log.ts';
import type { EngineInfo, Tts, Voice, Word } from '../../engine.ts';
import type { FarSide } from '../openai-failure.ts';
import type { Addressed } from './contexts.ts';

export interface VoiceAccess {
  /** The prefix of its ids. */
  readonly id: string;
  readonly name: string;
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  /** Of a server of the operator's own it may change. */
  readonly defaultModel: string;
  /** Longest wait for the first sound of a speech. */
  readonly firstSoundMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Voices that are ready to speak, and loading their list. */
export type CreateVoices = (access: VoiceAccess) => Tts;

export function sideOf({ id, name, apiKey }: VoiceAccess): FarSide {
  return { id, name, secrets: apiKey === undefined ? [] : [apiKey] };
}

export function infoOf({ id, name }: VoiceAccess, languages: readonly string[]): EngineInfo {
  return { id, kind: 'tts', name, licence: 'LicenseRef-provider', languages };
}

/** A JSON object with unknown fields; undefined for anything else. */
export function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A message that is a JSON object, for the context that one of these fields names. */
export function addressedJson(data: string | Uint8Array, contextOf: (message: Record<string, unknown>) => unknown): Addressed | undefined {
  if (typeof data !== 'string') return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(data);
  } catch {
    return undefined;
  }
  const message = objectOf(parsed);
  return message && { context: textOf(contextOf(message)), message };
}

/** Lists of words and of their times in seconds, as several services send them. */
export function timedWords(words: unknown, starts: unknown, ends: unknown): Word[] {
  const [from, to] = [listOf(starts), listOf(ends)];
  return listOf(words).flatMap((text, i) => {
    const [startMs, endMs] = [Number(from[i]) * 1000, Number(to[i]) * 1000];
    return typeof text === 'string' && startMs >= 0 && endMs >= startMs ? [{ text, startMs, endMs }] : [];
  });
}

/** Voices out of a service's list, those left out that are none. */
export function voicesOf(list: unknown, read: (fields: Record<string, unknown>) => Voice | undefined): Voice[] {
  return listOf(list).flatMap((entry) => {
    const fields = objectOf(entry);
    return (fields && read(fields)) ?? [];
  });
}
