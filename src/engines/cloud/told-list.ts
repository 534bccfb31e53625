// What a service tells of itself, asked for again from time to time; until it has told (or if it never does) what is known of it otherwise.
import type { Clock } from '../../lib/clock.ts';

const REFRESH_MS = 3_600_000;
/** A server that was not there may have been started meanwhile. */
const RETRY_MS = 30_000;

export interface ToldListOptions<T> {
  readonly known: readonly T[];
  readonly clock: Clock;
  /** Nothing when the service does not tell. Does not reject. */
  readonly ask: () => Promise<readonly T[]>;
}

export class ToldList<T> {
  readonly #options: ToldListOptions<T>;
  #entries: readonly T[];
  #nextMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(options: ToldListOptions<T>) {
    this.#options = options;
    this.#entries = options.known;
  }

  /** At once; a list that has grown old is asked for meanwhile. */
  get current(): readonly T[] {
    if (this.#options.clock.now() >= this.#nextMs) void this.load();
    return this.#entries;
  }

  /** Resolves when the service has told, or has not. */
  load(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #ask(): Promise<void> {
    const { clock, ask } = this.#options;
    this.#nextMs = clock.now() + RETRY_MS;
    const told = await ask();
    if (told.length === 0) return;
    this.#entries = told;
    this.#nextMs = clock.now() + REFRESH_MS;
  }
}
