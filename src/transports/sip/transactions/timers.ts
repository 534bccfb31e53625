// The times of RFC 3261 section 17 and its appendix A, and the timers of one transaction by their letters.
import type { Clock, Timer } from '../../../lib/clock.ts';

export interface SipTimes {
  /** An estimate of the time to the far end and back. */
  readonly t1Ms: number;
  /** The longest pause between two sendings of a request that is no INVITE, and of a response to an INVITE. */
  readonly t2Ms: number;
  /** How long the network may keep a message. */
  readonly t4Ms: number;
}

export const sipTimes: SipTimes = { t1Ms: 500, t2Ms: 4000, t4Ms: 5000 };

/** Timers B, F, H, J, L and M: as long as a transaction waits for what does not come. */
export const patienceMs = (times: SipTimes): number => 64 * times.t1Ms;

/** Those of the RFC by their letters, and that of the first word, which is ours. */
type TimerName = 'A' | 'B' | 'C' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M' | 'first';

export class LetteredTimers {
  readonly #clock: Clock;
  readonly #running = new Map<TimerName, Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(letter: TimerName, delayMs: number, task: () => void): void {
    this.stop(letter);
    const timer = this.#clock.after(delayMs, () => {
      this.#running.delete(letter);
      task();
    });
    this.#running.set(letter, timer);
  }

  stop(letter: TimerName): void {
    this.#running.get(letter)?.cancel();
    this.#running.delete(letter);
  }

  stopAll(): void {
    for (const timer of this.#running.values()) timer.cancel();
    this.#running.clear();
  }
}
