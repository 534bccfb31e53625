// What is known of models by having asked them: which is left alone for a while after it failed, and how quick each has been. One for the whole server,
// so that what one conversation has found out the next one need not.
import type { Clock } from '../../lib/clock.ts';
import type { EngineError, EngineFailure } from '../engine.ts';
import { mostRestMs, usualRestMs } from './cooldown.ts';

/** A figure that is older says nothing of today. */
const figureLifeMs = 600_000;
/** What the newest figure counts in a moving average. */
const newest = 0.3;
/** A shorter answer says nothing of a model's pace. */
const leastTokens = 8;
const leastMs = 50;

/** Clients choose the names of models: no more are remembered than these. */
const mostModels = 1000;

/** Failures of the request, which another request need not have. */
const faultsOfRequests: ReadonlySet<EngineFailure> = new Set(['rejected']);

interface Known {
  restsUntilMs: number;
  firstPart: Average | undefined;
  pace: Average | undefined;
}

interface Average {
  value: number;
  atMs: number;
}

/** Undefined: it has not been measured lately. */
export interface MeasuredFigures {
  /** From asking to the first part. */
  readonly firstPartMs: number | undefined;
  readonly tokensPerSecond: number | undefined;
}

export class ModelHealth {
  readonly #clock: Clock;
  readonly #restMs: number;
  /** By `provider/model`, those that were asked last at the end. */
  readonly #models = new Map<string, Known>();

  /** `restMs`: how long a model is asked after all others once it failed; a service that wants to be left alone for longer is, up to `mostRestMs`. */
  constructor(clock: Clock, restMs = usualRestMs) {
    this.#clock = clock;
    this.#restMs = restMs;
  }

  /** Those that rest come last; otherwise the order stays. Nobody is left out: whoever is alone is asked. */
  inOrder<M extends { readonly id: string }>(models: readonly M[]): M[] {
    const rests = ({ id }: M) => this.restLeftMs(id) > 0;
    return [...models.filter((model) => !rests(model)), ...models.filter(rests)];
  }

  /** For how long it is still asked after all others; 0 when it does not rest. */
  restLeftMs(id: string): number {
    return Math.max(0, (this.#models.get(id)?.restsUntilMs ?? 0) - this.#clock.now());
  }

  figures(id: string): MeasuredFigures {
    const known = this.#models.get(id);
    return { firstPartMs: this.#current(known?.firstPart), tokensPerSecond: this.#current(known?.pace) };
  }

  /** Its first part came. Whoever answers does not rest any more. */
  answered(id: string, firstPartMs: number): void {
    const known = this.#known(id);
    known.restsUntilMs = 0;
    known.firstPart = this.#averaged(known.firstPart, firstPartMs);
  }

  /** Its first part had not come after that time, and was not waited for any longer: it is slow, which is no failure. */
  late(id: string, waitedMs: number): void {
    const known = this.#known(id);
    known.firstPart = this.#averaged(known.firstPart, waitedMs);
  }

  /** It answered to the end: so many tokens in that time, counted from its first part. */
  finished(id: string, tokens: number, ms: number): void {
    if (tokens < leastTokens || ms < leastMs) return;
    const known = this.#known(id);
    known.pace = this.#averaged(known.pace, (1000 * tokens) / ms);
  }

  failed(id: string, { reason, retryAfterMs = 0 }: EngineError): void {
    if (faultsOfRequests.has(reason)) return;
    this.#known(id).restsUntilMs = this.#clock.now() + Math.min(Math.max(this.#restMs, retryAfterMs), mostRestMs);
  }

  #known(id: string): Known {
    const known = this.#models.get(id) ?? { restsUntilMs: 0, firstPart: undefined, pace: undefined };
    this.#models.delete(id);
    this.#models.set(id, known);
    if (this.#models.size > mostModels) this.#models.delete(this.#models.keys().next().value as string);
    return known;
  }

  #averaged(before: Average | undefined, value: number): Average {
    const average = this.#current(before);
    return { value: average === undefined ? value : average + newest * (value - average), atMs: this.#clock.now() };
  }

  #current(average: Average | undefined): number | undefined {
    return average && this.#clock.now() - average.atMs <= figureLifeMs ? average.value : undefined;
  }
}
