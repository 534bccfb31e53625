// A WAVE file that comes in pieces: its sound is read as it comes, whatever its format and even if its header does not know how long it will be.
import { type Pcm, SampleStream } from './pcm.ts';
import { readWav } from './wav.ts';

/** What may come before the sound: formats, lists, pictures. */
const MOST_HEADER_BYTES = 64 * 1024;
const UNKNOWN_SIZE = 0xffffffff;

export class WavStream {
  /** Before the sound all bytes so far; then those of a frame that is not whole yet. */
  #rest = new Uint8Array();
  #sound: { readonly header: Uint8Array; readonly frameBytes: number; readonly plainHz: number | undefined; leftBytes: number } | undefined;
  /** Of mono samples of 16 bits, which are handed on without a copy. */
  readonly #plain = new SampleStream();

  /** The sound of the next bytes, possibly none. Throws Error with the reason when this is no WAVE file that can be read. */
  push(bytes: Uint8Array): Pcm | undefined {
    if (this.#sound?.plainHz !== undefined) return this.#readPlain(bytes, this.#sound.plainHz);
    const waiting = joined(this.#rest, bytes);
    this.#rest = waiting;
    if (!this.#sound) {
      const start = this.#begin(waiting);
      if (start === undefined) return undefined;
      this.#rest = waiting.slice(start);
    }
    const { plainHz } = this.#sound ?? {};
    return plainHz === undefined ? this.#read() : this.#readPlain(this.#rest, plainHz);
  }

  #readPlain(bytes: Uint8Array, rateHz: number): Pcm | undefined {
    const sound = this.#sound;
    if (!sound) return undefined;
    // What follows the sound is no sound.
    const own = bytes.length > sound.leftBytes ? bytes.subarray(0, sound.leftBytes) : bytes;
    sound.leftBytes -= own.length;
    const samples = this.#plain.push(own);
    return samples.length === 0 ? undefined : { samples, rateHz };
  }

  #read(): Pcm | undefined {
    const sound = this.#sound;
    if (!sound) return undefined;
    const whole = Math.min(sound.leftBytes, this.#rest.length - (this.#rest.length % sound.frameBytes));
    if (whole === 0) return undefined;
    const pcm = readWav(joined(sound.header, this.#rest.subarray(0, whole)));
    sound.leftBytes -= whole;
    // What follows the sound is no sound.
    this.#rest = sound.leftBytes > 0 ? this.#rest.slice(whole) : new Uint8Array();
    return pcm;
  }

  /** Where the sound begins, once that is known. */
  #begin(bytes: Uint8Array): number | undefined {
    if (bytes.length < 12) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const letters = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
    if (letters(0) !== 'RIFF' || letters(8) !== 'WAVE') throw new Error('not a WAVE file');
    let frameBytes = 1;
    let plainHz: number | undefined;
    for (let at = 12; at + 8 <= bytes.length; ) {
      const size = view.getUint32(at + 4, true);
      const start = at + 8;
      if (letters(at) === 'fmt ' && start + 16 <= bytes.length) {
        frameBytes = Math.max(1, view.getUint16(start + 12, true));
        const isPlain =
          view.getUint16(start, true) === 1 && view.getUint16(start + 2, true) === 1 && view.getUint16(start + 14, true) === 16;
        plainHz = isPlain ? view.getUint32(start + 4, true) || undefined : undefined;
      }
      if (letters(at) === 'data') {
        const header = bytes.slice(0, start);
        new DataView(header.buffer).setUint32(at + 4, UNKNOWN_SIZE, true);
        this.#sound = { header, frameBytes, plainHz, leftBytes: size === 0 || size === UNKNOWN_SIZE ? Number.POSITIVE_INFINITY : size };
        return start;
      }
      at = start + size + (size & 1);
    }
    if (bytes.length > MOST_HEADER_BYTES) throw new Error('WAVE file without sound');
    return undefined;
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
