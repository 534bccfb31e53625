// A stretch of sound that grows at one end and is forgotten at the other, addressed by the position of its samples since the start.
import { concat } from './pcm.ts';

interface Chunk {
  readonly start: number;
  readonly samples: Int16Array;
}

export class Recorder {
  #chunks: Chunk[] = [];
  #end = 0;

  /** Position after the last sample. */
  get end(): number {
    return this.#end;
  }

  append(samples: Int16Array): void {
    if (samples.length === 0) return;
    this.#chunks.push({ start: this.#end, samples });
    this.#end += samples.length;
  }

  /** Copies [from, to), as far as it is kept. */
  slice(from: number, to: number): Int16Array {
    const pieces: Int16Array[] = [];
    for (let index = this.#indexOf(from); index < this.#chunks.length; index++) {
      const { start, samples } = this.#chunks[index] as Chunk;
      if (start >= to) break;
      pieces.push(samples.subarray(Math.max(0, from - start), Math.min(samples.length, to - start)));
    }
    return concat(pieces);
  }

  /** Forgets whole chunks that end before the position. */
  forgetBefore(position: number): void {
    const count = this.#indexOf(position);
    if (count > 0) this.#chunks.splice(0, count);
  }

  /** The chunk that holds the position, or the first kept after it. */
  #indexOf(position: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { start, samples } = this.#chunks[middle] as Chunk;
      if (start + samples.length <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
