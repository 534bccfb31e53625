// A small vocabulary in the form that Moonshine's tokens are shipped in, for tests that have no weights.
import { Tokens } from '../../../src/engines/local/moonshine/tokens.ts';

/** Entries as in the file: unknown, begin, end, 256 bytes, then these pieces, the commonest merges first. */
export function vocabularyFile(pieces: readonly string[]): Uint8Array {
  const entries = [Buffer.from('<unk>'), Buffer.from('<s>'), Buffer.from('</s>')];
  for (let byte = 0; byte < 256; byte++) entries.push(Buffer.from([byte]));
  for (const piece of pieces) entries.push(Buffer.from(piece));
  return Buffer.concat(
    entries.flatMap((entry) => {
      const { length } = entry;
      return [Buffer.from(length < 128 ? [length] : [128 + (length % 128), Math.floor(length / 128)]), entry];
    }),
  );
}

export const FIRST_PIECE = 259;

export function vocabulary(pieces: readonly string[]): Tokens {
  return new Tokens(vocabularyFile(pieces));
}

/** The id of the piece at this place of the list. */
export function idOf(pieces: readonly string[], piece: string): number {
  return FIRST_PIECE + pieces.indexOf(piece);
}
