// The plug upwards: what a SIP user agent offers to whoever routes calls and carries their sound. Session descriptions (SDP) pass as text.
import type { Header } from './header-list.ts';
import type { Credentials } from './credentials.ts';
import type { Address, TransportName } from './flow.ts';

export type { Header } from './header-list.ts';
export type { Credentials } from './credentials.ts';

export interface SipAgent {
  /** Where it listens. */
  readonly addresses: readonly (Address & { readonly transport: TransportName })[];
  /** Calls under way, those that ring included. */
  readonly calls: number;
  /**
   * Places a call. Without an offer the far end makes one, and `events.onOffer` answers it.
   * @throws Error where the URI is none or there are too many calls; whatever goes wrong later is told by `onFailed`.
   */
  invite(target: CallTarget, offer: string | undefined, events: OutgoingEvents): OutgoingCall;
  /** Asks a server whether it is there (OPTIONS, RFC 3261 section 11). Gives its status, 408 where nothing came, 503 where no way leads there. */
  ping(target: { readonly uri: string; readonly from?: string; readonly credentials?: Credentials }): Promise<number>;
  /**
   * Registers with a provider, and stays registered until it is closed (RFC 3261 section 10).
   * @throws Error where the address or a server is no SIP URI.
   */
  register(options: RegistrationOptions, onState: (state: RegistrationState) => void): SipRegistration;
  /** From now on calls of the trunk are taken from wherever the URI leads, and from nowhere else; where it leads nowhere, all stays as it was. */
  admitServers(trunk: string, uri: string): Promise<void>;
  /** From now on new calls and OPTIONS are answered 503, no call is placed, and registrations are taken back. Calls under way go on. */
  drain(): void;
  /** Takes registrations back, ends all calls, then listens no more. */
  close(): Promise<void>;
}

export interface CallTarget {
  readonly uri: string;
  /** A URI, or one with a name: `"Parley" <sip:parley@example.com>`. */
  readonly from: string;
  /** A URI that the call is sent to, whoever it is for (RFC 3261 section 8.1.2). */
  readonly proxy?: string;
  readonly credentials?: Credentials;
  readonly headers?: readonly Header[];
}

export interface RegistrationOptions {
  /** Who we are there: `sip:100@example.com`. */
  readonly address: string;
  /** URIs of its servers, the preferred first; the address's own domain where none is named. */
  readonly servers?: readonly string[];
  readonly credentials: Credentials;
  /** The user part of the Contact, by which calls are told apart; that of the address unless told. */
  readonly contactUser?: string;
  /** What we ask for, in seconds; 600 unless told. */
  readonly expiresS?: number;
}

export type RegistrationState =
  | { readonly kind: 'trying' }
  | { readonly kind: 'registered'; readonly server: string; readonly expiresS: number }
  /** The next try is so far away. */
  | { readonly kind: 'failed'; readonly status: number; readonly retryMs: number }
  | { readonly kind: 'over' };

export interface SipRegistration {
  readonly state: RegistrationState;
  /** Takes it back. The way on which the calls that it brought are reached stays open. */
  withdraw(): Promise<void>;
  /** Takes it back, and keeps nothing of it. */
  close(): Promise<void>;
}

export interface AgentEvents {
  /** A new call that passed the gate. Nothing was sent for it but 100. */
  onIncoming(call: IncomingCall): void;
  /**
   * Whether a new call would be served at this moment. OPTIONS is answered 503 where it would not, so that a proxy or provider in front sends its
   * calls elsewhere. Without it, calls are always served.
   */
  isReady?(): boolean;
}

/** What ended a call before it was answered. */
export interface Cancelled {
  readonly by: 'caller' | 'time' | 'us';
  /** Of the Reason header (RFC 3326): that somebody else has answered, for one. */
  readonly cause?: string;
}

export interface IncomingCall {
  readonly id: string;
  readonly callId: string;
  /** From and To as written. */
  readonly from: string;
  readonly to: string;
  readonly requestUri: string;
  /** In order and with duplicates; without credentials. */
  readonly headers: readonly Header[];
  readonly source: { readonly address: string; readonly port: number; readonly transport: TransportName };
  /** The trunk that let it in. */
  readonly trunk: string;
  /** The caller's session description; without one, ours is the offer, and the answer comes with the acknowledgement. */
  readonly offer: string | undefined;
  /** The call of ours whose place this one takes (RFC 3891); it is ended when this one is answered. */
  readonly replaces: SipDialog | undefined;
  /** Says that it rings (180). */
  ring(): void;
  /** Sends sound before the call is answered (183 with our description). */
  progress(sdp: string): void;
  /**
   * Answers. Resolves once the caller has acknowledged it.
   * @throws CallFailure where the caller was gone, or never acknowledged; then the call is over.
   */
  answer(sdp: string, events: DialogEvents): Promise<SipDialog>;
  reject(status: number, reason?: string, headers?: readonly Header[]): void;
  /** Runs when the call ends without an answer of ours, at once if it already has. */
  onCancel(task: (cancelled: Cancelled) => void): void;
}

/** It rings until it is answered, refused or taken back: whoever places a call knows for how long that makes sense. */
export interface OutgoingCall {
  readonly id: string;
  readonly callId: string;
  /** Takes it back, or ends it where the answer was faster. */
  cancel(reason?: string): void;
}

export interface Failure {
  /** A status of RFC 3261: 408 where nobody answered, 503 where no way leads there. */
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
}

export interface OutgoingEvents extends DialogEvents {
  /** 180 and the other provisional responses but 100. */
  onRinging?(status: number): void;
  /** A description before the answer: sound that the caller is to hear already. */
  onProgress?(sdp: string): void;
  /** Answered, and acknowledged by us. The description is the last that came, and the answer to our offer. */
  onAnswered(dialog: SipDialog, sdp: string): void;
  /** The far end's offer where we made none: gives our answer. */
  onOffer?(offer: string): Promise<string>;
  onFailed(failure: Failure): void;
}

export interface CallEnd {
  /** `timer`: the session was not refreshed in time (RFC 4028); `lost`: the far end knows nothing of it or does not answer. */
  readonly by: 'us' | 'them' | 'timer' | 'lost';
  /** Of the Reason header (RFC 3326). */
  readonly cause?: string;
}

/** What the far end wants within a call. */
export interface DialogEvents {
  /** Another description, or a wish for an offer of ours. Gives our answer (or offer), or the status to refuse with, such as 488. */
  onSession(offer: string | undefined, kind: 're-invite' | 'update'): Promise<string | { readonly status: number }>;
  /** The answer to an offer that `onSession` gave. */
  onLateAnswer?(sdp: string): void;
  /** A key that was pressed, where it comes by INFO instead of RTP. */
  onInfoDigit?(digit: string, durationMs: number | undefined): void;
  /** The far end wants us to call somebody else. Gives the final status of that call, or nothing to decline; a success is told, and ends this call. */
  onRefer?(target: string, replaces: string | undefined): Promise<number> | undefined;
  /**
   * Another call is to take this one's place (RFC 3891), and waits for its answer, which ends this one. Without it, that is a new call like any other.
   */
  onReplaced?(call: IncomingCall): void;
  onBye?(end: CallEnd): void;
}

export interface ReferResult {
  /** `refused`: the far end does not do it at all; `failed`: it tried; `accepted`: whom it called has answered. */
  readonly outcome: 'accepted' | 'refused' | 'failed';
  readonly status: number;
}

export interface SipDialog {
  /** That of the call it belongs to. */
  readonly id: string;
  readonly callId: string;
  /** Whom we talk with, as their From or To is written. */
  readonly remote: string;
  /** The URI at which the far end is reached itself. */
  readonly target: string;
  /** The value of a Replaces header for this call, as its far end has to send it (RFC 3891). */
  readonly replacesValue: string;
  /** The answer that came with the acknowledgement, where ours was the offer. */
  readonly lateAnswer: string | undefined;
  /**
   * Offers another description; gives the answer. When both sides do so at the same time, it is tried again (RFC 3261 section 14.1).
   * @throws CallFailure with the status of a refusal.
   */
  reinvite(offer: string): Promise<string>;
  /** Has the far end call somebody else (RFC 3515). The result is what it tells of that call, not that it has agreed to try. */
  refer(target: string, options?: { readonly replaces?: string }): Promise<ReferResult>;
  /** Hangs up. The reason is told as a Reason header, such as `Q.850;cause=16`. */
  bye(reason?: string): void;
  readonly ended: Promise<CallEnd>;
}

/** A call, or something within it, that did not come about. */
export class CallFailure extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'CallFailure';
    this.status = status;
  }
}
