// Keeps a session alive, or notices that nobody does (RFC 4028 section 10).
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Interval } from './session-interval.ts';

export class SessionTimer {
  readonly #clock: Clock;
  readonly #tell: { refresh(): void; expire(): void };
  #timers: Timer[] = [];
  #interval: Interval | undefined;

  constructor(clock: Clock, tell: { refresh(): void; expire(): void }) {
    this.#clock = clock;
    this.#tell = tell;
  }

  get interval(): Interval | undefined {
    return this.#interval;
  }

  /** Begins anew with what a refresh has agreed on; without an interval nothing is timed. */
  restart(interval: Interval | undefined): void {
    this.stop();
    this.#interval = interval;
    if (!interval) return;
    const ms = interval.seconds * 1000;
    if (interval.refresher === 'us') this.#timers.push(this.#clock.after(ms / 2, () => this.#tell.refresh()));
    // A little early, so that the BYE is sent before the far end and the proxies between have forgotten the session.
    this.#timers.push(this.#clock.after(ms - Math.min(32_000, ms / 3), () => this.#tell.expire()));
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }
}
