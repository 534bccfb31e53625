// The services of one kind of speech: those that settings open, and the servers on this machine, which may be started later and end sooner than this one.
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Engine } from '../engine.ts';
import type { SpeechService } from '../routing/service.ts';
import { everyMs, ServiceWatch, type Sighting } from './service-watch.ts';

/** A server of this machine that answers, before an engine was made of it. */
export interface SpeechSighting<O> extends Sighting {
  /** The usual one first; at least one. */
  readonly models: readonly string[];
  /** Never rejects. */
  open(): Promise<O>;
}

/** How servers on this machine are looked for. */
export interface SpeechSearch<O> {
  /** Of all that may be found. */
  readonly prefixes: readonly string[];
  /** Which of them answer now. Never rejects. */
  look(): Promise<readonly SpeechSighting<O>[]>;
}

export interface SpeechWatchOptions<O, E extends Engine> {
  readonly clock: Clock;
  readonly log: Log;
  /** Those that settings open. */
  readonly configured: readonly O[];
  /** Undefined: nobody is looked for. */
  readonly search: SpeechSearch<O> | undefined;
  readonly serve: (opened: O) => SpeechService<E>;
}

export class SpeechWatch<O, E extends Engine> {
  readonly #configured: readonly SpeechService<E>[];
  readonly #search: SpeechSearch<O> | undefined;
  readonly #watch: ServiceWatch<SpeechSighting<O>, SpeechService<E>>;

  constructor({ clock, log, configured, search, serve }: SpeechWatchOptions<O, E>) {
    this.#configured = configured.map(serve);
    this.#search = search;
    this.#watch = new ServiceWatch({
      clock,
      log,
      look: async () => (await search?.look()) ?? [],
      keep: async (seen, known) => (known ? renewed(known, seen.models) : serve(await seen.open())),
      close: ({ engine }) => engine.close(),
      pauseMs: () => (search ? everyMs : undefined),
    });
  }

  /** Those that settings open come first. One that has gone is among them: whoever names it is served by it again once it is back. */
  get services(): readonly SpeechService<E>[] {
    const gone = this.#watch.gone.map((service): SpeechService<E> => ({ ...service, presence: 'gone' }));
    return [...this.#configured, ...this.#watch.current, ...gone];
  }

  /** Whether there may be a server of that prefix later. */
  awaits(prefix: string): boolean {
    return this.#search?.prefixes.includes(prefix) ?? false;
  }

  /** Looks once, and from then on by itself. */
  look(): Promise<void> {
    return this.#watch.look();
  }

  async close(): Promise<void> {
    await Promise.all([this.#watch.close(), ...this.#configured.map(({ engine }) => engine.close())]);
  }
}

/** The same server with what it offers now. Its usual model stays the same for as long as it has that. */
function renewed<E extends Engine>(known: SpeechService<E>, models: readonly string[]): SpeechService<E> {
  const { defaultModel: before } = known;
  return { ...known, defaultModel: models.includes(before) ? before : (models[0] ?? before), models: () => models };
}
