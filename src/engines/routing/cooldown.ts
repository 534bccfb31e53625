// Which engines have just failed, and are left alone for a while. Afterwards one call finds out whether an engine is well again, before the others follow.
import type { Clock } from '../../lib/clock.ts';
import type { EngineError } from '../engine.ts';

const restMs = 30_000;
const mostRestMs = 300_000;

/** `resting` until then. `probing`: one call is trying it, and says until then how it went. */
type State = { name: 'resting'; untilMs: number } | { name: 'probing'; untilMs: number };

export class Cooldown {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #states = new Map<string, State>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Whether the engine of that name may be asked now. Where it had failed, whoever gets `true` is the one that finds out, and has to tell. */
  mayAsk(name: string): boolean {
    const state = this.#states.get(name);
    if (!state) return true;
    if (this.#clock.now() < state.untilMs) return false;
    this.#states.set(name, { name: 'probing', untilMs: this.#clock.now() + restMs });
    return true;
  }

  /** It did what it was asked for. */
  worked(name: string): void {
    this.#states.delete(name);
  }

  /** It did not; a request that it refused says nothing about others. */
  failed(name: string, { reason, retryAfterMs = restMs }: EngineError): void {
    if (reason === 'rejected') return;
    this.#states.set(name, { name: 'resting', untilMs: this.#clock.now() + Math.min(Math.max(retryAfterMs, 1000), mostRestMs) });
  }

  /** Those that are left alone now. */
  get resting(): string[] {
    return [...this.#states].flatMap(([name, { untilMs }]) => (this.#clock.now() < untilMs ? [name] : []));
  }
}
