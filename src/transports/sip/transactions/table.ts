// All transactions under way, and which of them a message belongs to (RFC 3261 sections 17.1.3 and 17.2.3).
import type { Clock } from '../../../lib/clock.ts';
import type { Flow } from '../flow.ts';
import type { SipRequest, SipResponse } from '../message.ts';
import { tagOf } from '../message.ts';
import { writeVia } from '../headers.ts';
import { hostPort } from '../uri.ts';
import { type ClientEvents, ClientTransaction } from './client.ts';
import { InviteClientTransaction } from './invite-client.ts';
import { type InviteServerEvents, InviteServerTransaction } from './invite-server.ts';
import { ServerTransaction } from './server.ts';
import type { SipTimes } from './timers.ts';

const magicCookie = 'z9hG4bK';

export interface TableOptions {
  readonly clock: Clock;
  readonly times: SipTimes;
  /** How many transactions of each half there may be; a further one is refused. */
  readonly most: number;
}

export class TransactionTable {
  readonly #options: TableOptions;
  readonly #servers = new Map<string, ServerTransaction | InviteServerTransaction>();
  readonly #clients = new Map<string, ClientTransaction | InviteClientTransaction>();
  /** INVITEs under way by what stays the same when they reach us on two ways (section 8.2.2.2). */
  readonly #merged = new Map<string, string>();

  constructor(options: TableOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#servers.size + this.#clients.size;
  }

  /** Whether the request belongs to a transaction under way, which has taken it. */
  absorb(request: SipRequest): boolean {
    const transaction = this.#servers.get(serverKey(request, request.method === 'ACK' ? 'INVITE' : request.method));
    if (!transaction) return false;
    // The ACK of a success is the call's: only that of a failure is the transaction's.
    if (request.method === 'ACK' && 'state' in transaction && transaction.state === 'accepted') return false;
    transaction.receive(request);
    return true;
  }

  /** The INVITE that a CANCEL is about (section 9.2). */
  cancelled(cancel: SipRequest): InviteServerTransaction | undefined {
    const transaction = this.#servers.get(serverKey(cancel, 'INVITE'));
    return transaction instanceof InviteServerTransaction ? transaction : undefined;
  }

  /** Whether the same INVITE came over another way and is under way. */
  isMerged(request: SipRequest): boolean {
    const key = this.#merged.get(mergeKey(request));
    return tagOf(request.to) === undefined && key !== undefined && key !== serverKey(request, request.method);
  }

  /** A new INVITE; nothing where there are too many. */
  acceptInvite(
    request: SipRequest,
    carrier: Pick<Flow, 'reliable' | 'send'>,
    events: InviteServerEvents,
  ): InviteServerTransaction | undefined {
    if (this.#servers.size >= this.#options.most) return undefined;
    const key = serverKey(request, 'INVITE');
    const merge = mergeKey(request);
    const transaction = new InviteServerTransaction(request, carrier, this.#options, {
      ...events,
      onTerminated: () => {
        this.#servers.delete(key);
        if (this.#merged.get(merge) === key) this.#merged.delete(merge);
        events.onTerminated();
      },
    });
    this.#servers.set(key, transaction);
    if (tagOf(request.to) === undefined) this.#merged.set(merge, key);
    return transaction;
  }

  /** A new request that is no INVITE; nothing where there are too many. */
  accept(request: SipRequest, carrier: Pick<Flow, 'reliable' | 'send'>): ServerTransaction | undefined {
    if (this.#servers.size >= this.#options.most) return undefined;
    const key = serverKey(request, request.method);
    const transaction = new ServerTransaction(request, carrier, this.#options, () => this.#servers.delete(key));
    this.#servers.set(key, transaction);
    return transaction;
  }

  /** Sends a request over the flow; nothing where there are too many. Its branch is unique. */
  start(request: SipRequest, flow: Flow, events: ClientEvents): ClientTransaction | InviteClientTransaction | undefined {
    if (this.#clients.size >= this.#options.most) return undefined;
    const key = clientKey(request);
    const withEnd: ClientEvents = {
      onResponse: (response) => events.onResponse(response),
      onFailed: (why) => events.onFailed(why),
      onTerminated: () => {
        this.#clients.delete(key);
        forget();
        events.onTerminated();
      },
    };
    const Kind = request.method === 'INVITE' ? InviteClientTransaction : ClientTransaction;
    const transaction = new Kind(request, flow, this.#options, withEnd);
    const forget = flow.onLost(() => transaction.lost());
    this.#clients.set(key, transaction);
    transaction.start();
    return transaction;
  }

  /** Whether the response belongs to a request of ours, with our own Via on top (section 18.1.2). */
  receive(response: SipResponse): boolean {
    const transaction = this.#clients.get(clientKey(response));
    if (!transaction || transaction.request.callId !== response.callId) return false;
    transaction.receive(response);
    return true;
  }

  /** Ends all without a word. */
  close(): void {
    for (const transaction of [...this.#servers.values(), ...this.#clients.values()]) transaction.abandon();
  }
}

function serverKey(request: SipRequest, method: string): string {
  const { via } = request;
  const branch = via.parameters.get('branch') ?? '';
  const sentBy = hostPort(via.host, via.port);
  if (branch.startsWith(magicCookie) && branch.length > magicCookie.length) return `${branch} ${sentBy} ${method}`;
  // RFC 2543 knew no unique branch: then all that stays the same between a request and its repetition (section 17.2.3). The tag of To is
  // left out, since the ACK has one where the INVITE has none.
  const key = [
    request.callId,
    request.cseq.number,
    tagOf(request.from),
    request.uri,
    writeVia({ ...via, parameters: plain(via.parameters) }),
  ];
  return `${key.join(' ')} ${method}`;
}

/** Without what was noted on arrival. */
function plain(parameters: SipRequest['via']['parameters']): Map<string, string | undefined> {
  return new Map([...parameters].filter(([name]) => name !== 'received' && name !== 'rport'));
}

function mergeKey(request: SipRequest): string {
  return `${request.callId} ${tagOf(request.from)} ${request.cseq.number} ${request.method}`;
}

function clientKey(message: SipRequest | SipResponse): string {
  return `${message.via.parameters.get('branch') ?? ''} ${hostPort(message.via.host, message.via.port)} ${message.cseq.method}`;
}
