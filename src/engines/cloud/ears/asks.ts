// Who waits for the words of one utterance, in the order in which they asked, and for how long.
import type { EngineError, Transcript } from '../../engine.ts';
import type { Clock, Timer } from '../../../lib/clock.ts';

interface Ask {
  readonly answer: PromiseWithResolvers<Transcript>;
  deadline: Timer;
}

export class Asks {
  readonly #clock: Clock;
  readonly #onLate: (limitMs: number) => void;
  #waiting: Ask[] = [];

  /** `onLate`: somebody waited for so long, and goes on waiting until all are told that it is over. */
  constructor(clock: Clock, onLate: (limitMs: number) => void) {
    this.#clock = clock;
    this.#onLate = onLate;
  }

  get size(): number {
    return this.#waiting.length;
  }

  add(limitMs: number): Promise<Transcript> {
    const answer = Promise.withResolvers<Transcript>();
    answer.promise.catch(() => {});
    this.#waiting.push({ answer, deadline: this.#clock.after(limitMs, () => this.#onLate(limitMs)) });
    return answer.promise;
  }

  /** The newest waits no longer than this from now on. */
  limit(limitMs: number): void {
    const newest = this.#waiting.at(-1);
    newest?.deadline.cancel();
    if (newest) newest.deadline = this.#clock.after(limitMs, () => this.#onLate(limitMs));
  }

  /** Answers the oldest, if anybody waits. */
  answer(transcript: Transcript): void {
    const oldest = this.#waiting.shift();
    oldest?.deadline.cancel();
    oldest?.answer.resolve(transcript);
  }

  /** Lets so many go, the oldest. */
  refuse(reason: EngineError, count: number): void {
    for (const { answer, deadline } of this.#waiting.splice(0, count)) {
      deadline.cancel();
      answer.reject(reason);
    }
  }
}
