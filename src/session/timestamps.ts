// timestamp_info of response.output_audio.delta (protocol 7.6): when the words that begin in a stretch of sound are said.
import type { TimestampInfo } from '../protocol/server-events.ts';
import type { SpokenWord } from './facts.ts';

/** What a client wants to be told: when each word or letter is said, and where: with the sound, or right after it. */
export interface Timestamps {
  of: 'word' | 'character';
  transport: 'sync' | 'async';
}

const seconds = (ms: number) => Math.round(ms) / 1000;

/** Undefined where no word begins. `before` is the word spoken last, if there was one. */
export function timestampInfo(
  of: Timestamps['of'],
  words: readonly SpokenWord[] | undefined,
  before: SpokenWord | undefined,
): TimestampInfo | undefined {
  if (!words || words.length === 0) return undefined;
  if (of === 'character') return { character_alignment: characters(words, before) };
  return {
    word_alignment: {
      words: words.map(({ text }) => text),
      word_start_time_seconds: words.map(({ startMs }) => seconds(startMs)),
      word_end_time_seconds: words.map(({ endMs }) => seconds(endMs)),
    },
  };
}

/** Voices time their words; a word's letters share its time evenly. The space between two words lasts from one to the other. */
function characters(words: readonly SpokenWord[], before: SpokenWord | undefined) {
  const timed: SpokenWord[] = [];
  let last = before;
  for (const word of words) {
    if (last) timed.push({ text: ' ', startMs: Math.min(last.endMs, word.startMs), endMs: word.startMs });
    const letters = [...word.text];
    const eachMs = (word.endMs - word.startMs) / letters.length;
    letters.forEach((text, index) => {
      timed.push({ text, startMs: word.startMs + index * eachMs, endMs: word.startMs + (index + 1) * eachMs });
    });
    last = word;
  }
  return {
    characters: timed.map(({ text }) => text),
    character_start_time_seconds: timed.map(({ startMs }) => seconds(startMs)),
    character_end_time_seconds: timed.map(({ endMs }) => seconds(endMs)),
  };
}
