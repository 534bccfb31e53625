// Cuts what is to be said into clauses: at the ends of sentences, at other marks where a clause is long enough, and where one is too long.
import { pauses } from './phonemes.ts';
import type { Reading } from './pieces.ts';
import type { TracedText } from './traced.ts';

/** A word of the original text (as it stands there, between white space) and its stretch of the clause's phonemes: `from` inclusive, `to` exclusive. */
export interface SpokenWord {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

export interface Clause {
  /** The original text. Joined, the texts of all clauses of a text are that text. */
  readonly text: string;
  /** At most 400 characters, each of which has an id in the voice's alphabet: character `i` is id `i` of what `FrontEnd.ids` gives. */
  readonly phonemes: string;
  /** In speaking order, without overlaps; `"18:00"` is one word whatever is said for it. A word that is silent is not among them. */
  readonly words: readonly SpokenWord[];
  /** The silence that belongs after it. */
  readonly pauseMs: number;
}

/** The voice's net takes 510 in one go; so many are as much as it was trained with, and half a minute of sound. */
export const MOST_PHONEMES = 400;
/** A clause that ends within a sentence has at least so many, and leaves as many: a short one has no melody. */
const FEWEST_PHONEMES = 18;

const SENTENCE_MS = 350;
const HALF_STOP_MS = 200;
const COMMA_MS = 120;
/** Where a clause was cut for its length alone. */
const NO_PAUSE_MS = 0;

/** Sounds between two places where the voice may pause, with the words of the original text they belong to. */
interface Unit {
  readonly sounds: string;
  readonly first: number;
  readonly last: number;
  readonly spaced: boolean;
}

/** `readings` are those of the text as it is now, `original` is as it came. */
export function cutClauses(original: string, text: TracedText, readings: readonly Reading[]): Clause[] {
  const units = readings.flatMap(({ sounds, start, end, spaced }) => {
    const { first, last } = text.origin(start, Math.max(end, start + 1));
    return splitLong({ sounds, first, last, spaced });
  });
  const clauses: Unit[][] = [];
  let clause: Unit[] = [];
  let length = 0;
  units.forEach((unit, i) => {
    const size = unit.sounds.length + (unit.spaced ? 1 : 0);
    if (length + size > MOST_PHONEMES && clause.length > 0) {
      clauses.push(clause);
      clause = [];
      length = 0;
    }
    clause.push(unit);
    length += size;
    const next = units[i + 1];
    // A word of the original is never cut in two: "well—maybe".
    if (!next || next.first <= unit.last || !unit.spaced) return;
    const pause = pauseAfter(unit.sounds);
    const isLong = length >= FEWEST_PHONEMES && lengthFrom(units, i + 1) >= FEWEST_PHONEMES;
    if (pause === SENTENCE_MS ? startsSentence(text, next) : pause > NO_PAUSE_MS && isLong) {
      clauses.push(clause);
      clause = [];
      length = 0;
    }
  });
  if (clause.length > 0) clauses.push(clause);
  return compose(original, text, clauses);
}

/** Up to the next end of a sentence. */
function lengthFrom(units: readonly Unit[], from: number): number {
  let length = 0;
  for (let i = from; i < units.length && length < FEWEST_PHONEMES; i++) {
    const { sounds } = units[i] as Unit;
    length += sounds.length + 1;
    if (pauseAfter(sounds) === SENTENCE_MS) break;
  }
  return length;
}

function pauseAfter(sounds: string): number {
  const mark = /([;:,.!?—…])["“”()]*$/u.exec(sounds.trim())?.[1];
  if (mark === undefined) return NO_PAUSE_MS;
  if ('.!?…'.includes(mark)) return SENTENCE_MS;
  return mark === ',' ? COMMA_MS : HALF_STOP_MS;
}

/** What goes on in small letters is no new sentence. */
function startsSentence({ words }: TracedText, { first }: Unit): boolean {
  return !/^[^\p{L}\p{N}]*\p{Ll}/u.test(words[first]?.text ?? '');
}

/** One reading that is too long for a clause by itself: a long number, or data that was taken for a word. */
function splitLong(unit: Unit): Unit[] {
  if (unit.sounds.length < MOST_PHONEMES) return [unit];
  const parts: string[] = [];
  let rest = unit.sounds;
  while (rest.length >= MOST_PHONEMES) {
    const space = rest.lastIndexOf(' ', MOST_PHONEMES - 1);
    const cut = space > 0 ? space : MOST_PHONEMES - 1;
    parts.push(rest.slice(0, cut));
    rest = rest.slice(cut).trimStart();
  }
  return [...parts, rest].map((sounds, i) => ({ ...unit, sounds, spaced: i < parts.length || unit.spaced }));
}

function compose(original: string, text: TracedText, clauses: readonly Unit[][]): Clause[] {
  const spoken = clauses.filter((units) => units.some(({ sounds }) => [...sounds].some((sound) => sound !== ' ' && !pauses.has(sound))));
  return spoken.map((units, i) => {
    const from = i === 0 ? 0 : startOf(text, spoken[i] as Unit[]);
    const following = spoken[i + 1];
    const to = following ? startOf(text, following) : original.length;
    let phonemes = '';
    const stretches: { first: number; last: number; from: number; to: number }[] = [];
    for (const { sounds, first, last, spaced } of units) {
      if (/[^;:,.!?—…\s"“”()]/u.test(sounds)) stretches.push({ first, last, from: phonemes.length, to: phonemes.length + sounds.length });
      phonemes += sounds;
      if (spaced && !phonemes.endsWith(' ')) phonemes += ' ';
    }
    return {
      text: original.slice(from, to),
      phonemes: phonemes.trimEnd(),
      words: spokenWords(text, stretches, phonemes),
      pauseMs: pauseAfter(phonemes),
    };
  });
}

function startOf({ words }: TracedText, [unit]: readonly Unit[]): number {
  return words[unit?.first ?? 0]?.start ?? 0;
}

/** Stretches of one word are one; a stretch of several words is shared out among them by their lengths. */
function spokenWords(
  { words }: TracedText,
  stretches: readonly { first: number; last: number; from: number; to: number }[],
  phonemes: string,
): SpokenWord[] {
  const spoken: { word: number; from: number; to: number }[] = [];
  const add = (word: number, from: number, to: number) => {
    if (to <= from) return;
    const previous = spoken.at(-1);
    if (previous && previous.word >= word) previous.to = Math.max(previous.to, to);
    else spoken.push({ word, from, to });
  };
  for (let i = 0; i < stretches.length; ) {
    const { first, last } = stretches[i] as { first: number; last: number };
    let end = i + 1;
    while (stretches[end]?.first === first && stretches[end]?.last === last) end++;
    const from = (stretches[i] as { from: number }).from;
    const to = (stretches[end - 1] as { to: number }).to;
    if (first === last) add(first, from, to);
    else shareOut(words.slice(first, last + 1), phonemes, from, to).forEach((stretch, j) => add(first + j, stretch.from, stretch.to));
    i = end;
  }
  return spoken.map(({ word, from, to }) => ({ text: words[word]?.text ?? '', from, to }));
}

function shareOut(words: readonly { text: string }[], phonemes: string, from: number, to: number): { from: number; to: number }[] {
  // Marks by themselves are not said.
  const size = (text: string) => text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  const total = Math.max(
    1,
    words.reduce((sum, { text }) => sum + size(text), 0),
  );
  let done = 0;
  let start = from;
  return words.map(({ text }, i) => {
    done += size(text);
    const ideal = from + Math.round(((to - from) * done) / total);
    // At a space if there is one near.
    const space = phonemes.indexOf(' ', ideal);
    const end = i === words.length - 1 || done === total ? to : Math.max(start, space > 0 && space < to ? space : ideal);
    const stretch = { from: start, to: end };
    start = phonemes[end] === ' ' ? end + 1 : end;
    return stretch;
  });
}
