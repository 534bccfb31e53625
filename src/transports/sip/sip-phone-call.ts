// One SIP call from its description to its end: what is said goes to its media, what is decided about it to its dialog, and whichever of the two ends takes
// the other along.
import type { Log } from '../../lib/log.ts';
import { type CallEnd, CallError, type CallEvents } from '../calls/call.ts';
import type { PhoneCall, TransferOutcome } from '../calls/phone-call.ts';
import { type CallEnd as DialogEnd, CallFailure, type DialogEvents, type SipDialog } from './agent.ts';
import type { MediaCall } from './media/phone-media.ts';
import { addressAtRemote } from './parties.ts';

/** The sound cannot be agreed upon (RFC 3261, 21.4.26). */
const notAcceptable = 488;

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
  readonly #log: Log;
  #life: Life = { state: 'silent' };

  constructor(events: CallEvents, log: Log) {
    this.#events = events;
    this.#log = log;
  }

  get silentMs(): number {
    return this.#sound?.silentMs ?? 0;
  }

  /** For whoever carries its sound. */
  get mediaEvents(): CallEvents {
    const events = this.#events;
    return {
      onSound: (sound) => events.onSound(sound),
      onOpen: () => events.onOpen(),
      onMessage: (text) => events.onMessage(text),
      onPlayed: (sentMs, clears, atMs) => events.onPlayed(sentMs, clears, atMs),
      onTaken: () => events.onTaken(),
      onDigit: (digit) => events.onDigit(digit),
      onEnd: (end) => this.#end(end),
    };
  }

  /** For whoever signals it. */
  get dialogEvents(): DialogEvents {
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
      onBye: (end) => this.#end(endOf(end)),
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
    if ('sound' in life) life.sound.close();
    if (life.state === 'signalled') life.withdraw();
    else if (life.state === 'up') life.dialog.bye();
  }

  async transfer(target: string, _signal: AbortSignal): Promise<TransferOutcome> {
    if (this.#life.state !== 'up') return { outcome: 'refused', reason: 'The call is not answered, or it is over.' };
    try {
      const { dialog } = this.#life;
      const { outcome, status } = await dialog.refer(addressAtRemote(target, dialog.remote));
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
      this.#log.warn({ err: error }, 'a late answer of SDP cannot be used');
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
