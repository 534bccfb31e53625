// What the calls of a user agent need of it: time, chance, the transactions, and where messages go.
import type { Clock } from '../../lib/clock.ts';
import type { Ids } from '../../lib/ids.ts';
import type { Log } from '../../lib/log.ts';
import { isLoopback, isPrivate } from './address.ts';
import type { Dialog } from './dialog.ts';
import type { Destination, Flow, Network } from './flow.ts';
import type { Header } from './header-list.ts';
import type { SipRequest } from './message.ts';
import type { Remembered } from './remembered.ts';
import type { InviteServerTransaction } from './transactions/invite-server.ts';
import type { ServerTransaction } from './transactions/server.ts';
import type { TransactionTable } from './transactions/table.ts';
import type { SipTimes } from './transactions/timers.ts';
import { hostPort, parseUri } from './uri.ts';

/** Whoever a request within a dialog is for: a call that rings, or one that was answered. */
export interface DialogUser {
  receive(request: SipRequest, transaction: ServerTransaction, flow: Flow): void;
  receiveInvite(request: SipRequest, transaction: InviteServerTransaction, flow: Flow): void;
  receiveAck(request: SipRequest): void;
  /** Ends the call, as the server does. */
  close(): void;
}

export interface Chance {
  readonly ids: Ids;
  /** So many characters that nobody guesses. */
  token(length: number): string;
  /** A whole number from 0 up to, not including, `below`. */
  integer(below: number): number;
}

export interface Core {
  readonly clock: Clock;
  readonly times: SipTimes;
  readonly chance: Chance;
  readonly log: Log;
  readonly table: TransactionTable;
  readonly network: Network;
  /** Hosts that took no connection when a request was too long for a datagram: each try costs seconds. */
  readonly datagramOnly: Remembered;
  /** Places that did not answer, or said that they are out of service, as `placeName` writes them: others are tried before them. */
  readonly outOfService: Remembered;
  /** Dialogs under way, by `dialogKey`. */
  readonly dialogs: Map<string, DialogUser>;
  /** The session interval we ask for and the shortest we agree to. */
  readonly interval: { readonly wantedS: number; readonly leastS: number };
  /** What every request and response of ours says of us: User-Agent. */
  readonly ownHeaders: readonly Header[];
  /** The places that a URI leads to. */
  resolve(uri: string): Promise<readonly Destination[]>;
  /** Told of each flow that a request of ours takes, so that its far end is no stranger. */
  onUsed(flow: Flow): void;
}

/** The URI in angle brackets that the far end of a flow reaches us at; a `sips` one where the request is to one (RFC 3261 section 8.1.1.8). */
export function contactAt(flow: Flow, requestUri: string, user?: string): string {
  const secure = /^sips:/i.test(requestUri);
  const transport = flow.transport === 'udp' || secure ? '' : `;transport=${flow.transport}`;
  return `<${secure ? 'sips' : 'sip'}:${user === undefined ? '' : `${user}@`}${hostPort(flow.local.host, flow.local.port)}${transport}>`;
}

/** Where a request is sent: a URI to be looked up, or a flow to be used as it is. */
export interface Way {
  readonly hop: string;
  readonly flow?: Flow;
}

/** The way of requests within a dialog whose INVITE came or went over this flow. */
export function wayWithin(dialog: Dialog, flow: Flow): Way {
  const { hop } = dialog;
  if (dialog.routed) return { hop };
  // Who is behind a router is reached over the connection it has opened, or else not at all (RFC 5626 section 1).
  if (flow.reliable && flow.open) return { hop, flow };
  const target = parseUri(dialog.target);
  const host = target && 'host' in target ? target.host : '';
  const hidden = (isPrivate(host) && !isPrivate(flow.remote.host)) || (isLoopback(host) && !isLoopback(flow.remote.host));
  return hidden && flow.open ? { hop, flow } : { hop };
}
