// Moonshine's vocabulary: pieces of words to text, and words to pieces in the way the model was taught them.

/** The token every transcript begins with. */
export const BEGIN = 1;
/** The token that ends it. */
export const END = 2;
/** From here on 256 tokens stand for single bytes; after them come the pieces, the commonest merges first. */
const FIRST_BYTE = 3;
const FIRST_PIECE = FIRST_BYTE + 256;
/** Stands for a space within pieces. */
const SPACE = '▁';

export class Tokens {
  readonly #pieces: readonly Uint8Array[];
  readonly #ids = new Map<string, number>();

  /** `file`: entries of a length (one byte, or two from 128 on: second × 128 + first − 128), then that many bytes. */
  constructor(file: Uint8Array) {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < file.length; ) {
      let length = file[at++] as number;
      if (length >= 128) length = (file[at++] ?? 0) * 128 + length - 128;
      if (at + length > file.length) throw new Error('the token file breaks off in the middle of an entry');
      pieces.push(file.subarray(at, at + length));
      at += length;
    }
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
    const parts = [...`${SPACE}${text.trim().replaceAll(/\s+/g, SPACE)}`];
    for (;;) {
      let best = Number.POSITIVE_INFINITY;
      let at = -1;
      for (let i = 0; i + 1 < parts.length; i++) {
        const id = this.#ids.get(`${parts[i]}${parts[i + 1]}`);
        if (id !== undefined && id < best) {
          best = id;
          at = i;
        }
      }
      if (at < 0) break;
      parts.splice(at, 2, `${parts[at]}${parts[at + 1]}`);
    }
    return parts.flatMap((part) => this.#ids.get(part) ?? [...Buffer.from(part)].map((byte) => FIRST_BYTE + byte));
  }
}
