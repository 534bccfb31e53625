// The images that a session's client names by their addresses, for models that are given what is there: each is fetched once and kept for the
// session's next prompts, few are under way at a time, and of too many the newest count.
import type { Clock } from '../lib/clock.ts';

/** Of one session. */
const mostAtOnce = 3;
/** Given to one prompt, with what it has of images already. Those under way when it is reached come on top. */
const mostGivenBytes = 32 * 1024 * 1024;
/** Kept for later prompts, as data: URLs: all that the newest has used. */
const mostKeptBytes = mostGivenBytes;
/** Given to all prompts of the session that are being answered. */
const mostLentBytes = 2 * mostGivenBytes;
/** An address at which nothing was to be had is not asked again for so long. */
const failureMs = 60_000;
const mostFailures = 64;

export type FetchImage = (url: string, signal: AbortSignal) => Promise<string>;
/** What is at an address as a data: URL, or why it could not be had. */
type Image = { url: string } | { reason: string };

const calledOff: Image = { reason: 'the answer was called off' };

/** The images of one prompt, to be given back when it has been answered. */
export interface Lent {
  readonly found: ReadonlyMap<string, Image>;
  giveBack(): void;
}

/** What is to be fetched, and how many prompts wait for it. */
interface Order {
  readonly url: string;
  askers: number;
}

export class Images {
  readonly #fetch: FetchImage;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  /** The last that was used stands last. */
  readonly #kept = new Map<string, string>();
  #keptBytes = 0;
  #lentBytes = 0;
  /** What the newest prompt names. */
  #newest: ReadonlySet<string> = new Set();
  readonly #failed = new Map<string, { reason: string; untilMs: number }>();
  readonly #underWay = new Map<string, { order: Order; image: Promise<Image> }>();
  /** Those that are not begun; told whether they are to begin. */
  readonly #waiting = new Map<Order, (begins: boolean) => void>();
  #free = mostAtOnce;

  /** When the signal fires nothing more is fetched, and what is under way ends. */
  constructor(fetch: FetchImage, clock: Clock, signal: AbortSignal) {
    this.#fetch = fetch;
    this.#clock = clock;
    this.#signal = signal;
  }

  /**
   * Of addresses, the one that matters most first. When the signal fires it is not waited for any more, and what nobody else waits for is not
   * begun. `besideBytes`: what the prompt has of images already.
   */
  async lend(urls: readonly string[], signal: AbortSignal, besideBytes = 0): Promise<Lent> {
    const found = new Map<string, Image>();
    const left = [...new Set(urls)];
    this.#newest = new Set(left);
    let bytes = 0;
    const work = async () => {
      for (let url = left.shift(); url !== undefined && !signal.aborted; url = left.shift()) {
        if (besideBytes + bytes >= mostGivenBytes || this.#lentBytes >= mostLentBytes) {
          found.set(url, { reason: 'there are too many of them, and newer ones' });
          continue;
        }
        const image = await this.#one(url, signal);
        found.set(url, image);
        if (!('url' in image)) continue;
        bytes += image.url.length;
        this.#lentBytes += image.url.length;
      }
    };
    await Promise.all(Array.from({ length: mostAtOnce }, work));
    const giveBack = () => {
      this.#lentBytes -= bytes;
      bytes = 0;
    };
    return { found, giveBack };
  }

  async #one(url: string, signal: AbortSignal): Promise<Image> {
    const kept = this.#kept.get(url);
    if (kept !== undefined) {
      this.#kept.delete(url);
      this.#kept.set(url, kept);
      return { url: kept };
    }
    const failed = this.#failed.get(url);
    if (failed && failed.untilMs > this.#clock.now()) return { reason: failed.reason };
    const { order, image } = this.#underWay.get(url) ?? this.#begin(url);
    const { promise: left, resolve } = Promise.withResolvers<Image>();
    const leave = () => resolve(calledOff);
    signal.addEventListener('abort', leave, { once: true });
    order.askers += 1;
    try {
      return await Promise.race([image, left]);
    } finally {
      signal.removeEventListener('abort', leave);
      order.askers -= 1;
      if (order.askers === 0) this.#drop(order);
    }
  }

  #begin(url: string): { order: Order; image: Promise<Image> } {
    const order: Order = { url, askers: 0 };
    const image = this.#load(order).finally(() => this.#end(order));
    const load = { order, image };
    this.#underWay.set(url, load);
    return load;
  }

  #end(order: Order): void {
    if (this.#underWay.get(order.url)?.order === order) this.#underWay.delete(order.url);
  }

  /** Nobody waits for it: it is not begun, if it was not. */
  #drop(order: Order): void {
    const tell = this.#waiting.get(order);
    if (!tell) return;
    this.#waiting.delete(order);
    this.#end(order);
    tell(false);
  }

  #place(order: Order): Promise<boolean> {
    if (this.#free === 0) return new Promise((resolve) => this.#waiting.set(order, resolve));
    this.#free -= 1;
    return Promise.resolve(true);
  }

  async #load(order: Order): Promise<Image> {
    const { url } = order;
    if (!(await this.#place(order))) return calledOff;
    try {
      const data = this.#signal.aborted ? undefined : await this.#fetch(url, this.#signal);
      if (data === undefined) return { reason: 'the session is over' };
      this.#keep(url, data);
      return { url: data };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#remember(url, reason);
      return { reason };
    } finally {
      this.#next();
    }
  }

  /** A place has become free: it goes to the one that has waited longest. */
  #next(): void {
    const [first] = this.#waiting;
    if (!first) {
      this.#free += 1;
      return;
    }
    const [order, tell] = first;
    this.#waiting.delete(order);
    tell(true);
  }

  /** What the newest prompt has no use for makes room first; what it uses makes none. */
  #keep(url: string, data: string): void {
    this.#failed.delete(url);
    this.#kept.set(url, data);
    this.#keptBytes += data.length;
    const unused = [...this.#kept.keys()].filter((each) => !this.#newest.has(each));
    for (const each of [...unused, url]) {
      if (this.#keptBytes <= mostKeptBytes) return;
      this.#keptBytes -= this.#kept.get(each)?.length ?? 0;
      this.#kept.delete(each);
    }
  }

  #remember(url: string, reason: string): void {
    this.#failed.delete(url);
    this.#failed.set(url, { reason, untilMs: this.#clock.now() + failureMs });
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > mostFailures && oldest !== undefined) this.#failed.delete(oldest);
  }
}
