// When to replace a worker that was lost: at once the first time, then ever more seldom, but always at some time.

const FIRST_MS = 100;
const LAST_MS = 10_000;

export class Restarts {
  #lossesInRow = 0;

  /** Lost in a row, without anything having been done. */
  get losses(): number {
    return this.#lossesInRow;
  }

  /** One more was lost. Gives the milliseconds to wait before its successor starts. */
  lost(): number {
    this.#lossesInRow++;
    return this.#lossesInRow === 1 ? 0 : Math.min(LAST_MS, FIRST_MS * 2 ** (this.#lossesInRow - 2));
  }

  /** Something was done: whatever is lost from now on is lost for the first time. */
  worked(): void {
    this.#lossesInRow = 0;
  }
}
