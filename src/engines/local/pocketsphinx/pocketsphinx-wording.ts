// Between the decoder's bare words and the text a person would write: casing, a final mark, and words out of names and prompts.
import type { Word } from '../../engine.ts';
import type { Segment } from './pocketsphinx-native.ts';

const CAPITALIZED = new Set(
  (
    'i monday tuesday wednesday thursday friday saturday sunday january february april june july august september october november ' +
    'december english french german spanish italian american british european london paris berlin boston chicago california ' +
    'america england germany france spain italy europe christmas mr mrs ms'
  ).split(' '),
);

const LEAD_INS = new Set('and but so well ok okay um uh oh hey hello hi yes yeah no now then please sorry thanks'.split(' '));
const ALWAYS_ASKS = new Set("how which who whose whom why what's where's who's how's when's why's".split(' '));
const AUXILIARIES = new Set(
  (
    "is are am was were do does did can could will would shall should may might have has had must isn't aren't wasn't weren't don't " +
    "doesn't didn't can't couldn't won't wouldn't shouldn't haven't hasn't hadn't"
  ).split(' '),
);
/** These begin a command just as well (`have a look`, `do the dishes`): only a pronoun after them makes a question. */
const NEEDS_PRONOUN = new Set("do have had may might must don't".split(' '));
const PRONOUNS = new Set('i you he she it we they'.split(' '));
const SUBJECTS = new Set(
  'this that these those there the a an my your his her its our their any anyone anybody anything someone everyone everything all'.split(
    ' ',
  ),
);

const LONGEST_WORD = 40;

/** The decoder's segments as words: silence and noises left out, variants (`read(2)`) folded, letters cased. */
export function wordsOf(segments: readonly Segment[]): Word[] {
  const words: Word[] = [];
  for (const { word, startMs, endMs, logprob } of segments) {
    if (/^[<[+]/.test(word)) continue;
    const plain = word.replace(/\(\d+\)$/, '');
    words.push({ text: cased(plain, words.length === 0), startMs, endMs, ...(logprob === undefined ? {} : { logprob }) });
  }
  return words;
}

export function partialText(words: readonly Word[]): string {
  return words.map((word) => word.text).join(' ');
}

/** Like the partial text, with a question mark or a full stop at its end; empty when nothing was said. */
export function finalText(words: readonly Word[]): string {
  if (words.length === 0) return '';
  return partialText(words) + (asks(words.map((word) => word.text.toLowerCase())) ? '?' : '.');
}

/** Single lower-case words out of names and free text: `bookTable_v2` gives book, table, v. At most `limit`, each once, sorted. */
export function vocabularyOf(texts: readonly string[], limit: number): string[] {
  const words = new Set<string>();
  for (const text of texts) {
    const parted = text.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2').replaceAll(/([A-Z])([A-Z][a-z])/g, '$1 $2');
    for (const [word] of parted.toLowerCase().matchAll(/[a-z]+(?:'[a-z]+)?/g)) {
      if (words.size >= limit) break;
      if (word.length > 1 && word.length <= LONGEST_WORD) words.add(word);
    }
  }
  return [...words].sort();
}

function cased(word: string, first: boolean): string {
  return first || CAPITALIZED.has(word) || word.startsWith("i'") ? word.charAt(0).toUpperCase() + word.slice(1) : word;
}

function asks(words: readonly string[]): boolean {
  const begin = words.findIndex((word) => !LEAD_INS.has(word));
  const first = words[begin];
  const second = words[begin + 1];
  if (first === undefined) return false;
  if (ALWAYS_ASKS.has(first)) return true;
  if (first === 'what') return second !== 'a' && second !== 'an';
  // `when I was young` tells, `when is it` asks.
  if (first === 'when' || first === 'where') return second === undefined || AUXILIARIES.has(second);
  if (!AUXILIARIES.has(first) || second === undefined) return false;
  return PRONOUNS.has(second) || (SUBJECTS.has(second) && !NEEDS_PRONOUN.has(first));
}
