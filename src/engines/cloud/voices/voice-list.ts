// The voices of a service: as it tells them, asked again from time to time, and until it has told them (or if it never does) as its documentation
// names them.
import type { Clock } from '../../../lib/clock.ts';
import type { Log } from '../../../lib/log.ts';
import type { Voice } from '../../engine.ts';
import { getJson } from '../get-json.ts';

const REFRESH_MS = 3_600_000;
const LIST_MS = 5000;
/** Some services have thousands, most of them others' clones. */
const MOST_VOICES = 2000;
const MOST_PAGES = 20;

/** One page of a list, and where the next one is. */
export interface VoicePage {
  readonly voices: readonly Voice[];
  readonly next?: string | undefined;
}

export interface VoiceListOptions {
  /** The service, for the log. */
  readonly engine: string;
  readonly documented: readonly Voice[];
  readonly clock: Clock;
  readonly log: Log;
  /** Where the service tells its voices; without, it does not. */
  readonly source?: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly read: (body: unknown) => VoicePage;
  };
}

export class VoiceList {
  readonly #options: VoiceListOptions;
  #voices: readonly Voice[];
  #askedMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(options: VoiceListOptions) {
    this.#options = options;
    this.#voices = options.documented;
  }

  /** At once; a list that has grown old is asked for meanwhile. */
  get current(): readonly Voice[] {
    if (this.#options.clock.now() - this.#askedMs > REFRESH_MS) void this.load();
    return this.#voices;
  }

  find(id: string): Voice | undefined {
    return this.#voices.find((voice) => voice.id.toLowerCase() === id.toLowerCase());
  }

  /** Resolves when the service has told, or has not. */
  load(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #ask(): Promise<void> {
    const { source, clock, engine, log } = this.#options;
    this.#askedMs = clock.now();
    if (!source) return;
    const voices = new Map<string, Voice>();
    let url: string | undefined = source.url;
    try {
      for (let page = 0; url !== undefined && page < MOST_PAGES && voices.size < MOST_VOICES; page += 1) {
        const told = source.read(await getJson(url, { headers: source.headers, timeoutMs: LIST_MS, clock }));
        for (const voice of told.voices) voices.set(voice.id.toLowerCase(), voice);
        url = told.next;
      }
    } catch (error) {
      // A key may be allowed to speak and not to list.
      log.info({ engine, problem: error instanceof Error ? error.message : String(error) }, 'the list of voices cannot be had');
    }
    if (voices.size > 0) this.#voices = [...voices.values()].slice(0, MOST_VOICES);
  }
}
