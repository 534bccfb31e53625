// A stretch of sound that grows at one end and is forgotten at the other, addressed by the position of its samples since the start.
// Kept in blocks: a chunk of 20 ms by itself would be three objects that outlive two collections, and those pauses can be heard.

/** Half a second at 16 kHz. */
const usualBlock = 8192;

export class Recorder {
  readonly #blockLength: number;
  /** All full but the last. */
  readonly #blocks: Int16Array[] = [];
  /** Position of the first block's first sample. */
  #start = 0;
  #end = 0;

  /** `blockLength`: samples that are forgotten together. */
  constructor(blockLength = usualBlock) {
    this.#blockLength = blockLength;
  }

  /** Position after the last sample. */
  get end(): number {
    return this.#end;
  }

  append(samples: Int16Array): void {
    for (let at = 0; at < samples.length; ) {
      const inBlock = (this.#end - this.#start) % this.#blockLength;
      if (inBlock === 0) this.#blocks.push(new Int16Array(this.#blockLength));
      const count = Math.min(this.#blockLength - inBlock, samples.length - at);
      this.#blocks.at(-1)?.set(samples.subarray(at, at + count), inBlock);
      at += count;
      this.#end += count;
    }
  }

  /** Copies [from, to), as far as it is kept. */
  slice(from: number, to: number): Int16Array {
    const first = Math.max(from, this.#start) - this.#start;
    const last = Math.min(to, this.#end) - this.#start;
    const copy = new Int16Array(Math.max(0, last - first));
    for (let at = first; at < last; ) {
      const inBlock = at % this.#blockLength;
      const count = Math.min(this.#blockLength - inBlock, last - at);
      const block = this.#blocks[(at - inBlock) / this.#blockLength] as Int16Array;
      copy.set(block.subarray(inBlock, inBlock + count), at - first);
      at += count;
    }
    return copy;
  }

  /** Forgets whole blocks that end at or before the position. */
  forgetBefore(position: number): void {
    const full = Math.floor((this.#end - this.#start) / this.#blockLength);
    const count = Math.min(full, Math.floor((position - this.#start) / this.#blockLength));
    if (count <= 0) return;
    this.#blocks.splice(0, count);
    this.#start += count * this.#blockLength;
  }
}
