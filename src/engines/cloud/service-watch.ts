// Servers that come and go while this one runs: they are looked for again and again, and what was made of one is kept from the first time it is
// seen until the end, so that whoever holds it has it again when the server is back.
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';

/** How often whoever may come or go is looked for. */
export const everyMs = 15_000;
/** One that does not answer may be busy: it is gone when it has not answered so often in a row. */
const mostMissed = 3;

/** A server as one look has seen it. */
export interface Sighting {
  /** What it is told apart by. */
  readonly prefix: string;
  /** For people. */
  readonly name: string;
  /** `configured` by settings, which is seen whether it answers or not, or `found` on this machine. */
  readonly source: 'configured' | 'found';
  /** For the log. */
  readonly baseUrl?: string;
}

export interface ServiceWatchOptions<S extends Sighting, K> {
  readonly clock: Clock;
  readonly log: Log;
  /** Looks once. Never rejects. */
  readonly look: () => Promise<readonly S[]>;
  /** What is kept of a server that is seen, for the first time (`known` is undefined) or again. Never rejects. */
  readonly keep: (seen: S, known: K | undefined) => Promise<K>;
  /** Ends what was kept. */
  readonly close: (kept: K) => Promise<void>;
  /** How long to wait before the next look; undefined: there is nothing more to find. */
  readonly pauseMs: () => number | undefined;
}

interface Known<K> {
  readonly prefix: string;
  readonly name: string;
  kept: K;
  missed: number;
}

export class ServiceWatch<S extends Sighting, K> {
  readonly #options: ServiceWatchOptions<S, K>;
  /** As many as there are kinds of servers, at most. */
  readonly #known: Known<K>[] = [];
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: ServiceWatchOptions<S, K>) {
    this.#options = options;
  }

  /** Of the servers that are there, the first that was found first. */
  get current(): readonly K[] {
    return this.#known.flatMap(({ kept, missed }) => (missed < mostMissed ? [kept] : []));
  }

  /** Of those that were there. */
  get gone(): readonly K[] {
    return this.#known.flatMap(({ kept, missed }) => (missed < mostMissed ? [] : [kept]));
  }

  /** Looks once, and from then on by itself as long as there may be something new to find. */
  async look(): Promise<void> {
    const { look, keep, close, pauseMs, clock } = this.#options;
    const seen = await look();
    const kept = await Promise.all(seen.map((each) => keep(each, this.#of(each)?.kept)));
    if (this.#closed) {
      // What was known before is closed already.
      await Promise.all(kept.filter((_, index) => !this.#of(seen[index] as S)).map(close));
      return;
    }
    for (const [index, each] of seen.entries()) this.#seen(each, kept[index] as K);
    this.#miss(seen);
    const waitMs = pauseMs();
    if (waitMs !== undefined) this.#timer = clock.after(waitMs, () => void this.look());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await Promise.all(this.#known.map(({ kept }) => this.#options.close(kept)));
  }

  #of({ prefix }: Sighting): Known<K> | undefined {
    return this.#known.find((known) => known.prefix === prefix);
  }

  #seen(seen: S, kept: K): void {
    const { prefix, name, source, baseUrl } = seen;
    const known = this.#of(seen);
    const isNew = !known || known.missed >= mostMissed;
    if (isNew && source === 'found') this.#options.log.info({ provider: prefix, baseUrl }, `found ${name} on this machine`);
    if (!known) this.#known.push({ prefix, name, kept, missed: 0 });
    else {
      known.kept = kept;
      known.missed = 0;
    }
  }

  #miss(seen: readonly S[]): void {
    const there = new Set(seen.map(({ prefix }) => prefix));
    for (const known of this.#known) {
      if (there.has(known.prefix)) continue;
      known.missed += 1;
      if (known.missed === mostMissed) this.#options.log.warn({ provider: known.prefix }, `${known.name} does not answer any more`);
    }
  }
}
