// When each word was said: lays the letters of the words along the phones that flite reports, which it does not tie to words.
import type { Word } from '../../engine.ts';
import type { SaidToken } from './flite-text.ts';
import type { Phone } from './flite-job.ts';

/** The phones a letter is usually heard as. */
const sounds: Readonly<Record<string, string>> = {
  a: 'ae ey ax aa ao ah eh aw',
  b: 'b',
  c: 'k s ch sh',
  d: 'd t jh',
  e: 'eh iy ax ih er ey',
  f: 'f v',
  g: 'g jh ng zh',
  h: 'hh ch sh th dh f',
  i: 'ih ay iy ax ey',
  j: 'jh y',
  k: 'k',
  l: 'l',
  m: 'm',
  n: 'n ng',
  o: 'ow aa ao ah uw uh ax aw oy',
  p: 'p f',
  q: 'k',
  r: 'r er',
  s: 's z sh zh',
  t: 't th dh ch sh',
  u: 'ah uw uh ax y w er',
  v: 'v f',
  w: 'w aw ow v',
  x: 'k z g',
  y: 'y iy ay ih',
  z: 'z s zh',
};
const vowels = /^[aeiou]/;

const WRONG_SOUND = 1.2;
const WRONG_KIND = 3;
const SILENT_LETTER = 0.45;
const EXTRA_SOUND = 0.7;
const PAUSE_INSIDE = 5;

type Step = 'match' | 'silent' | 'extra';

/** One word for each token, timed from the start of the sound the phones belong to, which is `durationMs` long. */
export function alignWords(tokens: readonly SaidToken[], phones: readonly Phone[], durationMs: number): Word[] {
  const letters = tokens.flatMap(({ say }, token) =>
    (say.toLowerCase().match(/[a-z']+/g) ?? []).flatMap((word) =>
      word
        .replaceAll("'", '')
        .split('')
        .map((letter, place, all) => ({
          letter,
          token,
          first: place === 0,
          doubled: all[place - 1] === letter,
        })),
    ),
  );
  const columns = phones.length + 1;
  const cost = new Float64Array((letters.length + 1) * columns).fill(Number.POSITIVE_INFINITY);
  const steps: Step[] = [];
  cost[0] = 0;
  // Cheapest way to have said the first i letters with the first j phones.
  for (let i = 0; i <= letters.length; i++) {
    for (let j = 0; j < columns; j++) {
      const here = i * columns + j;
      const letter = letters[i - 1];
      const phone = phones[j - 1];
      const reach = (from: number, price: number, step: Step) => {
        const total = (cost[from] as number) + price;
        if (total < (cost[here] as number)) {
          cost[here] = total;
          steps[here] = step;
        }
      };
      if (letter && phone) reach(here - columns - 1, soundCost(letter.letter, phone.name), 'match');
      if (letter) reach(here - columns, letter.letter === 'e' || letter.letter === 'h' || letter.doubled ? 0.25 : SILENT_LETTER, 'silent');
      if (phone) {
        const between = i === letters.length || (letters[i] as { first: boolean }).first;
        reach(here - 1, phone.name === 'pau' ? (between ? 0 : PAUSE_INSIDE) : EXTRA_SOUND, 'extra');
      }
    }
  }
  const spans = tokens.map(() => ({ startMs: Number.POSITIVE_INFINITY, endMs: 0 }));
  for (let i = letters.length, j = phones.length; i > 0 || j > 0; ) {
    const step = steps[i * columns + j] as Step;
    // A sound beyond the letters belongs to the letter before it.
    const span = spans[letters[step === 'extra' ? Math.max(0, i - 1) : i - 1]?.token ?? 0];
    const phone = phones[j - 1];
    if (span && phone && step !== 'silent' && phone.name !== 'pau') {
      span.startMs = Math.min(span.startMs, phones[j - 2]?.endMs ?? 0);
      span.endMs = Math.max(span.endMs, phone.endMs);
    }
    if (step !== 'extra') i--;
    if (step !== 'silent') j--;
  }
  let reachedMs = 0;
  return tokens.map(({ text }, token) => {
    const span = spans[token] as { startMs: number; endMs: number };
    // A word swallowed whole stands where the one before it ended, and begins within the sound at the latest in its last millisecond.
    const startMs = Math.min(Math.max(0, durationMs - 1), Math.max(reachedMs, Number.isFinite(span.startMs) ? span.startMs : reachedMs));
    const endMs = Math.min(durationMs, Math.max(startMs, span.endMs));
    reachedMs = endMs;
    return { text, startMs: Math.floor(startMs), endMs: Math.floor(endMs) };
  });
}

function soundCost(letter: string, phone: string): number {
  if (phone === 'pau') return Number.POSITIVE_INFINITY;
  if (sounds[letter]?.split(' ').includes(phone)) return 0;
  return vowels.test(letter) === vowels.test(phone) ? WRONG_SOUND : WRONG_KIND;
}
