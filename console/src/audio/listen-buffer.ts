// What a listener has before him of a call: as little as the network's unevenness allows. Sound that piles up is left out, because he wants to hear
// what is said now. No audio API in here.

/** So much must be there before it is played, at the beginning and after it has run dry. */
const startMs = 80;
/** With more than that waiting, all but `startMs` is left out. */
const mostMs = 260;

export class ListenBuffer {
  readonly #rateHz: number;
  #pieces: Int16Array[] = [];
  /** Samples of the first piece that are out. */
  #at = 0;
  #waiting = 0;
  #isPlaying = false;

  /** @param rateHz of its pairs: a pair is a sample of each side. */
  constructor(rateHz: number) {
    this.#rateHz = rateHz;
  }

  get waitingMs(): number {
    return (this.#waiting * 500) / this.#rateHz;
  }

  /** Interleaved samples of both sides. */
  add(pairs: Int16Array): void {
    this.#pieces.push(pairs);
    this.#waiting += pairs.length;
    if (this.waitingMs > mostMs) this.#leaveOut(this.#waiting - this.#samples(startMs));
    if (this.waitingMs >= startMs) this.#isPlaying = true;
  }

  /** At most so many pairs; undefined while there is nothing to play. */
  take(count: number): Int16Array | undefined {
    if (!this.#isPlaying) return undefined;
    const [piece] = this.#pieces;
    if (!piece) {
      this.#isPlaying = false;
      return undefined;
    }
    const taken = piece.subarray(this.#at, this.#at + count * 2);
    this.#pass(taken.length);
    return taken;
  }

  #leaveOut(samples: number): void {
    for (let left = samples; left > 0; ) {
      const count = Math.min(left, (this.#pieces[0]?.length ?? 0) - this.#at);
      this.#pass(count);
      left -= count;
    }
  }

  /** Of the first piece. */
  #pass(samples: number): void {
    this.#at += samples;
    this.#waiting -= samples;
    if (this.#at < (this.#pieces[0]?.length ?? 0)) return;
    this.#pieces.shift();
    this.#at = 0;
  }

  #samples(ms: number): number {
    return Math.round((ms * this.#rateHz) / 1000) * 2;
  }
}
