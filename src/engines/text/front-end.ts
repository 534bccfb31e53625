// From written English to what a neural voice is given: clauses of phonemes, each word of the original text tied to its stretch of them.

/** A word of the original text (as it stands there, between white space) and its stretch of the clause's phonemes: `from` inclusive, `to` exclusive. */
export interface SpokenWord {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

export interface Clause {
  /** The original text. Joined, the texts of all clauses of a text are that text, but for white space at its ends. */
  readonly text: string;
  /** At most 400 characters, each of which has an id in the voice's alphabet: character `i` is id `i` of what `FrontEnd.ids` gives. */
  readonly phonemes: string;
  /** In speaking order, without overlaps; `"18:00"` is one word whatever is said for it. */
  readonly words: readonly SpokenWord[];
  /** The silence that belongs after it. */
  readonly pauseMs: number;
}

/** The net that reads words no list knows: ids of letters in, one id of a sound (0 for none) for each of its slots out. */
export type LetterNet = (letters: readonly number[]) => Promise<ArrayLike<number | bigint>>;

export interface FrontEndOptions {
  /** Without it, words that no list knows are spelled. */
  readonly net?: LetterNet;
  /** An operator's list: text of the file that `PARLEY_PRONUNCIATIONS` names. */
  readonly pronunciations?: string;
  /** Told once for each text of which a part cannot be spoken (another script, emoji), in one line without any word of the text. */
  readonly onSkipped?: (line: string) => void;
}

export interface FrontEnd {
  /** What the voice's net is given for the phonemes of a clause, without the pads: one id for each character. */
  ids(phonemes: string): number[];
  /** Nothing where there is nothing to say. Never rejects for what stands in the text; rejects when the net does. */
  clauses(text: string): Promise<Clause[]>;
}

/** `folder` holds what `compileWordLists` wrote. */
export type LoadFrontEnd = (folder: string, options?: FrontEndOptions) => Promise<FrontEnd>;
