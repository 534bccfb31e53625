// The language models there are now. What runs on this machine may be started after this server, and a configured one may be down at the start: both are
// looked for again and again.
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Llm } from '../engine.ts';
import type { Provider } from './providers.ts';
import { everyMs, ServiceWatch } from './service-watch.ts';

/** A configured one that has not told its models yet is looked for sooner at first, since sessions wait for it. */
const firstMs = 1000;

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

interface Kept {
  readonly source: Provider['source'];
  readonly provider: WatchedProvider;
}

export class ProviderWatch {
  readonly #through: ProviderWatchOptions['through'];
  readonly #watch: ServiceWatch<Provider, Kept>;
  #nextMs = firstMs;

  constructor({ clock, log, discover, through }: ProviderWatchOptions) {
    this.#through = through;
    this.#watch = new ServiceWatch({
      clock,
      log,
      look: discover,
      keep: (seen, known) => this.#keep(seen, known),
      close: ({ provider }) => provider.llm.close(),
      pauseMs: () => this.#pauseMs(),
    });
  }

  get current(): readonly WatchedProvider[] {
    return this.#watch.current.map(({ provider }) => provider);
  }

  /** Looks once, and from then on by itself as long as there may be something new to find. */
  look(): Promise<void> {
    return this.#watch.look();
  }

  close(): Promise<void> {
    return this.#watch.close();
  }

  async #keep(seen: Provider, known: Kept | undefined): Promise<Kept> {
    const { prefix, alsoKnownAs, llm, source } = seen;
    const models = source === 'found' ? await seen.models() : [];
    const defaultModel = known?.provider.defaultModel ?? seen.defaultModel;
    const offer = { models, ...(defaultModel === undefined ? {} : { defaultModel }) };
    if (!known) {
      const through = this.#through(prefix, llm);
      // The first answer waits for no handshake.
      if (source === 'configured') through.warmUp(new AbortController().signal).catch(() => {});
      return { source, provider: { prefix, alsoKnownAs, name: llm.info.name, llm: through, once: llm, ...offer } };
    }
    await llm.close();
    return { source, provider: { ...known.provider, ...offer } };
  }

  #pauseMs(): number | undefined {
    const known = this.#watch.current;
    const isConfigured = known.some(({ source }) => source === 'configured');
    const isAwaited = known.some(({ source, provider }) => source === 'configured' && provider.defaultModel === undefined);
    if (isConfigured && known.every(({ provider }) => provider.defaultModel !== undefined)) return undefined;
    const waitMs = isAwaited ? this.#nextMs : everyMs;
    this.#nextMs = Math.min(2 * this.#nextMs, everyMs);
    return waitMs;
  }
}
