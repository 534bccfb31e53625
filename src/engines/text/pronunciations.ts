// Words whose sounds are given: inline as [word](/sounds/), or by an operator's list of respellings and sounds.
import { withS } from './phonemes.ts';
import { alternatives, LETTER_A } from './rules.ts';
import type { TracedText } from './traced.ts';

const FIRST_PRIVATE = 0xe001;
const LAST_PRIVATE = 0xf8ff;
const anyPrivate = /[\u{E000}-\u{F8FF}]/gu;
const inline = /\[([^\]\n]{1,100})\]\(\/([^)\n]{1,200})\/\)/gu;

interface Listed {
  readonly word: string;
  /** Sounds when `/…/`, otherwise a respelling. */
  readonly said: string;
}

export class Pronunciations {
  readonly #said = new Map<string, string>();
  readonly #pattern: RegExp | undefined;
  readonly #isSound: (character: string) => boolean;

  /**
   * `list`: a JSON object of words and what is said for each, or lines of them: `Parley = par lay`, `Xochitl = /sˈOʧil/`, `# a comment`.
   * Words written in capitals only are meant in capitals only. Throws when JSON is not such an object. `isSound`: of the voice's alphabet.
   */
  constructor(list: string, isSound: (character: string) => boolean) {
    this.#isSound = isSound;
    const words = parse(list);
    for (const { word, said } of words) this.#said.set(isCapitals(word) ? word : word.toLowerCase(), said);
    if (words.length === 0) return;
    const any = alternatives(words.map(({ word }) => word));
    this.#pattern = new RegExp(`(?<![\\p{L}\\p{N}_])(${any})(['’]s)?(?![\\p{L}\\p{N}_])`, 'giu');
  }

  /** Replaces what has given sounds; the sounds by character. */
  apply(text: TracedText): Map<string, string> {
    const given = new Map([[LETTER_A, 'ˈA']]);
    // Whatever private characters a text comes with mean nothing here.
    text.replace(anyPrivate, ' ');
    const place = (sounds: string): string | undefined => {
      const character = FIRST_PRIVATE + given.size - 1;
      if (character > LAST_PRIVATE) return undefined;
      given.set(String.fromCodePoint(character), sounds);
      return String.fromCodePoint(character);
    };
    text.replace(inline, ([, word = '', sounds = '']) => {
      const kept = this.#clean(sounds);
      return kept === '' ? word : place(kept);
    });
    if (this.#pattern) {
      text.replace(this.#pattern, ([, word = '', ending]) => {
        const said = this.#said.get(word) ?? this.#said.get(word.toLowerCase());
        if (said === undefined) return undefined;
        const sounds = /^\/(.+)\/$/u.exec(said)?.[1];
        if (sounds === undefined) return `${said}${ending ?? ''}`;
        const kept = this.#clean(sounds);
        return kept === '' ? undefined : place(ending === undefined ? kept : withS(kept));
      });
    }
    return given;
  }

  #clean(sounds: string): string {
    return [...sounds].filter(this.#isSound).join('').trim();
  }
}

function isCapitals(word: string): boolean {
  return word.length > 1 && word === word.toUpperCase() && word !== word.toLowerCase();
}

function parse(list: string): Listed[] {
  const text = list.trim();
  const pairs: [string, unknown][] = text.startsWith('{')
    ? Object.entries(JSON.parse(text) as Record<string, unknown>)
    : text.split('\n').flatMap((line): [string, unknown][] => {
        const [, word = '', said = ''] = /^\s*([^#=\t][^=\t]*?)\s*[=\t]\s*(.+?)\s*$/u.exec(line) ?? [];
        return word === '' ? [] : [[word, said]];
      });
  return pairs.map(([word, said]) => {
    if (typeof said !== 'string' || said.trim() === '') throw new Error(`The list of pronunciations does not say how '${word}' is said.`);
    return { word: word.trim(), said: said.trim() };
  });
}
