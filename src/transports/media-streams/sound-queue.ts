// Sound that waits to be sent, in the pieces in which it came.

export class SoundQueue {
  readonly #mostBytes: number;
  #pieces: Uint8Array[] = [];
  /** Bytes of the first piece that have been taken already. */
  #at = 0;
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Copies the bytes, which are the giver's again then. How many were taken in: the newest that are too many are not. */
  push(sound: Uint8Array): number {
    const piece = sound.slice(0, this.#mostBytes - this.#bytes);
    if (piece.length > 0) this.#pieces.push(piece);
    this.#bytes += piece.length;
    return piece.length;
  }

  /** Fills `target` with the oldest sound; how much of it. */
  take(target: Uint8Array): number {
    let filled = 0;
    for (let [oldest] = this.#pieces; oldest && filled < target.length; [oldest] = this.#pieces) {
      const piece = oldest.subarray(this.#at, this.#at + target.length - filled);
      target.set(piece, filled);
      filled += piece.length;
      this.#at += piece.length;
      if (this.#at < oldest.length) continue;
      this.#pieces.shift();
      this.#at = 0;
    }
    this.#bytes -= filled;
    return filled;
  }

  clear(): void {
    this.#pieces = [];
    this.#at = 0;
    this.#bytes = 0;
  }
}
