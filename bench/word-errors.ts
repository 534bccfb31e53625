// Word errors: how many words must be changed, put in or taken out to make what was heard out of what was said.
import { cardinal, decimal, eachDigit, year } from '../src/engines/text/number-words.ts';

export interface WordErrors {
  /** That were said. */
  readonly words: number;
  readonly errors: number;
}

/** Of texts that can be read in several ways: of the two readings that are closest to each other. */
export function leastWordErrors(said: readonly string[], heard: readonly string[]): WordErrors {
  const all = said.flatMap((one) => heard.map((other) => wordErrors(one, other)));
  return all.reduce((least, counted) => (counted.errors < least.errors ? counted : least));
}

export function wordErrors(said: string, heard: string): WordErrors {
  const from = wordsOf(said);
  const to = wordsOf(heard);
  let row = to.map((_, index) => index + 1);
  row.unshift(0);
  for (const [index, word] of from.entries()) {
    const next = [index + 1];
    for (const [column, other] of to.entries()) {
      const change = (row[column] ?? 0) + (word === other ? 0 : 1);
      next.push(Math.min(change, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return { words: from.length, errors: row.at(-1) ?? 0 };
}

function wordsOf(text: string): string[] {
  return (
    text
      .toLowerCase()
      .replaceAll(/[-–—]/g, ' ')
      // The same word, written by some and spelled out by others.
      .replaceAll(/\bmr\b/g, 'mister')
      .replaceAll(/\bmrs\b/g, 'missus')
      .replaceAll(/\bdr\b/g, 'doctor')
      .replaceAll(/[^\p{L}\p{N}\s]/gu, '')
      .split(/\s+/)
      .filter((word) => word !== '')
  );
}

/** With numbers in words: whether somebody writes `$25` or `twenty five dollars` cannot be heard. */
export function numbersSpoken(text: string): string {
  return text
    .replaceAll(/\$(\d[\d,]*(?:\.\d+)?) (thousand|million|billion)/g, '$1 $2 dollars')
    .replaceAll(/\$(\d[\d,]*)\.(\d\d)(?!\d)/g, '$1 dollars and $2 cents')
    .replaceAll(/\$(\d(?:[\d,]*\d)?)/g, '$1 dollars')
    .replaceAll('%', ' percent')
    .replaceAll(/(\p{L})(?=\d)/gu, '$1 ')
    .replaceAll(/\d+(?:,\d{3})*(?:\.\d+)?/g, (number) => numberSpoken(number));
}

/** With numbers two digits at a time, as times, years and codes are said: `9.15` and `915` are `nine fifteen`, `8305` is `eighty-three oh five`. */
export function numbersInPairs(text: string): string {
  return text.replaceAll(/(\p{L}?)(\d{1,2}(?:[.:-]?\d\d)+)(?![\d,])/gu, (_all, letter: string, number: string) => {
    const digits = number.replaceAll(/\D/g, '');
    const pairs = (digits.length % 2 === 0 ? digits : ` ${digits}`).match(/../g) ?? [];
    return [letter, ...pairs.map((pair) => (pair[0] === '0' ? `oh ${cardinal(pair)}` : cardinal(pair.trim())))].join(' ').trim();
  });
}

/** With every digit said by itself. */
export function numbersByDigit(text: string): string {
  return text.replaceAll(/(\p{L}?)(\d+)/gu, (_all, letter: string, digits: string) => `${letter} ${eachDigit(digits)}`.trim());
}

function numberSpoken(number: string): string {
  const digits = number.replaceAll(',', '');
  if (digits.includes('.')) return decimal(digits);
  if (/^0\d/.test(digits) || (digits.length > 4 && digits === number)) return eachDigit(digits);
  return /^(?:1[1-9]|20)\d\d$/.test(number) ? year(digits) : cardinal(digits);
}
