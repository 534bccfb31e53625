// The plug of whoever carries telephone calls (SIP, the media streams of providers): a call from its first ring to its end. What is said in it
// goes the way of every call (call.ts).
import { type Call, CallError, type CallEvents } from './call.ts';
import type { Speaker } from '../../protocol/audio-format.ts';

/** Who carries the call. */
export type PhoneCarrier = 'sip' | 'twilio' | 'signalwire' | 'telnyx' | 'plivo' | 'vonage' | 'asterisk' | 'stream';

/** One field that came with the call: a header of its INVITE, or a parameter that a provider was given. Credentials are left out. */
export interface PhoneField {
  readonly name: string;
  readonly value: string;
}

export interface PhoneParty {
  readonly carrier: PhoneCarrier;
  /** As they would be dialled, where they are numbers (`+15552345678`), and as URIs otherwise. Empty where the caller withholds it. */
  readonly from: string;
  readonly to: string;
  /** Whose call it is to the carrier: the Call-ID of SIP, Twilio's call SID. */
  readonly carrierId: string;
  /** In their order, with duplicates. */
  readonly fields: readonly PhoneField[];
  /** Whether the sound is encrypted between the carrier and this server, where that is known. */
  readonly media?: 'rtp' | 'srtp';
  /** The trunk that it came by, or is to go by. */
  readonly trunk?: string;
}

/** A call that somebody has placed and nobody has answered yet. */
export interface IncomingPhoneCall extends PhoneParty {
  /** Where an answer is heard, and what its sound and the caller's are in. */
  readonly speaker: Speaker;
  /** Lets the caller hear that it rings, where the carrier can tell. */
  ring(): void;
  /** Answers. What is said is told to `events` from then on. @throws CallError when it cannot be answered, or the caller has gone. */
  answer(events: CallEvents): Promise<PhoneCall>;
  /** @param status a final SIP status (RFC 3261, 21.4 to 21.6): 486 is busy, 603 declined. */
  reject(status: number): void;
  /** Fires when the caller gives up before there is an answer. */
  readonly gone: AbortSignal;
}

/** What a transfer came to. */
export type TransferOutcome =
  /** The other party has answered, or the carrier has taken the call over: this leg ends. */
  | { readonly outcome: 'transferred' }
  /** The call goes on here. `status` as SIP has it, where there is one. */
  | { readonly outcome: 'refused'; readonly status?: number; readonly reason: string };

/** How somebody else takes the place of this server in a call (RFC 3891): whom to call, and what the call has to say. */
export interface Replaceable {
  readonly target: string;
  readonly replaces: string;
}

/** An answered call. */
export interface PhoneCall extends Call {
  /** Undefined where its carrier cannot do that. */
  readonly replaceable?: Replaceable | undefined;
  /**
   * Hands the caller over to `target` (`tel:+1…`, `sip:…`); with `replaces`, to take our place in another call. Resolves when its end is known; sound goes
   * on until then.
   */
  transfer(target: string, signal: AbortSignal, replaces?: string): Promise<TransferOutcome>;
  /** Presses keys (0 to 9, *, #, A to D; `w` waits half a second), one after another. Resolves when all have been sent. */
  sendDigits(digits: string): Promise<void>;
}

/** Who or what has answered a call. */
export type AnsweredBy = 'human' | 'machine' | 'fax';

/** Why a call that was placed did not come about, or how it ended. */
export interface PhoneFailure {
  /** A final SIP status, or what stands for it: 486 busy, 408 and 480 not answered, 404 no such number, 603 declined. */
  readonly status: number;
  readonly reason: string;
}

/** A call that was placed and did not come about. */
export class PhoneError extends CallError {
  readonly failure: PhoneFailure;

  constructor(failure: PhoneFailure) {
    super('unavailable', failure.reason);
    this.name = 'PhoneError';
    this.failure = failure;
  }
}
