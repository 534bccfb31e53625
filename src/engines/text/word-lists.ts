// The compiled word lists: what is known about words, numbers' units, abbreviations, tags and letters.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackSections, WordTable } from './word-table.ts';

export const LISTS_FILE = 'words.bin';

/** What the normaliser knows. */
export interface Wordings {
  /** `jan` → `January`. */
  readonly months: Readonly<Record<string, string>>;
  /** Read out before a name only: `St` → `Saint`. */
  readonly titles: Readonly<Record<string, string>>;
  readonly abbreviations: Readonly<Record<string, string>>;
  /** `km` → one and many. */
  readonly units: Readonly<Record<string, readonly [one: string, many: string]>>;
  readonly symbols: Readonly<Record<string, string>>;
  readonly currency: Readonly<Record<string, readonly [one: string, many: string]>>;
  /** Before these words, Roman numerals count (`Chapter IV`); before those, they rank (`Henry VIII`). */
  readonly roman_cardinal: readonly string[];
  readonly roman_ordinal: readonly string[];
}

/** What the net for unknown words knows. */
export interface Letters {
  /** Id 1 is the first. */
  readonly in: readonly string[];
  readonly out: readonly string[];
  readonly maxlen: number;
}

/** A pronunciation, or one for each of several tags; null: spelled. */
export type Entry = string | ReadonlyMap<string, string | null>;

export interface WordLists {
  readonly gold: Dictionary;
  readonly silver: Dictionary;
  /** The tag of a word that practically always has it. */
  readonly tagOf: (word: string) => string | undefined;
  /** The words that the tagger knows by themselves, in lower case. */
  readonly tagWords: WordTable;
  /** For each feature pairs of a tag's number and its weight, a signed number of 16 bits in tenths. */
  readonly tagWeights: WordTable;
  /** In alphabetical order. */
  readonly tags: readonly string[];
  /** Chunks of text that are split in their own way: `don't` → `do`, `n't`. */
  readonly exceptions: ReadonlyMap<string, readonly string[]>;
  readonly wordings: Wordings;
  readonly letters: Letters;
  /** Id of each character of the voice's alphabet. */
  readonly alphabet: ReadonlyMap<string, number>;
}

/** A dictionary answers to `Word` for `word` and the other way round, unless both are in it. */
export class Dictionary {
  readonly #table: WordTable;
  readonly #symbols: readonly string[];
  readonly #tags: readonly string[];

  constructor(table: WordTable, symbols: readonly string[], tags: readonly string[]) {
    this.#table = table;
    this.#symbols = symbols;
    this.#tags = tags;
  }

  get(word: string): Entry | undefined {
    const bytes = this.#table.get(word) ?? this.#otherCase(word);
    if (!bytes) return undefined;
    const count = bytes[0] ?? 0;
    if (count === 0) return this.#read(bytes.subarray(1));
    const entry = new Map<string, string | null>();
    for (let i = 0, at = 1; i < count; i++) {
      const [tag, length] = [this.#tags[bytes[at] as number] as string, bytes[at + 1] as number];
      entry.set(tag, length === SPELLED ? null : this.#read(bytes.subarray(at + 2, at + 2 + length)));
      at += 2 + (length === SPELLED ? 0 : length);
    }
    return entry;
  }

  has(word: string): boolean {
    return (this.#table.get(word) ?? this.#otherCase(word)) !== undefined;
  }

  #otherCase(word: string): Uint8Array | undefined {
    if (word.length < 2) return undefined;
    const small = word.toLowerCase();
    const capital = capitalise(small);
    if (word === small) return capital === small ? undefined : this.#table.get(capital);
    return word === capital ? this.#table.get(small) : undefined;
  }

  #read(bytes: Uint8Array): string {
    let sounds = '';
    for (const byte of bytes) sounds += this.#symbols[byte] as string;
    return sounds;
  }
}

/** In place of a length: the word is spelled. */
export const SPELLED = 255;

export function capitalise(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();
}

/** What `words.bin` has beside its tables. */
export interface ListsHeader {
  readonly symbols: readonly string[];
  readonly entryTags: readonly string[];
  readonly tags: readonly string[];
  readonly exceptions: Readonly<Record<string, readonly string[]>>;
  readonly wordings: Wordings;
  readonly letters: Letters;
  readonly alphabet: Readonly<Record<string, number>>;
}

/** Rejects when the file is not there or not whole. */
export async function loadWordLists(folder: string): Promise<WordLists> {
  const section = unpackSections(await readFile(join(folder, LISTS_FILE)));
  const header = JSON.parse(new TextDecoder().decode(section('header'))) as ListsHeader;
  const dictionary = (name: string) => new Dictionary(new WordTable(section(name)), header.symbols, header.entryTags);
  const tagOf = new WordTable(section('tag-of'));
  return {
    gold: dictionary('gold'),
    silver: dictionary('silver'),
    tagOf: (word) => {
      const [tag] = tagOf.get(word) ?? [];
      return tag === undefined ? undefined : header.tags[tag];
    },
    tagWords: new WordTable(section('tag-words')),
    tagWeights: new WordTable(section('tag-weights')),
    tags: header.tags,
    exceptions: new Map(Object.entries(header.exceptions)),
    wordings: header.wordings,
    letters: header.letters,
    alphabet: new Map(Object.entries(header.alphabet)),
  };
}
