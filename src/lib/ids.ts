// Chance as a value that is handed in: where ids and keys come from, and the only file that may ask for randomness.
import { randomBytes, randomFillSync, randomInt } from 'node:crypto';

/** Makes a new unique id with the given prefix: `ids('item')` → `item_Ab3…`. */
export type Ids = (prefix: string) => string;

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Random bytes are fetched many at a time: every event wants an id, and asking costs more than the bytes. Each is used once. */
const pool = { bytes: randomBytes(4096), at: 0 };

function randomByte(): number {
  if (pool.at === pool.bytes.length) {
    randomFillSync(pool.bytes);
    pool.at = 0;
  }
  const byte = pool.bytes[pool.at] as number;
  pool.bytes[pool.at] = 0;
  pool.at += 1;
  return byte;
}

/** `length` characters of [0-9A-Za-z], each drawn evenly from the system's secure source. */
export function randomToken(length: number): string {
  let token = '';
  while (token.length < length) {
    const byte = randomByte();
    // 248 is the largest multiple of 62 below 256: higher bytes would favour the first letters.
    if (byte < 248) token += alphabet[byte % 62];
  }
  return token;
}

/** A whole number from 0 up to, not including, `below` (at most 2^48), each as likely as any other. */
export function randomInteger(below: number): number {
  return randomInt(below);
}

/** New key material, from the system's secure source. */
export function randomKey(bytes: number): Uint8Array {
  return randomBytes(bytes);
}

/** Ids of the shape OpenAI's service makes: a prefix, an underscore and 21 characters. */
export const randomIds: Ids = (prefix) => `${prefix}_${randomToken(21)}`;

/** Ids that count up by prefix (`resp_1`, `resp_2`): what a golden transcript can be read with. */
export function countingIds(): Ids {
  const counts = new Map<string, number>();
  return (prefix) => {
    const count = (counts.get(prefix) ?? 0) + 1;
    counts.set(prefix, count);
    return `${prefix}_${count}`;
  };
}
