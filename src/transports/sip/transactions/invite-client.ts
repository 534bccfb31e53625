// The client's half of an INVITE transaction: RFC 3261 section 17.1.1 with the Accepted state of RFC 6026 section 7.2.
import type { Clock } from '../../../lib/clock.ts';
import { ackOfFailure } from '../build.ts';
import { type SipRequest, type SipResponse, writeMessage } from '../message.ts';
import type { ClientEvents } from './client.ts';
import { LetteredTimers, patienceMs, type SipTimes } from './timers.ts';

type State = 'calling' | 'proceeding' | 'completed' | 'accepted' | 'terminated';

/** Timer D: at least 32 s where the network may lose an ACK (section 17.1.1.2). */
const timerDMs = 32_000;

export class InviteClientTransaction {
  readonly request: SipRequest;
  readonly #carrier: { readonly reliable: boolean; send(bytes: Buffer): void };
  readonly #bytes: Buffer;
  readonly #times: SipTimes;
  readonly #timers: LetteredTimers;
  readonly #events: ClientEvents;
  #state: State = 'calling';
  #ack: Buffer | undefined;

  constructor(
    request: SipRequest,
    carrier: { readonly reliable: boolean; send(bytes: Buffer): void },
    time: { readonly clock: Clock; readonly times: SipTimes },
    events: ClientEvents,
  ) {
    this.request = request;
    this.#carrier = carrier;
    this.#bytes = writeMessage(request);
    this.#times = time.times;
    this.#timers = new LetteredTimers(time.clock);
    this.#events = events;
  }

  get state(): State {
    return this.#state;
  }

  start(): void {
    this.#carrier.send(this.#bytes);
    if (!this.#carrier.reliable) this.#repeatAfter(this.#times.t1Ms);
    this.#timers.set('B', patienceMs(this.#times), () => this.#fail('timeout'));
  }

  receive(response: SipResponse): void {
    const { status } = response;
    if (this.#state === 'terminated') return;
    if (this.#state === 'completed') {
      if (status >= 300 && this.#ack) this.#carrier.send(this.#ack);
      return;
    }
    if (status < 200) {
      if (this.#state === 'accepted') return;
      this.#state = 'proceeding';
      this.#timers.stopAll();
      this.#events.onResponse(response);
      return;
    }
    if (status < 300) {
      // Further successes are repetitions, or those of other branches of a fork: the caller acknowledges each.
      if (this.#state !== 'accepted') {
        this.#state = 'accepted';
        this.#timers.stopAll();
        this.#timers.set('M', patienceMs(this.#times), () => this.#terminate());
      }
      this.#events.onResponse(response);
      return;
    }
    if (this.#state === 'accepted') return;
    this.#state = 'completed';
    this.#timers.stopAll();
    this.#ack = writeMessage(ackOfFailure(this.request, response));
    this.#carrier.send(this.#ack);
    if (this.#carrier.reliable) this.#terminate();
    else this.#timers.set('D', Math.max(timerDMs, patienceMs(this.#times)), () => this.#terminate());
    this.#events.onResponse(response);
  }

  /** Gives up waiting after a CANCEL that nothing final followed (section 9.1). */
  giveUpAfter(delayMs: number): void {
    if (this.#state === 'calling' || this.#state === 'proceeding') this.#timers.set('C', delayMs, () => this.#fail('timeout'));
  }

  /** Fails where nothing at all has come by then. */
  expectWithin(delayMs: number): void {
    if (this.#state === 'calling') this.#timers.set('first', delayMs, () => this.#fail('timeout'));
  }

  /** The connection is lost. */
  lost(): void {
    if (this.#state === 'calling' || this.#state === 'proceeding') this.#fail('lost');
  }

  abandon(): void {
    this.#terminate();
  }

  #repeatAfter(delayMs: number): void {
    this.#timers.set('A', delayMs, () => {
      this.#carrier.send(this.#bytes);
      this.#repeatAfter(delayMs * 2);
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
