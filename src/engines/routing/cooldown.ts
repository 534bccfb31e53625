// Which engines have just failed, and are left alone for a while. Afterwards one call finds out whether an engine is well again, before the others follow.
import type { Clock } from '../../lib/clock.ts';
import type { EngineError } from '../engine.ts';

/** How long an engine is left alone that failed, unless the operator says otherwise. */
export const usualRestMs = 30_000;
/** One that wants to be left alone is, up to this. */
export const mostRestMs = 600_000;
/** Nobody is asked again sooner who wants to be left alone. */
const leastRestMs = 1000;

/** `resting` until then. `probing`: one call is trying it, and says until then how it went. */
type State = { name: 'resting'; untilMs: number } | { name: 'probing'; untilMs: number };

export class Cooldown {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #restMs: number;
  readonly #states = new Map<string, State>();

  constructor(clock: Pick<Clock, 'now'>, restMs = usualRestMs) {
    this.#clock = clock;
    this.#restMs = restMs;
  }

  /** Whether the engine of that name may be asked now. Where it had failed, whoever gets `true` is the one that finds out, and has to tell. */
  mayAsk(name: string): boolean {
    const state = this.#states.get(name);
    if (!state) return true;
    if (this.#clock.now() < state.untilMs) return false;
    this.#states.set(name, { name: 'probing', untilMs: this.#clock.now() + this.#restMs });
    return true;
  }

  /** It did what it was asked for. */
  worked(name: string): void {
    this.#states.delete(name);
  }

  /** It did not; a request that it refused says nothing about others. */
  failed(name: string, { reason, retryAfterMs }: EngineError): void {
    if (reason === 'rejected') return;
    const restMs = retryAfterMs === undefined ? this.#restMs : Math.min(Math.max(retryAfterMs, leastRestMs), mostRestMs);
    this.#states.set(name, { name: 'resting', untilMs: this.#clock.now() + restMs });
  }

  /** Those that are left alone now. */
  get resting(): string[] {
    return [...this.#states].flatMap(([name, { untilMs }]) => (this.#clock.now() < untilMs ? [name] : []));
  }
}
