// Whisper's vocabulary from text, where every byte of a token stands as a printable letter, to the bytes themselves.

/** The bytes of each token in the form of Moonshine's tokens: a length, of two bytes from 128 on, then the bytes. */
export function tokensFromVocabulary(vocabulary: string): Uint8Array {
  const lines = vocabulary.split('\n');
  // The last line ends too, and there is no token after it.
  if (lines.at(-1) === '') lines.pop();
  const parts = lines.flatMap((line) => {
    const bytes = tokenBytes(line);
    const { length } = bytes;
    return [length < 128 ? Uint8Array.of(length) : Uint8Array.of(128 + (length % 128), Math.floor(length / 128)), bytes];
  });
  return Buffer.concat(parts);
}

/** Bytes that are printable stand for themselves; the others, in order, for the letters from U+0100 on. */
const bytesByLetter = new Map<string, number>();
let hidden = 0;
for (let byte = 0; byte < 256; byte++) {
  const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xff && byte !== 0xad);
  bytesByLetter.set(String.fromCharCode(printable ? byte : 0x100 + hidden++), byte);
}

function tokenBytes(token: string): Uint8Array {
  const bytes = [...token].map((letter) => bytesByLetter.get(letter));
  return bytes.every((byte) => byte !== undefined) ? Uint8Array.from(bytes) : new TextEncoder().encode(token);
}
