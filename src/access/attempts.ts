// Wrong keys, counted by where they come from, and the places of those that are being looked at: what is looked at may turn out wrong, so that it
// counts from before, and no number of guesses at once is more than there may be.
import type { Clock } from '../lib/clock.ts';

export const windowMs = 60_000;
/** The longest known goes first. */
const mostOrigins = 10_000;
/** Requests that wait until others from there have been looked at; those beyond are to come again a second later. */
const mostWaiting = 1000;
const crowdedMs = 1000;

interface Failures {
  count: number;
  /** When they are forgotten; when there were too many, until when nothing is looked at. */
  untilMs: number;
}

interface Looks {
  /** How many credentials are being looked at. */
  places: number;
  /** Each lets one request go on, the first first. */
  readonly waiting: (() => void)[];
}

export class Attempts {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #failures = new Map<string, Failures>();
  /** Of origins from which something is being looked at. */
  readonly #looks = new Map<string, Looks>();
  #waiting = 0;

  /** @param most wrong keys that may come from one origin within a minute. */
  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /** How long nothing from there is looked at any more; 0 when it is. */
  closedForMs(origin: string): number {
    const failures = this.#failures.get(origin);
    return failures && failures.count >= this.#most ? Math.max(0, failures.untilMs - this.#clock.now()) : 0;
  }

  /**
   * To be called before credentials are looked at, and `give` afterwards. Where those that are being looked at may be the last there can be, it
   * waits for what becomes of them.
   * @param places how many they are.
   * @returns 0 when they may be looked at; else after how many milliseconds it is worth trying again, and nothing is to be given back.
   */
  async take(origin: string, places: number): Promise<number> {
    for (;;) {
      const closedForMs = this.closedForMs(origin);
      if (closedForMs > 0) return closedForMs;
      const looks = this.#looks.get(origin);
      if (!looks || this.#room(origin, looks) > 0) {
        this.#looks.set(origin, { places: (looks?.places ?? 0) + places, waiting: looks?.waiting ?? [] });
        return 0;
      }
      if (this.#waiting >= mostWaiting) return crowdedMs;
      this.#waiting += 1;
      await new Promise<void>((resolve) => void looks.waiting.push(resolve));
      this.#waiting -= 1;
    }
  }

  /**
   * @param wrong how many of the places held a wrong key.
   * @returns how many wrong keys have come from there lately, and whether they are too many since this moment.
   */
  give(origin: string, places: number, wrong: number): { failures: number; tooMany: boolean } {
    const before = this.#count(origin);
    if (wrong > 0) this.#fail(origin, before + wrong);
    const looks = this.#looks.get(origin);
    if (looks) {
      looks.places -= places;
      const going = this.closedForMs(origin) > 0 ? looks.waiting.length : Math.max(0, this.#room(origin, looks));
      for (const goOn of looks.waiting.splice(0, going)) goOn();
      if (looks.places === 0 && looks.waiting.length === 0) this.#looks.delete(origin);
    }
    const failures = before + wrong;
    return { failures, tooMany: before < this.#most && failures >= this.#most };
  }

  #room(origin: string, { places }: Looks): number {
    return this.#most - this.#count(origin) - places;
  }

  #count(origin: string): number {
    const failures = this.#failures.get(origin);
    return failures && failures.untilMs > this.#clock.now() ? failures.count : 0;
  }

  #fail(origin: string, count: number): void {
    const nowMs = this.#clock.now();
    const known = this.#failures.get(origin);
    const goesOn = known && known.untilMs > nowMs && (count < this.#most || known.count >= this.#most);
    // Behind all others again: who has just been here is forgotten last.
    this.#failures.delete(origin);
    this.#failures.set(origin, { count, untilMs: goesOn ? known.untilMs : nowMs + windowMs });
    for (const [oldest] of this.#failures) {
      if (this.#failures.size <= mostOrigins) break;
      this.#failures.delete(oldest);
    }
  }
}
