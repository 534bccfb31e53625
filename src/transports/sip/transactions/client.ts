// The client's half of a transaction that is no INVITE's: RFC 3261 section 17.1.2.
import type { Clock } from '../../../lib/clock.ts';
import { type SipRequest, type SipResponse, writeMessage } from '../message.ts';
import { LetteredTimers, patienceMs, type SipTimes } from './timers.ts';

type State = 'trying' | 'proceeding' | 'completed' | 'terminated';

export interface ClientEvents {
  /** Each provisional response, and the final one once; of an INVITE each success, as they are repeated until they are acknowledged. */
  onResponse(response: SipResponse): void;
  /** No final response: none came in time, or the way there was lost. */
  onFailed(why: 'timeout' | 'lost'): void;
  onTerminated(): void;
}

export class ClientTransaction {
  readonly request: SipRequest;
  readonly #send: () => void;
  readonly #reliable: boolean;
  readonly #times: SipTimes;
  readonly #timers: LetteredTimers;
  readonly #events: ClientEvents;
  #state: State = 'trying';

  constructor(
    request: SipRequest,
    carrier: { readonly reliable: boolean; send(bytes: Buffer): void },
    time: { readonly clock: Clock; readonly times: SipTimes },
    events: ClientEvents,
  ) {
    const bytes = writeMessage(request);
    this.request = request;
    this.#send = () => carrier.send(bytes);
    this.#reliable = carrier.reliable;
    this.#times = time.times;
    this.#timers = new LetteredTimers(time.clock);
    this.#events = events;
  }

  get state(): State {
    return this.#state;
  }

  start(): void {
    this.#send();
    if (!this.#reliable) this.#repeatAfter(this.#times.t1Ms);
    this.#timers.set('F', patienceMs(this.#times), () => this.#fail('timeout'));
  }

  receive(response: SipResponse): void {
    if (this.#state !== 'trying' && this.#state !== 'proceeding') return;
    if (response.status < 200) {
      this.#state = 'proceeding';
      this.#timers.stop('first');
      this.#events.onResponse(response);
      return;
    }
    this.#state = 'completed';
    this.#timers.stopAll();
    // Timer K absorbs what the network still holds of repeated answers.
    if (this.#reliable) this.#terminate();
    else this.#timers.set('K', this.#times.t4Ms, () => this.#terminate());
    this.#events.onResponse(response);
  }

  /** Fails where nothing at all has come by then. */
  expectWithin(delayMs: number): void {
    if (this.#state === 'trying') this.#timers.set('first', delayMs, () => this.#fail('timeout'));
  }

  /** The connection is lost. */
  lost(): void {
    if (this.#state === 'trying' || this.#state === 'proceeding') this.#fail('lost');
  }

  abandon(): void {
    this.#terminate();
  }

  #repeatAfter(delayMs: number): void {
    this.#timers.set('E', delayMs, () => {
      this.#send();
      this.#repeatAfter(this.#state === 'proceeding' ? this.#times.t2Ms : Math.min(delayMs * 2, this.#times.t2Ms));
    });
  }

  #fail(why: 'timeout' | 'lost'): void {
    this.#terminate();
    this.#events.onFailed(why);
  }

  #terminate(): void {
    if (this.#state === 'terminated') return;
    this.#state = 'terminated';
    this.#timers.stopAll();
    this.#events.onTerminated();
  }
}
