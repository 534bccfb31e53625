// How long a model may take for its first part, and then for each further piece.
import type { Clock, Timer } from '../../lib/clock.ts';

/**
 * The timer of one request. Until the first part only a part satisfies it (keep-alive comments and empty deltas do not); after
 * that any sign of life does. It stands still while the reader is busy with a part.
 */
export class Patience {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #onEnd: (waitedFor: string) => void;
  #timer: Timer | undefined;
  #first = true;

  constructor(clock: Clock, limitMs: number, onEnd: (waitedFor: string) => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#onEnd = onEnd;
    this.#arm();
  }

  satisfy(): void {
    this.#first = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  heard(): void {
    if (!this.#first) this.#timer?.cancel();
  }

  again(): void {
    if (!this.#first) this.#arm();
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(this.#limitMs, () => this.#onEnd(this.#first ? 'first token' : 'further token'));
  }
}
