// The tokens of a model as far as all recognisers need them: to text and back, and the file they come in.

export interface Vocabulary {
  /** Whether a word begins with this token. */
  beginsWord(id: number): boolean;
  /** The text of tokens, without space at its ends. Tokens that are no text are left out. */
  text(ids: readonly number[]): string;
  /** The tokens of a text that begins a word. */
  encode(text: string): number[];
}

/** The bytes of each token. `file`: entries of a length (one byte, or two from 128 on: second × 128 + first − 128), then that many bytes. */
export function entriesOf(file: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    let length = file[at++] as number;
    if (length >= 128) length = (file[at++] ?? 0) * 128 + length - 128;
    if (at + length > file.length) throw new Error('the token file breaks off in the middle of an entry');
    entries.push(file.subarray(at, at + length));
    at += length;
  }
  return entries;
}

/** Byte-pair merges: neighbours that make a piece are joined, the commonest piece (that of the lowest number) first. */
export function merged(parts: readonly string[], ids: ReadonlyMap<string, number>): string[] {
  const joined = [...parts];
  for (;;) {
    let best = Number.POSITIVE_INFINITY;
    let at = -1;
    for (let i = 0; i + 1 < joined.length; i++) {
      const id = ids.get(`${joined[i]}${joined[i + 1]}`);
      if (id !== undefined && id < best) {
        best = id;
        at = i;
      }
    }
    if (at < 0) return joined;
    joined.splice(at, 2, `${joined[at]}${joined[at + 1]}`);
  }
}
