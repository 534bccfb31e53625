// The one clock of many calls: a tick every 20 ms for all of them, on time over hours. What it could not do in time it leaves out:
// catching up with everything would make a busy thread busier, until nothing is on time any more.
import type { Clock, Timer } from '../../lib/clock.ts';
import { FRAME_MS } from './call-rate.ts';

/** Ticks done late, one right after the other, at most. */
export const MOST_CATCH_UP = 3;

export class Pacer {
  readonly #clock: Clock;
  readonly #tick: (leftOut: number) => void;
  #timer: Timer | undefined;
  /** When the tick number 0 was due, and the number of the next. */
  #originMs = 0;
  #next = 0;

  /** `tick` is called for each tick, with how many were left out right before it. */
  constructor(clock: Clock, tick: (leftOut: number) => void) {
    this.#clock = clock;
    this.#tick = tick;
  }

  /** Starts now, unless it runs already. */
  start(): void {
    if (this.#timer) return;
    this.#originMs = this.#clock.now();
    this.#next = 1;
    this.#wait();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** The deadline is reckoned from the beginning, so that being late once does not make every later tick late. */
  #wait(): void {
    const dueMs = this.#originMs + this.#next * FRAME_MS;
    this.#timer = this.#clock.after(dueMs - this.#clock.now(), () => this.#ring());
  }

  #ring(): void {
    // A timer may ring up to a millisecond early.
    const passed = Math.floor((this.#clock.now() - this.#originMs + 1) / FRAME_MS);
    let leftOut = Math.max(0, passed - this.#next + 1 - MOST_CATCH_UP);
    this.#next += leftOut;
    try {
      while (this.#next <= passed && this.#timer) {
        this.#next++;
        this.#tick(leftOut);
        leftOut = 0;
      }
    } finally {
      // A fault in one call must not stop the clock of all.
      if (this.#timer) this.#wait();
    }
  }
}
