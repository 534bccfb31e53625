// Numbers as people say them, in both directions: `one hundred and five` → 105, 105 → `one hundred five`.
import { cardinal } from '../text/number-words.ts';

const scales = new Map(Object.entries({ thousand: 1e3, million: 1e6, billion: 1e9 }));
const small = new Map([...Array(100).keys()].map((value) => [numberInWords(value), value]));

interface ReadNumber {
  readonly value: number;
  /** How many words it took. */
  readonly length: number;
}

/** The number that begins at `words[at]` (lower case), as long as it can be read. `a hundred` counts, `a` alone does not. */
export function readNumber(words: readonly string[], at: number): ReadNumber | undefined {
  const [word = '', next = ''] = words.slice(at, at + 2);
  if (word === 'minus' || word === 'negative') {
    const positive = readNumber(words, at + 1);
    return positive && { value: -positive.value, length: positive.length + 1 };
  }
  if (!/^\d+(?:\.\d+)?$/.test(word)) return readWords(words, at);
  const scale = next === 'hundred' ? 100 : scales.get(next);
  return scale ? { value: Number(word) * scale, length: 2 } : { value: Number(word), length: 1 };
}

function readWords(words: readonly string[], start: number): ReadNumber | undefined {
  let total = 0;
  let group = 0;
  let last: 'none' | 'digit' | 'unit' | 'ten' | 'hundred' | 'scale' = 'none';
  let at = start;
  for (; at < words.length; at++) {
    const [word = '', next = ''] = words.slice(at, at + 2);
    const scale = scales.get(word);
    const value = at === start && word === 'a' && (next === 'hundred' || scales.has(next)) ? 1 : small.get(word);
    // `one hundred and five`, but not `five and six`.
    if (word === 'and' && (last === 'hundred' || last === 'scale') && small.has(next)) continue;
    if (word === 'hundred' && (last === 'digit' || last === 'unit') && group > 0) {
      group *= 100;
      last = 'hundred';
    } else if (scale && last !== 'none' && last !== 'scale') {
      total += group * scale;
      group = 0;
      last = 'scale';
    } else if (value === undefined || last === 'unit' || (last === 'ten' && (value < 1 || value > 9))) break;
    else if (last === 'digit' && (value > 9 || group > 1e14)) break;
    else {
      // As a code is read out: `one two three`.
      group = last === 'digit' ? group * 10 + value : group + value;
      last = value < 10 && (last === 'none' || last === 'digit') ? 'digit' : value >= 20 && value % 10 === 0 ? 'ten' : 'unit';
    }
  }
  if (last === 'none') return undefined;
  let value = total + group;
  if (words[at] === 'point' && small.has(words[at + 1] ?? '')) {
    let fraction = '';
    for (at++; (small.get(words[at] ?? '') ?? 10) < 10; at++) fraction += small.get(words[at] as string);
    value += Number(`0.${fraction || '0'}`);
  }
  return { value, length: at - start };
}

/** Every number in the words, from left to right. */
export function findNumbers(words: readonly string[]): (ReadNumber & { readonly at: number })[] {
  const found: (ReadNumber & { readonly at: number })[] = [];
  for (let at = 0; at < words.length; at++) {
    const number = readNumber(words, at);
    if (!number) continue;
    found.push({ ...number, at });
    at += number.length - 1;
  }
  return found;
}

/** Whole numbers: -105 → `minus one hundred five`. */
export function numberInWords(value: number): string {
  return `${value < 0 ? 'minus ' : ''}${cardinal(String(Math.abs(value)))}`;
}
