// Whisper's vocabulary: tokens of bytes, and those that are no text.
import { entriesOf, merged, type Vocabulary } from '../segmented/vocabulary.ts';
import { languages } from './languages.ts';

/** The token that ends a transcript; those after it say what is to be done. */
export const END = 50_257;
export const BEGIN = 50_258;
export const FIRST_LANGUAGE = 50_259;
export const TRANSCRIBE = 50_359;
export const NO_SPEECH = 50_362;
export const NO_TIMES = 50_363;

const SPACE = 0x20;
/** What begins a remark about the sound, as subtitles have it. */
const REMARK = /^ ?[([{*♩♪♫♬<>#]/u;

export class WhisperTokens implements Vocabulary {
  readonly #pieces: readonly Uint8Array[];
  /** By their bytes, one letter for each. */
  readonly #ids = new Map<string, number>();
  readonly #barred: readonly number[];
  readonly #blank: number | undefined;

  /** `file`: see `entriesOf`. */
  constructor(file: Uint8Array) {
    const pieces = entriesOf(file);
    if (pieces.length < NO_TIMES) throw new Error(`the token file has ${pieces.length} entries, which are too few`);
    this.#pieces = pieces.slice(0, END);
    const barred: number[] = [];
    for (const [id, piece] of this.#pieces.entries()) {
      const bytes = Buffer.from(piece);
      this.#ids.set(bytes.toString('latin1'), id);
      if (REMARK.test(bytes.toString('utf8'))) barred.push(id);
    }
    this.#barred = barred;
    this.#blank = this.#ids.get(' ');
  }

  beginsWord(id: number): boolean {
    return this.#pieces[id]?.[0] === SPACE;
  }

  text(ids: readonly number[]): string {
    return Buffer.concat(ids.flatMap((id) => this.#pieces[id] ?? []))
      .toString('utf8')
      .trim();
  }

  encode(text: string): number[] {
    // Words are tokens of their own, each with the space before it.
    const words = ` ${text.trim()}`.match(/ ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+/gu) ?? [];
    return words.flatMap((word) =>
      merged([...Buffer.from(word).toString('latin1')], this.#ids).map((piece) => this.#ids.get(piece) ?? END),
    );
  }

  /** Lowers the scores of all that is no word. A transcript does not begin with nothing, but it may be empty. */
  bar(scores: Float32Array, place: number): void {
    scores.fill(Number.NEGATIVE_INFINITY, END + 1);
    for (const id of this.#barred) scores[id] = Number.NEGATIVE_INFINITY;
    if (place === 0 && this.#blank !== undefined) scores[this.#blank] = Number.NEGATIVE_INFINITY;
  }
}

/** The likeliest of these languages (of all, where none is named) by the scores that follow the begin token. */
export function likeliestLanguage(scores: Float32Array, among: readonly number[]): number {
  const candidates = among.length > 0 ? among : languages.map((_, index) => index);
  const scoreOf = (index: number) => scores[FIRST_LANGUAGE + index] as number;
  return candidates.reduce((best, index) => (scoreOf(index) > scoreOf(best) ? index : best));
}

/** How likely it is, by the same scores, that nobody speaks. */
export function noSpeechProbability(scores: Float32Array): number {
  const most = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return Math.exp((scores[NO_SPEECH] as number) - most) / scores.reduce((sum, score) => sum + Math.exp(score - most), 0);
}
