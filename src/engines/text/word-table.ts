// A sorted table of strings with a few bytes for each, looked up in one buffer without making strings of its entries.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The longest key that is looked up, in bytes. */
const MOST_BYTES = 256;
/** Of the lookup under way; lookups never overlap. */
const wanted = new Uint8Array(MOST_BYTES * 3);

/**
 * Number of entries, offsets of the keys (one more than entries), offsets of the values (likewise), keys, values: the numbers are of 32
 * bits, in the machine's own order, for tables are made on the machine that reads them.
 */
export class WordTable {
  readonly size: number;
  readonly #keyStarts: Uint32Array;
  readonly #valueStarts: Uint32Array;
  readonly #keys: Uint8Array;
  readonly #values: Uint8Array;

  /** `bytes` begins at a multiple of four in its buffer. */
  constructor(bytes: Uint8Array) {
    const words = (from: number, length: number) => new Uint32Array(bytes.buffer, bytes.byteOffset + from, length);
    this.size = words(0, 1)[0] ?? 0;
    this.#keyStarts = words(4, this.size + 1);
    this.#valueStarts = words(8 + this.size * 4, this.size + 1);
    const keysFrom = 12 + this.size * 8;
    const valuesFrom = keysFrom + (this.#keyStarts[this.size] ?? 0);
    this.#keys = bytes.subarray(keysFrom, valuesFrom);
    this.#values = bytes.subarray(valuesFrom, valuesFrom + (this.#valueStarts[this.size] ?? 0));
  }

  /** Undefined where there is no such key; the bytes belong to the table. */
  get(key: string): Uint8Array | undefined {
    if (key.length > MOST_BYTES) return undefined;
    const length = encoder.encodeInto(key, wanted).written;
    let low = 0;
    let high = this.size - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = this.#compare(middle, length);
      if (order === 0) return this.#values.subarray(this.#valueStarts[middle], this.#valueStarts[middle + 1]);
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** How the entry's key stands to the one that is wanted: before it is negative. */
  #compare(entry: number, length: number): number {
    const start = this.#keyStarts[entry] as number;
    const own = (this.#keyStarts[entry + 1] as number) - start;
    const common = Math.min(own, length);
    for (let i = 0; i < common; i++) {
      const difference = (this.#keys[start + i] as number) - (wanted[i] as number);
      if (difference !== 0) return difference;
    }
    return own - length;
  }
}

/** The bytes of a table, a multiple of four of them. */
export function packTable(entries: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const sorted = [...entries].map(([key, value]) => ({ key: encoder.encode(key), value })).sort((a, b) => Buffer.compare(a.key, b.key));
  const keyBytes = sorted.reduce((sum, { key }) => sum + key.length, 0);
  const valueBytes = sorted.reduce((sum, { value }) => sum + value.length, 0);
  const keysFrom = 12 + sorted.length * 8;
  const packed = new Uint8Array(roundUp(keysFrom + keyBytes + valueBytes));
  const numbers = new Uint32Array(packed.buffer, 0, 3 + sorted.length * 2);
  numbers[0] = sorted.length;
  let key = 0;
  let value = 0;
  sorted.forEach((entry, i) => {
    numbers[1 + i] = key;
    numbers[2 + sorted.length + i] = value;
    packed.set(entry.key, keysFrom + key);
    packed.set(entry.value, keysFrom + keyBytes + value);
    key += entry.key.length;
    value += entry.value.length;
  });
  numbers[1 + sorted.length] = key;
  numbers[2 + sorted.length * 2] = value;
  return packed;
}

const MAGIC = 0x31_64_72_77; // "wrd1"

/** Several stretches of bytes under names in one: magic, length of the index, the index as JSON, then each at a multiple of four. */
export function packSections(sections: ReadonlyMap<string, Uint8Array>): Uint8Array {
  let from = 0;
  const places = [...sections].map(([name, bytes]) => {
    const place = { name, from, length: bytes.length };
    from += roundUp(bytes.length);
    return place;
  });
  const index = encoder.encode(JSON.stringify(places));
  const body = 8 + roundUp(index.length);
  const packed = new Uint8Array(body + from);
  packed.set(new Uint8Array(Uint32Array.of(MAGIC, index.length).buffer));
  packed.set(index, 8);
  for (const place of places) packed.set(sections.get(place.name) as Uint8Array, body + place.from);
  return packed;
}

/** Throws when the bytes are not what `packSections` made. */
export function unpackSections(bytes: Uint8Array): (name: string) => Uint8Array {
  // A buffer from a pool may begin anywhere; the tables need multiples of four.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const [magic, length] = aligned.length < 8 ? [] : new Uint32Array(aligned.buffer, aligned.byteOffset, 2);
  if (magic !== MAGIC || length === undefined || 8 + length > aligned.length) throw new Error('These are no word lists.');
  const places = JSON.parse(decoder.decode(aligned.subarray(8, 8 + length))) as { name: string; from: number; length: number }[];
  const body = 8 + roundUp(length);
  return (name) => {
    const place = places.find((each) => each.name === name);
    if (!place || body + place.from + place.length > aligned.length) throw new Error(`The word lists have no '${name}', or are cut off.`);
    return aligned.subarray(body + place.from, body + place.from + place.length);
  };
}

function roundUp(length: number): number {
  return (length + 3) & ~3;
}
