// Sound as numbers: mono signed 16-bit samples, and the little-endian bytes they travel as.

export interface Pcm {
  readonly samples: Int16Array;
  readonly rateHz: number;
}

export function durationMs(pcm: Pcm): number {
  return (pcm.samples.length * 1000) / pcm.rateHz;
}

/** The samples as little-endian bytes, without a copy (every machine Node runs on is little-endian). */
export function toBytes(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

/** Little-endian bytes as samples; copies only when the bytes do not lie on an even address. A last odd byte is left out. */
export function fromBytes(bytes: Uint8Array): Int16Array {
  const count = bytes.byteLength >> 1;
  if ((bytes.byteOffset & 1) === 0) return new Int16Array(bytes.buffer, bytes.byteOffset, count);
  return new Int16Array(bytes.slice(0, count * 2).buffer, 0, count);
}

export function concat(pieces: readonly Int16Array[]): Int16Array {
  const whole = new Int16Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** The samples of a stream of little-endian bytes that is cut anywhere: half a sample waits for its other half. */
export class SampleStream {
  #half: number | undefined;

  push(bytes: Uint8Array): Int16Array {
    const rest = this.#half;
    const isEven = (bytes.byteLength + (rest === undefined ? 0 : 1)) % 2 === 0;
    this.#half = isEven ? undefined : bytes.at(-1);
    const whole = isEven ? bytes : bytes.subarray(0, -1);
    if (rest === undefined) return fromBytes(whole);
    const joined = new Uint8Array(whole.byteLength + 1);
    joined[0] = rest;
    joined.set(whole, 1);
    return fromBytes(joined);
  }
}
