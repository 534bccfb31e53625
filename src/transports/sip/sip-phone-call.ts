// One SIP call from its description to its end: what is said goes to its media, what is decided about it to its dialog, and whichever of the two ends takes
// the other along. When somebody else takes the far side's place, the dialog is another one and the media stays.
import type { Log } from '../../lib/log.ts';
import { type CallEnd, CallError, type CallEvents, relayed } from '../calls/call.ts';
import type { PhoneCall, Replaceable, TransferOutcome } from '../calls/phone-call.ts';
import {
  type CallEnd as DialogEnd,
  CallFailure,
  type DialogEvents,
  type Header,
  type IncomingCall,
  type OutgoingCall,
  type OutgoingEvents,
  type SipDialog,
} from './agent.ts';
import { parseNameAddress } from './headers.ts';
import type { MediaCall } from './media/phone-media.ts';
import { addressAtRemote } from './parties.ts';

/** The sound cannot be agreed upon (RFC 3261, 21.4.26), the call is over (21.4.25), and it was given up (21.4.24). */
const notAcceptable = 488;
const gone = 481;
const givenUp = 487;
const unavailable = 503;

/** Whom the far side wants us to call. */
export interface Referral {
  readonly target: string;
  readonly headers: readonly Header[];
  /** Whether the sound has keys, which nobody on the way is to read. */
  readonly encrypted: boolean;
}

export interface SipPhoneCallParts {
  readonly log: Log;
  /** Whether the messages of the call are encrypted. */
  readonly secure: boolean;
  /** How whom it was referred to is called; nothing where no way leads there. */
  readonly follow?: (referral: Referral) => ((offer: string, events: OutgoingEvents) => OutgoingCall) | undefined;
}

/** Whether somebody else is about to be at the far side: whom we call for it (`placed` once it is), or who takes its place. */
type Change = { readonly kind: 'none' | 'replacing' } | { readonly kind: 'following'; readonly placed?: OutgoingCall };

/** One dialog of the call: the first, or that of who took the far side's place. */
interface Leg {
  over: boolean;
}

type Life =
  /** Its media is being made. */
  | { readonly state: 'silent' }
  /** It has media, and is being answered or placed; `withdraw` takes that back. */
  | { readonly state: 'signalled'; readonly sound: MediaCall; withdraw: () => void }
  | { readonly state: 'up'; readonly sound: MediaCall; readonly dialog: SipDialog }
  | { readonly state: 'over' };

export class SipPhoneCall implements PhoneCall {
  readonly mostMessageBytes = 0;
  readonly takenBytes = 0;
  readonly waitingBytes = 0;
  readonly #events: CallEvents;
  readonly #parts: SipPhoneCallParts;
  #life: Life = { state: 'silent' };
  /** Only what this one tells counts. */
  #leg: Leg = { over: false };
  #change: Change = { kind: 'none' };

  constructor(events: CallEvents, parts: SipPhoneCallParts) {
    this.#events = events;
    this.#parts = parts;
  }

  get silentMs(): number {
    return this.#sound?.silentMs ?? 0;
  }

  /** For whoever carries its sound. */
  get mediaEvents(): CallEvents {
    return relayed(this.#events, { onEnd: (end) => this.#end(end) });
  }

  /** For whoever signals it. */
  get dialogEvents(): DialogEvents {
    return this.#eventsOf(this.#leg);
  }

  #eventsOf(leg: Leg): DialogEvents {
    return {
      onSession: async (offer) => {
        try {
          return await (offer === undefined ? this.#sounding.reoffer() : this.#sounding.renegotiate(offer));
        } catch (error) {
          return { status: (error instanceof CallError && error.status) || notAcceptable };
        }
      },
      onLateAnswer: (sdp) => void this.#takeLateAnswer(sdp),
      onInfoDigit: (digit) => {
        if (this.#life.state !== 'over') this.#events.onDigit(digit);
      },
      onRefer: (target, replaces) => this.#refer(leg, target, replaces),
      onReplaced: (call) => void this.#replace(call),
      onBye: (end) => {
        leg.over = true;
        // Who has us call somebody else may leave before that one has answered.
        if (leg === this.#leg && this.#change.kind !== 'following') this.#end(endOf(end));
      },
    };
  }

  /** It has media. `withdraw` is run if the call ends before it is answered. */
  sounds(sound: MediaCall, withdraw: () => void = () => {}): void {
    if (this.#life.state === 'over') sound.close();
    else this.#life = { state: 'signalled', sound, withdraw };
  }

  /** It is answered. What is over by now is hung up. */
  answered(dialog: SipDialog): void {
    if (this.#life.state === 'signalled') this.#life = { state: 'up', sound: this.#life.sound, dialog };
    else dialog.bye();
  }

  send(): boolean {
    return false;
  }

  play(sound: Uint8Array): void {
    this.#sound?.play(sound);
  }

  clear(): void {
    this.#sound?.clear();
  }

  close(): void {
    const life = this.#life;
    this.#life = { state: 'over' };
    if (this.#change.kind === 'following') this.#change.placed?.cancel();
    if ('sound' in life) life.sound.close();
    if (life.state === 'signalled') life.withdraw();
    else if (life.state === 'up') life.dialog.bye();
  }

  get replaceable(): Replaceable | undefined {
    if (this.#life.state !== 'up') return undefined;
    const { target, replacesValue } = this.#life.dialog;
    return { target, replaces: replacesValue };
  }

  async transfer(target: string, _signal: AbortSignal, replaces?: string): Promise<TransferOutcome> {
    if (this.#life.state !== 'up') return { outcome: 'refused', reason: 'The call is not answered, or it is over.' };
    try {
      const { dialog } = this.#life;
      const to = addressAtRemote(target, dialog.remote);
      const { outcome, status } = await dialog.refer(to, replaces === undefined ? {} : { replaces });
      if (outcome === 'accepted') return { outcome: 'transferred' };
      const reason = outcome === 'refused' ? 'The far side does not hand calls over' : 'Whom the far side called did not answer';
      return { outcome: 'refused', status, reason: `${reason} (${status}).` };
    } catch (error) {
      // It has ended, or another transfer of it is under way.
      if (!(error instanceof CallFailure)) throw error;
      return { outcome: 'refused', status: error.status, reason: `The call could not be handed over: ${error.message}.` };
    }
  }

  /** @throws CallError when the call has ended, or its far side takes no keys. */
  async sendDigits(digits: string): Promise<void> {
    await this.#sounding.sendDigits(digits);
  }

  get #sound(): MediaCall | undefined {
    return 'sound' in this.#life ? this.#life.sound : undefined;
  }

  get #sounding(): MediaCall {
    if (!('sound' in this.#life)) throw new CallError('unavailable', 'The call has no sound yet, or it is over.');
    return this.#life.sound;
  }

  async #takeLateAnswer(sdp: string): Promise<void> {
    try {
      await this.#sounding.accept(sdp);
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'a late answer of SDP cannot be used');
    }
  }

  /** The far side has us call somebody else: the status of that call, or nothing where this may not be. */
  #refer(leg: Leg, target: string, replaces: string | undefined): Promise<number> | undefined {
    const { follow } = this.#parts;
    const life = this.#life;
    if (life.state !== 'up' || leg !== this.#leg || this.#change.kind !== 'none' || !follow) return undefined;
    const allowed = this.#events.onReferred?.(target);
    if (allowed === undefined) return undefined;
    const by = parseNameAddress(life.dialog.remote)?.uriText;
    const headers: Header[] = [
      ...(by === undefined ? [] : [{ name: 'Referred-By', value: `<${by}>` }]),
      ...(replaces === undefined ? [] : [{ name: 'Replaces', value: replaces }]),
    ];
    const place = follow({ target: allowed, headers, encrypted: life.sound.media === 'srtp' });
    return place && this.#follow(place, allowed);
  }

  async #follow(place: (offer: string, events: OutgoingEvents) => OutgoingCall, party: string): Promise<number> {
    const leg: Leg = { over: false };
    let status: number;
    this.#change = { kind: 'following' };
    try {
      const offer = await this.#sounding.reoffer();
      const answered = Promise.withResolvers<{ dialog: SipDialog; sdp: string } | number>();
      const placed = place(offer, {
        ...this.#eventsOf(leg),
        onAnswered: (dialog, sdp) => answered.resolve({ dialog, sdp }),
        onFailed: ({ status: failed }) => answered.resolve(failed),
      });
      // It may have ended while the offer was made.
      if (this.#life.state === 'up') this.#change = { kind: 'following', placed };
      else placed.cancel();
      const outcome = await answered.promise;
      status = typeof outcome === 'number' ? outcome : await this.#moveTo(leg, outcome.dialog, outcome.sdp);
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'whom the far side of a call named could not be called');
      status = unavailable;
    }
    this.#change = { kind: 'none' };
    if (status < 300) this.#events.onPartyChanged?.(party, 'refer');
    else if (this.#leg.over) this.#end('closed');
    return status;
  }

  async #moveTo(leg: Leg, dialog: SipDialog, sdp: string): Promise<number> {
    const life = this.#life;
    try {
      if (life.state !== 'up') throw new CallError('unavailable', 'The call is over.', { status: givenUp });
      await life.sound.accept(sdp);
    } catch (error) {
      dialog.bye();
      return (error instanceof CallError && error.status) || notAcceptable;
    }
    this.#leg = leg;
    this.#life = { ...life, dialog };
    return 200;
  }

  /** Somebody takes the far side's place (RFC 3891): an answer of ours ends the dialog before. */
  async #replace(call: IncomingCall): Promise<void> {
    const life = this.#life;
    if (life.state !== 'up' || this.#change.kind !== 'none') return call.reject(gone);
    // Keys may only come as safely as they did.
    if (this.#parts.secure && call.source.transport !== 'tls') return call.reject(notAcceptable);
    const before = this.#leg;
    const leg: Leg = { over: false };
    this.#change = { kind: 'replacing' };
    try {
      const { offer } = call;
      const sdp = await (offer === undefined ? life.sound.reoffer() : life.sound.renegotiate(offer));
      this.#leg = leg;
      const dialog = await call.answer(sdp, this.#eventsOf(leg));
      this.#life = { ...life, dialog };
      if (offer === undefined) await life.sound.accept(dialog.lateAnswer ?? '');
      this.#events.onPartyChanged?.(parseNameAddress(call.from)?.uriText ?? '', 'replaces');
    } catch (error) {
      call.reject((error instanceof CallError && error.status) || notAcceptable);
      this.#parts.log.info({ err: error }, 'nobody took the place of the far side of a call');
      await this.#goBackTo(before, life);
    } finally {
      this.#change = { kind: 'none' };
    }
  }

  /** The far side from before is there still, or the call is over. */
  async #goBackTo(leg: Leg, life: Extract<Life, { state: 'up' }>): Promise<void> {
    if (this.#life.state !== 'up') return;
    this.#leg = leg;
    this.#life = life;
    if (leg.over) return this.#end('lost');
    try {
      await life.sound.accept(await life.dialog.reinvite(await life.sound.reoffer()));
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'the sound of a call could not be agreed upon again');
    }
  }

  #end(end: CallEnd): void {
    if (this.#life.state === 'over') return;
    this.close();
    this.#events.onEnd(end);
  }
}

function endOf({ by }: DialogEnd): CallEnd {
  return by === 'lost' || by === 'timer' ? 'lost' : 'closed';
}
