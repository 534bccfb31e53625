// From written English to what a neural voice is given: clauses of phonemes, each word of the original text tied to its stretch of them.
import { cutClauses } from './clauses.ts';
import { Lexicon } from './lexicon.ts';
import { ownWords } from './names.ts';
import { Normaliser } from './normaliser.ts';
import { type Reading, Reader } from './pieces.ts';
import { Pronunciations } from './pronunciations.ts';
import { Tagger } from './tags.ts';
import { Tokeniser } from './tokens.ts';
import { TracedText } from './traced.ts';
import { type LetterNet, UnknownWords } from './unknown.ts';
import { loadWordLists, type WordLists } from './word-lists.ts';

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

export interface FrontEndOptions {
  /** Without it, words that no list knows are spelled. */
  readonly net?: LetterNet | undefined;
  /** An operator's list: the text of the file that `PARLEY_PRONUNCIATIONS` names. */
  readonly pronunciations?: string | undefined;
  /** Told once for each text of which a part cannot be spoken (another script, emoji), in one line without any word of the text. */
  readonly onSkipped?: ((line: string) => void) | undefined;
}

/** More of a text than this in one go is cut: a clause is no book, and what is read here blocks whoever asks. */
const MOST_CHARACTERS = 20_000;

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
    const original = text.slice(0, MOST_CHARACTERS);
    const traced = new TracedText(original);
    const given = this.#pronunciations.apply(traced);
    const { skipped } = this.#normaliser.rewrite(traced);
    if (skipped.length > 0) this.#onSkipped?.(`Left out of what is spoken: ${skipped.join(', ')}.`);
    const tokens = this.#tokeniser.split(traced.text);
    const tags = this.#tagger.tag(tokens.map((token) => token.text));
    let readings = this.#reader.read(tokens, tags, given);
    // Words that had to be learnt first may change how their neighbours sound.
    if (await this.#unknown.learn()) readings = this.#reader.read(tokens, tags, given);
    return cutClauses(original, traced, readings.map((reading) => this.#pronounceable(reading)));
  }

  #pronounceable(reading: Reading): Reading {
    const sounds = Array.from(reading.sounds).filter((sound) => this.#lists.alphabet.has(sound)).join('');
    return { ...reading, sounds };
  }
}
