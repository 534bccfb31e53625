// Moonshine's vocabulary: pieces of words to text, and words to pieces in the way the model was taught them.
import { entriesOf, merged, type Vocabulary } from '../segmented/vocabulary.ts';

/** The token every transcript begins with. */
export const BEGIN = 1;
/** The token that ends it. */
export const END = 2;
/** From here on 256 tokens stand for single bytes; after them come the pieces, the commonest merges first. */
const FIRST_BYTE = 3;
const FIRST_PIECE = FIRST_BYTE + 256;
/** Stands for a space within pieces. */
const SPACE = '▁';

export class Tokens implements Vocabulary {
  readonly #pieces: readonly Uint8Array[];
  readonly #ids = new Map<string, number>();

  /** `file`: see `entriesOf`. */
  constructor(file: Uint8Array) {
    const pieces = entriesOf(file);
    if (pieces.length <= FIRST_PIECE) throw new Error(`the token file has ${pieces.length} entries, which are too few`);
    this.#pieces = pieces;
    const decoder = new TextDecoder();
    for (let id = FIRST_PIECE; id < pieces.length; id++) this.#ids.set(decoder.decode(pieces[id]), id);
  }

  /** Whether a word begins with this token. */
  beginsWord(id: number): boolean {
    const piece = this.#pieces[id];
    return piece !== undefined && id >= FIRST_PIECE && piece[0] === 0xe2 && piece[1] === 0x96 && piece[2] === 0x81;
  }

  /** The text of tokens, without space at its ends. Tokens that are no text are left out. */
  text(ids: readonly number[]): string {
    const known = ids.flatMap((id) => (id >= FIRST_BYTE && id < this.#pieces.length ? [this.#pieces[id] as Uint8Array] : []));
    return Buffer.concat(known).toString('utf8').replaceAll(SPACE, ' ').trim();
  }

  /** The tokens of a text that begins a word: byte-pair merges, the commonest first. What has no piece becomes bytes. */
  encode(text: string): number[] {
    const parts = merged([...`${SPACE}${text.trim().replaceAll(/\s+/g, SPACE)}`], this.#ids);
    return parts.flatMap((part) => this.#ids.get(part) ?? [...Buffer.from(part)].map((byte) => FIRST_BYTE + byte));
  }
}
