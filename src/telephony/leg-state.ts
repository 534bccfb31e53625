// The states of a telephone call, and how they are shown to whoever may ask for it.
import type { Timer } from '../lib/clock.ts';
import type { IncomingPhoneCall, PhoneCall, PhoneCarrier } from '../transports/calls/phone-call.ts';
import type { CallEnd, CallEnding, CallFacts } from './webhook-events.ts';

export type LegState =
  | { readonly state: 'ringing'; readonly call: IncomingPhoneCall; readonly decision: Timer }
  /** Being answered, or placed; `givenUp` is fired by whoever hangs up meanwhile. */
  | { readonly state: 'connecting'; readonly givenUp: AbortController }
  /** Placed, and it rings over there. */
  | { readonly state: 'alerting'; readonly givenUp: AbortController }
  /** Hung up here before it was answered: whoever answers or places it is giving it up. */
  | { readonly state: 'given-up'; readonly ending: CallEnding }
  | { readonly state: 'talking'; readonly call: PhoneCall; readonly sinceMs: number }
  /** The caller is being handed over, and still talks. */
  | { readonly state: 'transferring'; readonly call: PhoneCall; readonly sinceMs: number }
  /** The call has ended before it is known what became of its transfer: many hang up as soon as they have handed over. */
  | { readonly state: 'parted'; readonly sinceMs: number; readonly untilMs: number; readonly ending: CallEnding }
  /** This side is hanging up: it was told to, or another has taken the caller over. */
  | { readonly state: 'leaving'; readonly sinceMs: number; readonly ending: CallEnding }
  | { readonly state: 'over'; readonly end: CallEnd };

/** The states as others see them. `ringing`: here, or over there. */
export type ShownState = 'ringing' | 'connecting' | 'talking' | 'transferring' | 'ending' | 'ended';

export const shownStates: Readonly<Record<LegState['state'], ShownState>> = {
  ringing: 'ringing',
  connecting: 'connecting',
  alerting: 'ringing',
  'given-up': 'ending',
  talking: 'talking',
  transferring: 'transferring',
  parted: 'ending',
  leaving: 'ending',
  over: 'ended',
};

/** One call, as whoever asks for it is shown it. */
export interface PhoneCallShown extends Partial<CallEnd> {
  readonly id: string;
  readonly direction: CallFacts['direction'];
  readonly carrier: PhoneCarrier;
  /** The SIP trunk that it came by. */
  readonly trunk?: string;
  readonly from: string;
  readonly to: string;
  readonly state: ShownState;
  /** Since it began to ring, or to be dialled, until it ended. */
  readonly seconds: number;
  /** The beginning of that, and its answer, in seconds since the Unix epoch. */
  readonly began_at: number;
  readonly answered_at?: number;
}
