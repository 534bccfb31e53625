// Words that no list knows: read by a net, letter by letter, whose answers are kept.
import { withoutAccents } from './lexicon.ts';
import type { Letters } from './word-lists.ts';

/** Ids of letters in, one id of a sound (0 for none) for each of its slots out. */
export type LetterNet = (letters: readonly number[]) => Promise<ArrayLike<number | bigint>>;

const MOST_KEPT = 5_000;

export class UnknownWords {
  readonly #letters: ReadonlyMap<string, number>;
  readonly #sounds: readonly string[];
  readonly #mostLetters: number;
  readonly #net: LetterNet | undefined;
  /** The least recently asked first. */
  readonly #kept = new Map<string, string>();
  #missing = new Set<string>();

  constructor(letters: Letters, net: LetterNet | undefined) {
    this.#letters = new Map(letters.in.map((letter, i) => [letter, i + 1]));
    this.#sounds = ['', ...letters.out];
    this.#mostLetters = letters.maxlen;
    this.#net = net;
  }

  get hasNet(): boolean {
    return this.#net !== undefined;
  }

  /** The sounds of a word that was learnt; otherwise undefined, and the word is noted for `learn`. */
  read(word: string): string | undefined {
    const sounds = this.#kept.get(word);
    if (sounds === undefined) {
      this.#missing.add(word);
      return undefined;
    }
    this.#kept.delete(word);
    this.#kept.set(word, sounds);
    return sounds;
  }

  /** Learns all words that were asked for in vain; false when there were none, or nothing can be learnt. Rejects when the net does. */
  async learn(): Promise<boolean> {
    const words = this.#missing;
    this.#missing = new Set();
    if (!this.#net || words.size === 0) return false;
    for (const word of words) {
      const ids = this.encode(word);
      this.#kept.set(word, ids.length === 0 ? '' : this.decode(await this.#net(ids)));
    }
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST_KEPT) break;
      this.#kept.delete(oldest);
    }
    return true;
  }

  /** Letters that the net has never seen are read without their accents, or left out. */
  encode(word: string): number[] {
    const ids = Array.from(word).flatMap((letter) => this.#letters.get(letter) ?? this.#letters.get(withoutAccents(letter)) ?? []);
    return ids.slice(0, this.#mostLetters);
  }

  /** A sound said in several slots in a row is one, and none is none. */
  decode(slots: ArrayLike<number | bigint>): string {
    let sounds = '';
    let previous = 0;
    for (const slot of Array.from(slots, Number)) {
      if (slot !== previous) sounds += this.#sounds[slot] ?? '';
      previous = slot;
    }
    return sounds;
  }
}
