// The best engine of a kind, and the one that stands in while the best cannot be had: its model is not there, or its workers keep dying.
// Whatever begins asks anew, so that it gets the best engine as soon as that is there.
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { type Engine, EngineError, type EngineHealth } from '../engine.ts';

const firstRetryMs = 15_000;
const lastRetryMs = 600_000;

export interface PreferredOptions {
  readonly clock: Clock;
  readonly log: Log;
}

/** `waiting`: nobody has warmed it up. `standing in`: the best cannot be had now, and why. */
type Phase = { name: 'waiting' } | { name: 'best' } | { name: 'standing in'; why: EngineError };

export class Preferred<E extends Engine> {
  readonly #best: E;
  readonly #standIn: E;
  readonly #options: PreferredOptions;
  readonly #closing = new AbortController();
  #phase: Phase = { name: 'waiting' };
  #retry: Timer | undefined;

  constructor(best: E, standIn: E, options: PreferredOptions) {
    this.#best = best;
    this.#standIn = standIn;
    this.#options = options;
  }

  /** Who serves what begins now. */
  get current(): E {
    if (this.#phase.name === 'standing in' || this.#best.health?.().state === 'failed') return this.#standIn;
    return this.#best;
  }

  /** That of who serves now; why the best does not, as long as it does not. */
  get health(): EngineHealth {
    const { current } = this;
    const health = current.health?.() ?? { state: 'ready' };
    if (current === this.#best) return health;
    const why = this.#phase.name === 'standing in' ? this.#phase.why.message : this.#best.health?.().problem;
    return { ...health, problem: `${this.#best.info.name} cannot be had: ${why ?? 'its workers keep dying.'}` };
  }

  /** Resolves when one of the two can serve. Rejects with the stand-in's EngineError when neither can. */
  async warmUp(signal: AbortSignal): Promise<void> {
    const why = await this.#tryBest(signal);
    if (!why) return;
    this.#options.log.warn({ engine: this.#best.info.id, standIn: this.#standIn.info.id, reason: why.reason }, why.message);
    this.#tryAgain(firstRetryMs, why);
    await this.#standIn.warmUp(signal);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#retry?.cancel();
    await Promise.all([this.#best.close(), this.#standIn.close()]);
  }

  async #tryBest(signal: AbortSignal): Promise<EngineError | undefined> {
    try {
      await this.#best.warmUp(signal);
      this.#phase = { name: 'best' };
      return undefined;
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.#phase = { name: 'standing in', why: error };
      return error;
    }
  }

  /** Nothing is tried again that can only fail again: models that are switched off, a machine without what is needed. */
  #tryAgain(afterMs: number, { retryable }: EngineError): void {
    if (!retryable || this.#closing.signal.aborted) return;
    this.#retry = this.#options.clock.after(afterMs, () => {
      void this.#tryBest(this.#closing.signal).then(
        (why) => {
          if (why) this.#tryAgain(Math.min(2 * afterMs, lastRetryMs), why);
          else this.#options.log.info({ engine: this.#best.info.id }, `${this.#best.info.name} serves whatever begins from now on`);
        },
        (error: unknown) => this.#options.log.error({ err: error }, 'an engine could not be tried again'),
      );
    });
  }
}
