// How much of something there may be by time.

/** A token bucket: what is taken from it comes back evenly. It may be owed more than it holds. */
export class Bucket {
  readonly most: number;
  readonly #spanMs: number;
  #left: number;
  #atMs: number;

  constructor(most: number, spanMs: number, nowMs: number) {
    this.most = most;
    this.#spanMs = spanMs;
    this.#left = most;
    this.#atMs = nowMs;
  }

  left(nowMs: number): number {
    return Math.min(this.most, this.#left + ((nowMs - this.#atMs) * this.most) / this.#spanMs);
  }

  take(amount: number, nowMs: number): void {
    this.#left = this.left(nowMs) - amount;
    this.#atMs = nowMs;
  }

  /** Until there is so much, in whole milliseconds. */
  waitMs(amount: number, nowMs: number): number {
    return Math.ceil(((amount - this.left(nowMs)) * this.#spanMs) / this.most);
  }
}
