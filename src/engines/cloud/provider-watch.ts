// The language models there are now. What runs on this machine may be started after this server, and a configured one may be down at the start: both are
// looked for again and again.
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Llm } from '../engine.ts';
import type { Provider } from './providers.ts';

/** A configured one that has not told its models yet is looked for sooner at first, since sessions wait for it. */
const firstMs = 1000;
const everyMs = 15_000;
/** One that does not answer may be busy: it is gone when it has not answered so often in a row. */
const mostMissed = 3;

export interface WatchedProvider {
  readonly prefix: string;
  readonly alsoKnownAs: readonly string[];
  readonly name: string;
  readonly llm: Llm;
  /** The same without a second try, for whoever has other models to ask. */
  readonly once: Llm;
  readonly defaultModel?: string;
  readonly models: readonly string[];
}

export interface ProviderWatchOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Never rejects. */
  readonly discover: () => Promise<readonly Provider[]>;
  /** What the models of a provider are served through. */
  readonly through: (prefix: string, llm: Llm) => Llm;
}

interface Known {
  readonly source: Provider['source'];
  provider: WatchedProvider;
  missed: number;
}

export class ProviderWatch {
  readonly #options: ProviderWatchOptions;
  #known: Known[] = [];
  #timer: Timer | undefined;
  #nextMs = firstMs;
  #closed = false;

  constructor(options: ProviderWatchOptions) {
    this.#options = options;
  }

  get current(): readonly WatchedProvider[] {
    return this.#known.map(({ provider }) => provider);
  }

  /** Looks once, and from then on by itself as long as there may be something new to find. */
  async look(): Promise<void> {
    const found = await this.#options.discover();
    if (this.#closed) {
      await Promise.all(found.map(({ llm }) => llm.close()));
      return;
    }
    await Promise.all(found.map((provider) => this.#take(provider)));
    this.#drop(new Set(found.map(({ prefix }) => prefix)));
    const isSettled =
      this.#known.some(({ source }) => source === 'configured') && this.#known.every(({ provider }) => provider.defaultModel);
    if (isSettled || this.#closed) return;
    const isAwaited = this.#known.some(({ source, provider }) => source === 'configured' && provider.defaultModel === undefined);
    this.#timer = this.#options.clock.after(isAwaited ? this.#nextMs : everyMs, () => void this.look());
    this.#nextMs = Math.min(2 * this.#nextMs, everyMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await Promise.all(this.current.map(({ llm }) => llm.close()));
  }

  async #take(provider: Provider): Promise<void> {
    const { prefix, alsoKnownAs, llm, source, defaultModel } = provider;
    const models = source === 'found' ? await provider.models() : [];
    const known = this.#known.find((each) => each.provider.prefix === prefix);
    if (!known) {
      const through = this.#options.through(prefix, llm);
      const fresh = {
        prefix,
        alsoKnownAs,
        name: llm.info.name,
        llm: through,
        once: llm,
        models,
        ...(defaultModel === undefined ? {} : { defaultModel }),
      };
      this.#known.push({ source, provider: fresh, missed: 0 });
      return;
    }
    await llm.close();
    known.missed = 0;
    const usual = known.provider.defaultModel ?? defaultModel;
    known.provider = { ...known.provider, models, ...(usual === undefined ? {} : { defaultModel: usual }) };
  }

  #drop(there: ReadonlySet<string>): void {
    for (const known of this.#known) if (!there.has(known.provider.prefix)) known.missed += 1;
    const gone = this.#known.filter(({ missed }) => missed >= mostMissed);
    this.#known = this.#known.filter(({ missed }) => missed < mostMissed);
    for (const { provider } of gone) {
      this.#options.log.warn({ provider: provider.prefix }, `${provider.name} does not answer any more`);
      void provider.llm.close();
    }
  }
}
