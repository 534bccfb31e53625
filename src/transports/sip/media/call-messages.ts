// What the main thread and a worker of telephone calls say to each other beside what every call says.
import type { FromWorker, ToWorker } from '../../rtp/media-messages.ts';
import type { PortRange } from '../../rtp/media-seats.ts';
import type { MediaHow } from './media-how.ts';

/** What a worker must know. */
export interface PhoneWorkerData {
  readonly portRange: PortRange | undefined;
  /** The address to be written down where a call says none: of a machine behind NAT 1:1. */
  readonly publicAddress: string | undefined;
  /** Names or addresses of network interfaces to use; all when empty. */
  readonly interfaces: readonly string[];
}

/** A call begins with an offer of its far side, or without one, which makes ours. */
export interface PhoneWish {
  readonly offer: string | undefined;
  readonly how: MediaHow;
}

/** What may be asked of a call while it lasts. The reply is a description, or nothing. */
export type PhoneQuestion =
  | { readonly kind: 'accept'; readonly answer: string }
  | { readonly kind: 'renegotiate'; readonly offer: string }
  | { readonly kind: 'reoffer' }
  | { readonly kind: 'digits'; readonly digits: string };

export interface MediaStats {
  /** Packets received of the stream there is, and those that should have come and did not. */
  readonly packets: number;
  readonly lost: number;
  readonly jitterMs: number;
  /** Undefined until the far side has reported on what it receives. */
  readonly roundTripMs: number | undefined;
  /** Packets sent, and the share of them that the far side said last it does not get. */
  readonly sent: number;
  readonly farLostShare: number | undefined;
}

export interface PhoneNews {
  readonly held: boolean;
  readonly media: 'rtp' | 'srtp';
  readonly stats: MediaStats;
}

export type ToPhoneWorker = ToWorker<PhoneWish, PhoneQuestion>;
export type FromPhoneWorker = FromWorker<PhoneNews>;
