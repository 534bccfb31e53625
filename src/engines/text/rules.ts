// What rules that rewrite a text are made of.
import type { Rewrite } from './traced.ts';

export interface Rule {
  /** With the flag g. */
  readonly pattern: RegExp;
  readonly rewrite: Rewrite | string;
}

/** In a text, a word with given sounds is one private character; this one is the letter, which by itself would be the article. */
export const LETTER_A = '\u{E000}';

/** A pattern of any of these words. */
export function alternatives(words: readonly string[]): string {
  // The longest first.
  return [...words]
    .sort((a, b) => b.length - a.length)
    .map((word) => word.replace(/[$()*+.?[\\\]^{|}/-]/g, '\\$&').replace(/\\([/-])/g, '$1'))
    .join('|');
}
