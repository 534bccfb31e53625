// From written English to what a neural voice is given: clauses of phonemes, each word of the original text tied to its stretch of them.
import { type Clause, cutClauses } from './clauses.ts';
import { Lexicon } from './lexicon.ts';
import { ownWords } from './names.ts';
import { Normaliser } from './normaliser.ts';
import { Reader } from './pieces.ts';
import { Pronunciations } from './pronunciations.ts';
import { Tagger } from './tags.ts';
import { Tokeniser } from './tokens.ts';
import { TracedText } from './traced.ts';
import { type LetterNet, UnknownWords } from './unknown.ts';
import { loadWordLists, type WordLists } from './word-lists.ts';

export type { Clause, SpokenWord } from './clauses.ts';
export type { LetterNet };

export interface FrontEndOptions {
  /** Without it, words that no list knows are spelled. */
  readonly net?: LetterNet | undefined;
  /** An operator's list: the text of the file that `PARLEY_PRONUNCIATIONS` names. */
  readonly pronunciations?: string | undefined;
  /** Told once for each text of which a part cannot be spoken (another script, emoji), in one line without any word of the text. */
  readonly onSkipped?: ((line: string) => void) | undefined;
}

/** So much is read in one go, which blocks whoever asks; a longer text is cut at white space. */
const MOST_CHARACTERS = 2_000;

export class FrontEnd {
  readonly #lists: WordLists;
  readonly #normaliser: Normaliser;
  readonly #tokeniser: Tokeniser;
  readonly #tagger: Tagger;
  readonly #unknown: UnknownWords;
  readonly #reader: Reader;
  readonly #pronunciations: Pronunciations;
  readonly #onSkipped: ((line: string) => void) | undefined;

  constructor(lists: WordLists, { net, pronunciations = '', onSkipped }: FrontEndOptions = {}) {
    this.#lists = lists;
    this.#normaliser = new Normaliser(lists.wordings);
    this.#tokeniser = new Tokeniser(lists.exceptions);
    this.#tagger = new Tagger(lists);
    this.#unknown = new UnknownWords(lists.letters, net);
    this.#reader = new Reader(new Lexicon(lists, ownWords), this.#unknown);
    this.#pronunciations = new Pronunciations(pronunciations, (character) => lists.alphabet.has(character));
    this.#onSkipped = onSkipped;
  }

  /** `folder` holds what `compileWordLists` wrote. Rejects when it is not there, or the list of pronunciations is none. */
  static async load(folder: string, options: FrontEndOptions = {}): Promise<FrontEnd> {
    return new FrontEnd(await loadWordLists(folder), options);
  }

  /** What the voice's net is given for the phonemes of a clause, without the pads: one id for each character. */
  ids(phonemes: string): number[] {
    return Array.from(phonemes, (character) => this.#lists.alphabet.get(character) ?? 0);
  }

  /** Nothing where there is nothing to say. Never rejects for what stands in the text; rejects when the net does. */
  async clauses(text: string): Promise<Clause[]> {
    const clauses: Clause[] = [];
    const skipped = new Set<string>();
    for (const part of cutText(text)) clauses.push(...(await this.#read(part, skipped)));
    if (skipped.size > 0) this.#onSkipped?.(`Left out of what is spoken: ${[...skipped].join(', ')}.`);
    return clauses;
  }

  async #read(original: string, skipped: Set<string>): Promise<Clause[]> {
    const text = new TracedText(original);
    const given = this.#pronunciations.apply(text);
    for (const kind of this.#normaliser.rewrite(text).skipped) skipped.add(kind);
    const tokens = this.#tokeniser.split(text.text);
    const tags = this.#tagger.tag(tokens.map((token) => token.text));
    let readings = this.#reader.read(tokens, tags, given);
    // Words that had to be learnt first may change how their neighbours sound.
    if (await this.#unknown.learn()) readings = this.#reader.read(tokens, tags, given);
    return cutClauses(
      original,
      text,
      readings.map((reading) => ({ ...reading, sounds: this.#inAlphabet(reading.sounds) })),
    );
  }

  #inAlphabet(sounds: string): string {
    let kept = '';
    for (const sound of sounds) if (this.#lists.alphabet.has(sound)) kept += sound;
    return kept.replace(/ {2,}/g, ' ').trim();
  }
}

function cutText(text: string): string[] {
  const parts: string[] = [];
  let rest = text;
  while (rest.length > MOST_CHARACTERS) {
    const head = rest.slice(0, MOST_CHARACTERS);
    const end = [/[.!?]["'”’)]*\s+(?=\S)/g, /\s+(?=\S)/g].map((pattern) => [...head.matchAll(pattern)].at(-1)).find((found) => found);
    const cut = end === undefined ? MOST_CHARACTERS : end.index + end[0].length;
    parts.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  return [...parts, rest];
}
