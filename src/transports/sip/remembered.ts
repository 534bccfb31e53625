// Places that something was learned of which is worth knowing for a while: that one takes no connections, or that another does not answer.
import type { Clock } from '../../lib/clock.ts';

const mostPlaces = 1024;

export class Remembered {
  readonly #clock: Clock;
  readonly #forMs: number;
  readonly #until = new Map<string, number>();

  constructor(clock: Clock, forMs: number) {
    this.#clock = clock;
    this.#forMs = forMs;
  }

  has(place: string): boolean {
    const until = this.#until.get(place);
    if (until === undefined) return false;
    if (until > this.#clock.now()) return true;
    this.#until.delete(place);
    return false;
  }

  add(place: string): void {
    // Moved to the end, so that the first is the one learned of the longest time ago.
    this.#until.delete(place);
    this.#until.set(place, this.#clock.now() + this.#forMs);
    const [oldest] = this.#until.keys();
    if (this.#until.size > mostPlaces && oldest !== undefined) this.#until.delete(oldest);
  }

  forget(place: string): void {
    this.#until.delete(place);
  }
}
