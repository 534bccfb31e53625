// Webhooks on their way: signed, tried again, and bounded. An event never waits for another call's, and nothing of a call waits for a receiver
// but the decision that `ask` is for.
import type { Clock } from '../lib/clock.ts';
import type { FetchFunction } from '../lib/guarded-fetch.ts';
import type { Ids } from '../lib/ids.ts';
import type { Log } from '../lib/log.ts';
import { type Delivery, WebhookReceiver } from './webhook-receiver.ts';
import { isSubscribed, type WebhookEvent } from './webhook-events.ts';
import { webhookKey } from './webhook-signature.ts';

export interface WebhookTarget {
  readonly url: string;
  /** `whsec_…` */
  readonly secret: string;
  /** Patterns of event types; all events where there are none. */
  readonly events?: readonly string[] | undefined;
}

export interface WebhooksOptions {
  readonly targets: readonly WebhookTarget[];
  readonly fetch: FetchFunction;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

/** `delivered`: one receiver has taken it · `failed`: none has, and it will not be tried again · `nobody`: no receiver wants such events. */
export type Asked = 'delivered' | 'failed' | 'nobody';

/** What was tried once when the server ends may finish for so long. */
const farewellMs = 1000;

interface Receiver {
  /** Its address and its secret: what makes it the same one. */
  readonly at: string;
  readonly events: readonly string[];
  readonly way: WebhookReceiver;
}

export class Webhooks {
  readonly #options: Omit<WebhooksOptions, 'targets'>;
  #receivers: readonly Receiver[] = [];
  /** Receivers that are told nothing any more, until their last requests have ended. */
  readonly #parting = new Set<Promise<void>>();

  /** @throws Error when a target's secret cannot be used. */
  constructor({ targets, ...options }: WebhooksOptions) {
    this.#options = options;
    this.configure(targets);
  }

  /** From now on these are told. What waits for one that stays goes on to it. @throws Error when a target's secret cannot be used. */
  configure(targets: readonly WebhookTarget[]): void {
    const before = new Map(this.#receivers.map((receiver) => [receiver.at, receiver]));
    const next = targets.map(({ url, secret, events = ['*'] }) => {
      const at = `${url} ${secret}`;
      const way = before.get(at)?.way ?? new WebhookReceiver({ url, key: webhookKey(secret), ...this.#options });
      return { at, events, way };
    });
    const kept = new Set(next.map(({ way }) => way));
    for (const { way } of this.#receivers) if (!kept.has(way)) this.#part(way);
    this.#receivers = next;
  }

  #part(way: WebhookReceiver): void {
    const parting = way.close(farewellMs).finally(() => this.#parting.delete(parting));
    this.#parting.add(parting);
  }

  /** Whether any receiver wants events of that type. */
  wants(type: WebhookEvent['type']): boolean {
    return this.#wanting(type).length > 0;
  }

  /** Tells an event to all that want it: five tries in about two and a half minutes, those of one call in their order. */
  tell(event: WebhookEvent): void {
    const delivery = this.#delivery(event);
    for (const { way } of this.#wanting(event.type)) way.queue(delivery);
  }

  /**
   * Tells an event that somebody has to decide on, tries again as long as `signal` has not fired (the time is over, or there is nothing to decide
   * any more), and resolves with the first receiver that has taken it.
   */
  async ask(event: WebhookEvent, signal: AbortSignal): Promise<Asked> {
    const wanting = this.#wanting(event.type);
    if (wanting.length === 0) return 'nobody';
    const delivery = this.#delivery(event);
    const taken = wanting.map(async ({ way }) => {
      if (!(await way.deliverNow(delivery, signal))) throw new Error('not taken');
    });
    return Promise.any(taken).then(
      () => 'delivered' as const,
      () => 'failed' as const,
    );
  }

  /** Ends every delivery: one that has not been tried yet gets its try, a second for all of them; what waits for another try is lost. */
  async close(): Promise<void> {
    await Promise.all([...this.#receivers.map(({ way }) => way.close(farewellMs)), ...this.#parting]);
  }

  #wanting(type: string): readonly Receiver[] {
    return this.#receivers.filter(({ events }) => events.some((pattern) => isSubscribed(pattern, type)));
  }

  #delivery({ type, data }: WebhookEvent): Delivery {
    const { ids, clock } = this.#options;
    const id = ids('evt');
    const createdAt = Math.floor(clock.wallMs() / 1000);
    return { id, type, call: data.call_id, body: JSON.stringify({ object: 'event', id, type, created_at: createdAt, data }) };
  }
}
