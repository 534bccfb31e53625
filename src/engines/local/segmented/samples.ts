// Sound that grows while it is heard, with its levels, and is cut off at its beginning.
import { FRAME, levelOf } from './levels.ts';

const FIRST_CAPACITY = 16_000;

export class Samples {
  #buffer = new Int16Array(FIRST_CAPACITY);
  #levels = new Float32Array(FIRST_CAPACITY / FRAME);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** In dB, one for each whole frame of 10 ms from this one on. A view, good until more is heard. */
  levels(from = 0): Float32Array {
    return this.#levels.subarray(from, Math.floor(this.#length / FRAME));
  }

  append(samples: Int16Array): void {
    if (this.#length + samples.length > this.#buffer.length) this.#grow(this.#length + samples.length);
    let frame = Math.floor(this.#length / FRAME);
    this.#buffer.set(samples, this.#length);
    this.#length += samples.length;
    for (; (frame + 1) * FRAME <= this.#length; frame++) this.#levels[frame] = levelOf(this.#buffer, frame * FRAME);
  }

  copy(): Int16Array {
    return this.#buffer.slice(0, this.#length);
  }

  /** The first frames, which are forgotten here. */
  take(frames: number): Int16Array {
    const taken = this.#buffer.slice(0, frames * FRAME);
    this.#buffer.copyWithin(0, taken.length, this.#length);
    this.#levels.copyWithin(0, frames, Math.floor(this.#length / FRAME));
    this.#length -= taken.length;
    return taken;
  }

  #grow(length: number): void {
    const frames = Math.ceil(Math.max(this.#buffer.length * 2, length) / FRAME);
    const larger = new Int16Array(frames * FRAME);
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
    const levels = new Float32Array(frames);
    levels.set(this.levels());
    this.#levels = levels;
  }
}
