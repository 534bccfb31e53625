// One request of ours until its final response: looked up, sent, sent again with credentials, and to the next server where one is out
// (RFC 3261 sections 8.1.2 and 18.1.1, RFC 3263 section 4.3).
import { cancelOf, withVia } from './build.ts';
import { contactAt, type Core, type Way } from './core.ts';
import { type Destination, type Flow, placeName } from './flow.ts';
import { parseCount } from './headers.ts';
import type { Keyring } from './keyring.ts';
import { type SipRequest, type SipResponse, writeMessage } from './message.ts';
import type { InviteClientTransaction } from './transactions/invite-client.ts';
import type { ClientTransaction } from './transactions/client.ts';
import { patienceMs } from './transactions/timers.ts';
import { parseUri } from './uri.ts';

export interface Sending extends Way {
  /** Without Via. */
  readonly request: SipRequest;
  readonly keyring?: Keyring;
  /** The user part of our Contact. */
  readonly contactUser?: string;
  /** The CSeq for a further try, which is a new request (section 8.1.3.5). */
  nextNumber(): number;
}

/** A request as it went out. */
export interface Sent {
  readonly request: SipRequest;
  readonly flow: Flow;
}

export interface ExchangeEvents {
  onProvisional?(response: SipResponse, sent: Sent): void;
  /** Of an INVITE each success: repeated ones, and those of other branches. */
  onSuccess(response: SipResponse, sent: Sent): void;
  /** 408 and 503 without a response where none came (section 8.1.3.1). */
  onFailure(status: number, response: SipResponse | undefined): void;
}

/** Above this a datagram may be taken apart on its way, and is often lost then (section 18.1.1). */
const mostDatagramBytes = 1300;
/**
 * A server that is there says something about any request at once, an INVITE with 100: where another one can be tried, none is waited for any longer, in
 * times of T1. That is five sendings of a datagram; without another one, it is the whole of RFC 3261's timers B and F, 64.
 */
const firstWordTimes = 16;
/** Both kinds of challenge, and each once more with a newer nonce. */
const mostChallenges = 4;
/** These carry where we can be reached from now on (section 8.1.1.8, RFC 3311, RFC 3515). */
const withContact = new Set(['INVITE', 'UPDATE', 'REFER', 'NOTIFY', 'OPTIONS', 'REGISTER']);

type State = 'waiting' | 'trying' | 'proceeding' | 'over';

export class Exchange {
  readonly #core: Core;
  readonly #sending: Sending;
  readonly #events: ExchangeEvents;
  #state: State = 'waiting';
  #request: SipRequest;
  #challenges = 0;
  #transaction: ClientTransaction | InviteClientTransaction | undefined;
  #sent: Sent | undefined;
  #cancelling: { readonly reason: string | undefined } | undefined;

  constructor(core: Core, sending: Sending, events: ExchangeEvents) {
    this.#core = core;
    this.#sending = sending;
    this.#events = events;
    this.#request = sending.request;
    void this.#run();
  }

  /** Takes an INVITE back: at once where it was not sent, with a CANCEL once something has come (section 9.1). */
  cancel(reason?: string): void {
    if (this.#state === 'over' || this.#cancelling) return;
    this.#cancelling = { reason };
    if (this.#state === 'waiting') this.#fail(487, undefined);
    else if (this.#state === 'proceeding') this.#sendCancel();
  }

  async #run(): Promise<void> {
    let destinations: readonly (Destination | Flow)[];
    try {
      const { flow, hop } = this.#sending;
      destinations = flow?.open ? [flow] : await this.#core.resolve(hop);
    } catch (error) {
      this.#core.log.debug({ err: error }, 'the next hop of a SIP request could not be looked up');
      destinations = [];
    }
    const { outOfService } = this.#core;
    const isOut = (place: Destination | Flow) => !('send' in place) && outOfService.has(placeName(place));
    await this.#next([...destinations.filter((place) => !isOut(place)), ...destinations.filter(isOut)]);
  }

  /** Tries the next place. Whatever was answered there provisionally, the request has arrived and goes nowhere else. */
  async #next(left: (Destination | Flow)[]): Promise<void> {
    for (let place = left.shift(); place && this.#state !== 'over'; place = left.shift()) {
      const flow = await this.#flowTo(place);
      if (this.#isOver()) return;
      if (this.#cancelling) break;
      if (flow) {
        this.#send(flow, left, 'send' in place ? undefined : placeName(place));
        return;
      }
    }
    if (this.#state !== 'over') this.#fail(this.#cancelling ? 487 : 503, undefined);
  }

  /** A method, as the state changes while others are waited for. */
  #isOver(): boolean {
    return this.#state === 'over';
  }

  async #flowTo(place: Destination | Flow): Promise<Flow | undefined> {
    if ('send' in place) return place;
    const hop = parseUri(this.#sending.hop);
    const chosen = hop?.scheme === 'sip' && hop.parameters.has('transport');
    try {
      // With the Via that is still missing, some 120 bytes.
      const { datagramOnly, network } = this.#core;
      if (
        place.transport === 'udp' &&
        !chosen &&
        !datagramOnly.has(place.host) &&
        writeMessage(this.#request).length + 120 > mostDatagramBytes
      ) {
        const stream = await network.connect({ ...place, transport: 'tcp' }).catch(() => undefined);
        if (stream) return stream;
        datagramOnly.add(place.host);
      }
      return await network.connect(place);
    } catch (error) {
      this.#core.log.debug({ err: error, host: place.host }, 'a SIP server could not be reached');
      this.#core.outOfService.add(placeName(place));
      return undefined;
    }
  }

  /** @param place how the place is remembered, where the request was looked up. */
  #send(flow: Flow, left: (Destination | Flow)[], place: string | undefined): void {
    const branch = `z9hG4bK${this.#core.chance.token(16)}`;
    const parameters = new Map<string, string | undefined>([['branch', branch]]);
    if (flow.transport === 'udp') parameters.set('rport', undefined);
    const headers = this.#request.headers.copy();
    if (withContact.has(this.#request.method) && headers.first('Contact') === undefined) {
      headers.add('Contact', contactAt(flow, this.#request.uri, this.#sending.contactUser));
    }
    for (const { name, value } of this.#core.ownHeaders) headers.set(name, value);
    this.#sending.keyring?.authorize(headers, this.#request.method, this.#request.uri);
    const request = withVia(
      { ...this.#request, headers },
      { transport: flow.transport, host: flow.local.host, port: flow.local.port, parameters },
    );
    const sent: Sent = { request, flow };
    this.#core.onUsed(flow);
    this.#state = 'trying';
    this.#sent = sent;
    this.#transaction = this.#core.table.start(request, flow, {
      onResponse: (response) => {
        this.#note(place, response.status);
        this.#receive(response, sent, left, place);
      },
      onFailed: (why) => {
        if (this.#state === 'over') return;
        if (this.#state === 'trying') this.#note(place, 503);
        if (this.#state === 'trying' && left.length > 0 && !this.#cancelling) void this.#next(left);
        else this.#fail(why === 'timeout' ? 408 : 503, undefined);
      },
      onTerminated: () => {},
    });
    if (!this.#transaction) this.#fail(503, undefined);
    else if (left.length > 0) this.#transaction.expectWithin(firstWordTimes * this.#core.times.t1Ms);
  }

  /** Whether a place serves, by what it says: with 503 it says that it does not (RFC 3263 section 4.3). */
  #note(place: string | undefined, status: number): void {
    if (place === undefined) return;
    if (status === 503) this.#core.outOfService.add(place);
    else this.#core.outOfService.forget(place);
  }

  #receive(response: SipResponse, sent: Sent, left: (Destination | Flow)[], place: string | undefined): void {
    const { status } = response;
    if (status >= 200 && status < 300) {
      // Also one that comes when this is over: an INVITE's successes are repeated until they are acknowledged.
      this.#state = 'over';
      this.#events.onSuccess(response, sent);
      return;
    }
    if (this.#state === 'over') return;
    if (status < 200) {
      const first = this.#state === 'trying';
      this.#state = 'proceeding';
      if (first && this.#cancelling) this.#sendCancel();
      this.#events.onProvisional?.(response, sent);
      return;
    }
    const answered = sent.request.headers.first(status === 407 ? 'Proxy-Authorization' : 'Authorization') !== undefined;
    if (!this.#cancelling && this.#challenges < mostChallenges && this.#sending.keyring?.take(response, answered)) {
      this.#challenges++;
      this.#renumber(this.#sending.nextNumber());
      this.#send(sent.flow, left, place);
    } else if (status === 503 && left.length > 0 && !this.#cancelling) {
      void this.#next(left);
    } else {
      this.#fail(status, response);
    }
  }

  #renumber(number: number): void {
    const { method } = this.#request;
    const headers = this.#request.headers.copy().set('CSeq', `${number} ${method}`);
    this.#request = { ...this.#request, headers, cseq: { number, method } };
  }

  #sendCancel(): void {
    const { request, flow } = this.#sent as Sent;
    this.#core.table.start(cancelOf(request, this.#cancelling?.reason), flow, {
      onResponse: () => {},
      onFailed: () => {},
      onTerminated: () => {},
    });
    // A server of RFC 2543 may answer the CANCEL and never the INVITE.
    if (this.#transaction && 'giveUpAfter' in this.#transaction) this.#transaction.giveUpAfter(patienceMs(this.#core.times));
  }

  #fail(status: number, response: SipResponse | undefined): void {
    this.#state = 'over';
    this.#events.onFailure(status, response);
  }
}

/** Whole seconds of a Retry-After. */
export function retryAfterS(response: SipResponse | undefined): number | undefined {
  return parseCount(response?.headers.first('Retry-After'));
}

/** One request that is no INVITE's, as a promise of its end. */
export function exchanged(core: Core, sending: Sending): Promise<{ status: number; response: SipResponse | undefined; sent?: Sent }> {
  return new Promise((resolve) => {
    void new Exchange(core, sending, {
      onSuccess: (response, sent) => resolve({ status: response.status, response, sent }),
      onFailure: (status, response) => resolve({ status, response }),
    });
  });
}
