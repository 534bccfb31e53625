// Speakers are admitted by what recognisers can do: words that somebody waits for must be begun with soon, or the turn ends while it is still
// remembered. How long a recogniser then takes is another matter.
import type { Clock, Timer } from '../../lib/clock.ts';

/** So that the failure is told within two seconds of the turn's end. */
export const BEGIN_WITHIN_MS = 1800;

export class Admission {
  readonly #clock: Clock;
  readonly #tooLate: () => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, tooLate: () => void) {
    this.#clock = clock;
    this.#tooLate = tooLate;
  }

  /** Somebody waits, and nobody works for them; or that is not so, or not so any more. */
  set(waits: boolean): void {
    if (waits) {
      this.#timer ??= this.#clock.after(BEGIN_WITHIN_MS, () => {
        this.#timer = undefined;
        this.#tooLate();
      });
      return;
    }
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
