// The server's half of an INVITE transaction: RFC 3261 section 17.2.1 with the Accepted state of RFC 6026 section 7.1.
import type { Clock } from '../../../lib/clock.ts';
import { type SipRequest, type SipResponse, writeMessage } from '../message.ts';
import { LetteredTimers, patienceMs, type SipTimes } from './timers.ts';

type State = 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated';

export interface InviteServerEvents {
  /** No ACK of a failure came in time (timer H). */
  onNoAck?(): void;
  onTerminated(): void;
}

export class InviteServerTransaction {
  readonly request: SipRequest;
  /** Set by whoever would answer: what is done when the caller takes the INVITE back (section 9.2). */
  onCancel: ((cancel: SipRequest) => void) | undefined;
  readonly #send: (bytes: Buffer) => void;
  readonly #reliable: boolean;
  readonly #times: SipTimes;
  readonly #timers: LetteredTimers;
  readonly #events: InviteServerEvents;
  #state: State = 'proceeding';
  #last: Buffer | undefined;

  constructor(
    request: SipRequest,
    carrier: { readonly reliable: boolean; send(bytes: Buffer): void },
    time: { readonly clock: Clock; readonly times: SipTimes },
    events: InviteServerEvents,
  ) {
    this.request = request;
    this.#send = (bytes) => carrier.send(bytes);
    this.#reliable = carrier.reliable;
    this.#times = time.times;
    this.#timers = new LetteredTimers(time.clock);
    this.#events = events;
  }

  get state(): State {
    return this.#state;
  }

  /**
   * Sends a response. A success may be sent again while the transaction is `accepted`: repeating it until it is acknowledged is the
   * business of whoever answers the call (RFC 3261 section 13.3.1.4).
   */
  respond(response: SipResponse): void {
    const success = response.status >= 200 && response.status < 300;
    if (this.#state === 'accepted' ? !success : this.#state !== 'proceeding') return;
    const bytes = writeMessage(response);
    this.#send(bytes);
    if (response.status < 200) {
      this.#last = bytes;
      return;
    }
    if (success) {
      if (this.#state === 'accepted') return;
      this.#state = 'accepted';
      // A repeated INVITE finds the success repeated by its owner, and is absorbed here (RFC 6026 section 8.4).
      this.#timers.set('L', patienceMs(this.#times), () => this.#terminate());
      return;
    }
    this.#state = 'completed';
    this.#last = bytes;
    if (!this.#reliable) this.#repeatAfter(this.#times.t1Ms);
    this.#timers.set('H', patienceMs(this.#times), () => {
      this.#events.onNoAck?.();
      this.#terminate();
    });
  }

  /** The INVITE again, or an ACK with its branch. */
  receive(request: SipRequest): void {
    if (request.method === 'ACK') {
      if (this.#state !== 'completed') return;
      this.#state = 'confirmed';
      this.#timers.stopAll();
      // Timer I absorbs further ACKs; a connection delivers none.
      if (this.#reliable) this.#terminate();
      else this.#timers.set('I', this.#times.t4Ms, () => this.#terminate());
      return;
    }
    if ((this.#state === 'proceeding' || this.#state === 'completed') && this.#last) this.#send(this.#last);
  }

  /** Ends it without a word. */
  abandon(): void {
    this.#terminate();
  }

  #repeatAfter(delayMs: number): void {
    this.#timers.set('G', delayMs, () => {
      if (this.#last) this.#send(this.#last);
      this.#repeatAfter(Math.min(delayMs * 2, this.#times.t2Ms));
    });
  }

  #terminate(): void {
    if (this.#state === 'terminated') return;
    this.#state = 'terminated';
    this.#timers.stopAll();
    this.#events.onTerminated();
  }
}
