// The server's half of a transaction that is no INVITE's: RFC 3261 section 17.2.2.
import type { Clock } from '../../../lib/clock.ts';
import { type SipRequest, type SipResponse, writeMessage } from '../message.ts';
import { LetteredTimers, patienceMs, type SipTimes } from './timers.ts';

type State = 'trying' | 'proceeding' | 'completed' | 'terminated';

export class ServerTransaction {
  readonly request: SipRequest;
  readonly #carrier: { readonly reliable: boolean; send(bytes: Buffer): void };
  readonly #times: SipTimes;
  readonly #timers: LetteredTimers;
  readonly #onTerminated: () => void;
  #state: State = 'trying';
  #last: Buffer | undefined;

  constructor(
    request: SipRequest,
    carrier: { readonly reliable: boolean; send(bytes: Buffer): void },
    time: { readonly clock: Clock; readonly times: SipTimes },
    onTerminated: () => void,
  ) {
    this.request = request;
    this.#carrier = carrier;
    this.#times = time.times;
    this.#timers = new LetteredTimers(time.clock);
    this.#onTerminated = onTerminated;
    // Nobody waits for an answer longer than this (timer F of the client): one that comes later is for nobody.
    this.#timers.set('F', 2 * patienceMs(this.#times), () => this.#terminate());
  }

  get state(): State {
    return this.#state;
  }

  respond(response: SipResponse): void {
    if (this.#state === 'completed' || this.#state === 'terminated') return;
    this.#last = writeMessage(response);
    this.#carrier.send(this.#last);
    if (response.status < 200) {
      this.#state = 'proceeding';
      return;
    }
    this.#state = 'completed';
    this.#timers.stop('F');
    // Timer J keeps the answer for repeated requests; over a connection none is repeated.
    if (this.#carrier.reliable) this.#terminate();
    else this.#timers.set('J', patienceMs(this.#times), () => this.#terminate());
  }

  /** The request again. */
  receive(_request: SipRequest): void {
    if (this.#last && this.#state !== 'terminated') this.#carrier.send(this.#last);
  }

  abandon(): void {
    this.#terminate();
  }

  #terminate(): void {
    if (this.#state === 'terminated') return;
    this.#state = 'terminated';
    this.#timers.stopAll();
    this.#onTerminated();
  }
}
