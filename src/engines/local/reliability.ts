// Whether workers do what they are given: an engine whose workers get ready and die at every task is to be stood in for.

/** Tasks in a row that ended in the death of their worker, from which on nobody should rely on the engine for a while. */
const MOST_DEADLY = 5;
const REST_MS = 30_000;
const LONGEST_REST_MS = 600_000;

export class Reliability {
  #deadly = 0;
  #restsUntilMs = 0;

  /** A task was done. */
  worked(): void {
    this.#deadly = 0;
  }

  /** A worker was lost at a task. After a rest the engine is worth another try, and after each further loss the rest is longer. */
  lost(nowMs: number): void {
    this.#deadly++;
    const more = this.#deadly - MOST_DEADLY;
    if (more >= 0) this.#restsUntilMs = nowMs + Math.min(LONGEST_REST_MS, REST_MS * 2 ** more);
  }

  isReliable(nowMs: number): boolean {
    return this.#deadly < MOST_DEADLY || nowMs >= this.#restsUntilMs;
  }
}
