// When a call was ticked. A tick that is late rings before what came meanwhile is read, so that only what came before the tick before it is certain
// to have been read.
import { FRAME_MS } from './call-rate.ts';

export class TickTimes {
  #lastMs = Number.NEGATIVE_INFINITY;
  #beforeMs = Number.NEGATIVE_INFINITY;

  /** Ticks that were due while the thread stood still come right after each other, and are one. */
  note(nowMs: number): void {
    if (nowMs - this.#lastMs >= FRAME_MS / 2) [this.#beforeMs, this.#lastMs] = [this.#lastMs, nowMs];
  }

  /** What came until then has been read. */
  get readUntilMs(): number {
    return this.#beforeMs;
  }
}
