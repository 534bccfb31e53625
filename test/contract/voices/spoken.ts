// What a voice says of some clauses, for tests of what is particular to a service.
import type { Speech, Tts, TtsOptions, Word } from '../../../src/engines/engine.ts';
import { clauses } from '../tts.ts';

export interface Spoken {
  readonly ms: number;
  readonly words: readonly Word[];
}

/** Says them with the first of its voices unless told otherwise. */
export function speak(
  tts: Tts,
  texts: AsyncIterable<string>,
  options: Partial<TtsOptions> = {},
  signal?: AbortSignal,
): AsyncIterable<Speech> {
  return tts.speak(texts, { model: '', voice: tts.voices()[0]?.id ?? '', speed: 1, ...options }, signal ?? new AbortController().signal);
}

export async function spoken(tts: Tts, texts: readonly string[], options?: Partial<TtsOptions>): Promise<Spoken> {
  return heard(speak(tts, clauses(...texts), options));
}

export async function heard(speech: AsyncIterable<Speech>): Promise<Spoken> {
  const words: Word[] = [];
  let ms = 0;
  for await (const { pcm, words: some = [] } of speech) {
    words.push(...some);
    ms += (pcm.samples.length * 1000) / pcm.rateHz;
  }
  return { ms, words };
}
