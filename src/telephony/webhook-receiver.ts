// One receiver of webhooks, and what is on its way to it: the events of a call one after the other, those of different calls beside each other.
// What waits is bounded in number and bytes; a further event is lost, and the log says so once until there is room again.
import { type Clock, sleep } from '../lib/clock.ts';
import { type FetchFunction, GuardedFetchError } from '../lib/guarded-fetch.ts';
import type { Log } from '../lib/log.ts';
import { webhookHeaders } from './webhook-signature.ts';

export interface Delivery {
  /** The event's, and of every try: `webhook-id`. */
  readonly id: string;
  readonly type: string;
  readonly call: string;
  readonly body: string;
}

export interface WebhookReceiverOptions {
  readonly url: string;
  readonly key: Uint8Array;
  readonly fetch: FetchFunction;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a receiver may take to answer one try. */
const answerMs = 10_000;
/** How long is waited before each further try. */
const waitsMs = [1000, 5000, 30_000, 120_000] as const;

const mostWaiting = 1000;
const mostWaitingBytes = 4 * 1024 * 1024;
/** Requests to one receiver at a time. One that somebody waits for is not among them. */
const mostAtOnce = 16;

type Tried =
  | { readonly outcome: 'taken' }
  /** Worth another try, unless `final`. */
  | { readonly outcome: 'refused'; readonly why: string; readonly final: boolean };

export class WebhookReceiver {
  readonly #options: WebhookReceiverOptions;
  readonly #log: Log;
  /** The last delivery of each call that has one under way. */
  readonly #lines = new Map<string, Promise<void>>();
  readonly #underWay = new Set<Promise<unknown>>();
  /** Ends the waits between tries. */
  readonly #leaving = new AbortController();
  /** Ends the requests. */
  readonly #gone = new AbortController();
  readonly #turns: (() => void)[] = [];
  #requests = 0;
  #waiting = 0;
  #waitingBytes = 0;
  #full = false;

  constructor(options: WebhookReceiverOptions) {
    this.#options = options;
    // A path or a query may hold what opens the receiver.
    this.#log = options.log.child({ webhook: new URL(options.url).host });
  }

  queue(delivery: Delivery): void {
    if (!this.#admit(delivery)) return;
    const before = this.#lines.get(delivery.call) ?? Promise.resolve();
    const line = before
      .then(() => this.#deliver(delivery, this.#leaving.signal))
      .then(() => {
        this.#release(delivery);
        if (this.#lines.get(delivery.call) === line) this.#lines.delete(delivery.call);
      });
    this.#lines.set(delivery.call, line);
    this.#own(line);
  }

  /** Delivers at once, and tries again until the signal fires. Whether it was taken. */
  async deliverNow(delivery: Delivery, signal: AbortSignal): Promise<boolean> {
    if (!this.#admit(delivery)) return false;
    const work = this.#deliver(delivery, AbortSignal.any([signal, this.#leaving.signal]), signal);
    this.#own(work);
    return work.finally(() => this.#release(delivery));
  }

  async close(farewellMs: number): Promise<void> {
    this.#leaving.abort();
    const timer = this.#options.clock.after(farewellMs, () => {
      this.#gone.abort();
      for (const go of this.#turns.splice(0)) go();
    });
    await Promise.all(this.#underWay);
    timer.cancel();
  }

  /**
   * @param waiting Ends the waits between tries.
   * @param asking Ends the try that is under way, too: somebody waits for it, so that it does not wait for its turn.
   */
  async #deliver(delivery: Delivery, waiting: AbortSignal, asking?: AbortSignal): Promise<boolean> {
    const about = { event: delivery.type, id: delivery.id, call: delivery.call };
    for (let tries = 1; ; tries++) {
      if (!asking) await this.#turn();
      const tried = await this.#try(delivery, asking);
      if (!asking) this.#turnOver();
      if (tried.outcome === 'taken') {
        this.#log.debug({ ...about, tries }, 'webhook delivered');
        return true;
      }
      const waitMs = tried.final ? undefined : waitsMs[tries - 1];
      if (waitMs !== undefined) await sleep(this.#options.clock, waitMs, waiting);
      if (waitMs === undefined || waiting.aborted) {
        this.#log.warn({ ...about, tries, reason: tried.why }, 'webhook not delivered');
        return false;
      }
    }
  }

  async #try({ id, body }: Delivery, asking: AbortSignal | undefined): Promise<Tried> {
    const { url, key, fetch, clock } = this.#options;
    const late = new AbortController();
    const timer = clock.after(answerMs, () => late.abort());
    const signals = [late.signal, this.#gone.signal, ...(asking ? [asking] : [])];
    // Each try has its own time: a receiver refuses what is five minutes old.
    const headers = webhookHeaders(key, { id, timestampSeconds: Math.floor(clock.wallMs() / 1000), body });
    try {
      const response = await unless(
        AbortSignal.any(signals),
        fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'user-agent': 'Parley', ...headers },
          body,
          signal: AbortSignal.any(signals),
        }),
      );
      void response.body?.cancel().catch(() => {});
      if (response.status >= 200 && response.status < 300) return { outcome: 'taken' };
      // The receiver is gone for good (Standard Webhooks, "Delivery").
      return { outcome: 'refused', why: `it answered ${response.status}`, final: response.status === 410 };
    } catch (error) {
      if (late.signal.aborted) return { outcome: 'refused', why: `it did not answer within ${answerMs / 1000} seconds`, final: false };
      return { outcome: 'refused', why: reasonOf(error), final: this.#gone.signal.aborted || asking?.aborted === true };
    } finally {
      timer.cancel();
    }
  }

  /** Resolves when there is room for one more request, which is taken. */
  #turn(): Promise<void> {
    if (this.#requests < mostAtOnce || this.#gone.signal.aborted) {
      this.#requests += 1;
      return Promise.resolve();
    }
    return new Promise((go) => this.#turns.push(go));
  }

  /** The room goes to whoever has waited longest. */
  #turnOver(): void {
    const next = this.#turns.shift();
    if (next) next();
    else this.#requests -= 1;
  }

  #admit({ type, id, body }: Delivery): boolean {
    if (this.#leaving.signal.aborted) return false;
    if (this.#waiting >= mostWaiting || this.#waitingBytes + Buffer.byteLength(body) > mostWaitingBytes) {
      if (!this.#full) this.#log.warn({ event: type, id, waiting: this.#waiting }, 'webhooks are lost: too many wait to be delivered');
      this.#full = true;
      return false;
    }
    this.#full = false;
    this.#waiting += 1;
    this.#waitingBytes += Buffer.byteLength(body);
    return true;
  }

  #release({ body }: Delivery): void {
    this.#waiting -= 1;
    this.#waitingBytes -= Buffer.byteLength(body);
  }

  #own(work: Promise<unknown>): void {
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }
}

/** Never with an address in it: an error of a fetch may quote what it was asked for. */
function reasonOf(error: unknown): string {
  if (error instanceof GuardedFetchError) return error.message;
  return error instanceof Error && error.name === 'AbortError' ? 'it was not waited for any longer' : 'it could not be reached';
}

/** The answer, or an end once the signal fires: a fetch may take its time to notice. */
function unless(signal: AbortSignal, answer: Promise<Response>): Promise<Response> {
  return new Promise((resolve, reject) => {
    const give = () => reject(new DOMException('ended', 'AbortError'));
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  });
}
