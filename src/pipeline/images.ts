// The images that a session's client names by their addresses, for models that are given what is there: each is fetched once and kept for the
// session's next prompts, few are under way at a time, and of too many the newest count.

/** Of one session. */
const mostAtOnce = 3;
/** Kept for later prompts, as data: URLs. */
const mostKeptBytes = 16 * 1024 * 1024;
/** Given to one prompt. Those under way when it is reached come on top. */
const mostGivenBytes = 32 * 1024 * 1024;

export type FetchImage = (url: string, signal: AbortSignal) => Promise<string>;
/** What is at an address as a data: URL, or why it could not be had. */
type Image = { url: string } | { reason: string };

export class Images {
  readonly #fetch: FetchImage;
  readonly #signal: AbortSignal;
  /** The last that was used stands last. */
  readonly #kept = new Map<string, string>();
  #keptBytes = 0;
  readonly #underWay = new Map<string, Promise<Image>>();
  #waiting: (() => void)[] = [];
  #free = mostAtOnce;

  /** When the signal fires nothing more is fetched, and what is under way ends. */
  constructor(fetch: FetchImage, signal: AbortSignal) {
    this.#fetch = fetch;
    this.#signal = signal;
  }

  /** Of addresses, the one that matters most first. What is not fetched yet when the signal fires is not fetched. */
  async get(urls: readonly string[], signal: AbortSignal): Promise<Map<string, Image>> {
    const found = new Map<string, Image>();
    const left = [...new Set(urls)];
    let bytes = 0;
    const work = async () => {
      for (let url = left.shift(); url !== undefined && !signal.aborted; url = left.shift()) {
        if (bytes >= mostGivenBytes) {
          found.set(url, { reason: 'there are too many of them, and newer ones' });
          continue;
        }
        const image = await this.#one(url);
        found.set(url, image);
        if ('url' in image) bytes += image.url.length;
      }
    };
    await Promise.all(Array.from({ length: mostAtOnce }, work));
    return found;
  }

  async #one(url: string): Promise<Image> {
    const kept = this.#kept.get(url);
    if (kept === undefined) return this.#underWay.get(url) ?? this.#begin(url);
    this.#kept.delete(url);
    this.#kept.set(url, kept);
    return { url: kept };
  }

  #begin(url: string): Promise<Image> {
    const fetched = this.#load(url).finally(() => this.#underWay.delete(url));
    this.#underWay.set(url, fetched);
    return fetched;
  }

  async #load(url: string): Promise<Image> {
    await this.#place();
    try {
      const data = this.#signal.aborted ? undefined : await this.#fetch(url, this.#signal);
      if (data === undefined) return { reason: 'the session is over' };
      this.#keep(url, data);
      return { url: data };
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error) };
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }

  async #place(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #keep(url: string, data: string): void {
    if (data.length > mostKeptBytes) return;
    this.#kept.set(url, data);
    this.#keptBytes += data.length;
    for (const [oldest, { length }] of this.#kept) {
      if (this.#keptBytes <= mostKeptBytes) return;
      this.#kept.delete(oldest);
      this.#keptBytes -= length;
    }
  }
}
