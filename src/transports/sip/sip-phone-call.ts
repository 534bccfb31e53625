// One answered SIP call: what is said goes to its media, what is decided about it to its dialog, and whichever of the two ends takes the other along.
import type { Log } from '../../lib/log.ts';
import { type CallEnd, CallError, type CallEvents } from '../calls/call.ts';
import type { PhoneCall, TransferOutcome } from '../calls/phone-call.ts';
import type { CallEnd as DialogEnd, DialogEvents, SipDialog } from './agent.ts';
import type { MediaCall } from './media/phone-media.ts';

/** The sound cannot be agreed upon (RFC 3261, 21.4.26). */
const notAcceptable = 488;

export class SipPhoneCall implements PhoneCall {
  readonly mostMessageBytes = 0;
  readonly takenBytes = 0;
  readonly waitingBytes = 0;
  readonly #events: CallEvents;
  readonly #log: Log;
  #sound: MediaCall | undefined;
  #dialog: SipDialog | undefined;
  #over = false;

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
      onLateAnswer: (sdp) =>
        void this.#sounding.accept(sdp).catch((error: unknown) => this.#log.warn({ err: error }, 'a late answer of SDP cannot be used')),
      onInfoDigit: (digit) => this.#events.onDigit(digit),
      onBye: (end) => this.#end(endOf(end)),
    };
  }

  /** Its sound is agreed upon. */
  sounds(sound: MediaCall): void {
    this.#sound = sound;
  }

  answered(dialog: SipDialog): void {
    this.#dialog = dialog;
    if (this.#over) dialog.bye();
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
    if (this.#over) return;
    this.#leave();
  }

  async transfer(target: string, _signal: AbortSignal): Promise<TransferOutcome> {
    if (!this.#dialog || this.#over) return { outcome: 'refused', reason: 'The call is over.' };
    const { outcome, status } = await this.#dialog.refer(target);
    if (outcome === 'accepted') return { outcome: 'transferred' };
    const reason = outcome === 'refused' ? 'The far side does not hand calls over' : 'Whom the far side called did not answer';
    return { outcome: 'refused', status, reason: `${reason} (${status}).` };
  }

  async sendDigits(digits: string): Promise<void> {
    await this.#sound?.sendDigits(digits);
  }

  get #sounding(): MediaCall {
    if (!this.#sound) throw new CallError('unavailable', 'The call has no sound yet.');
    return this.#sound;
  }

  #end(end: CallEnd): void {
    if (this.#over) return;
    this.#leave();
    this.#events.onEnd(end);
  }

  #leave(): void {
    this.#over = true;
    this.#sound?.close();
    this.#dialog?.bye();
  }
}

function endOf({ by }: DialogEnd): CallEnd {
  return by === 'lost' || by === 'timer' ? 'lost' : 'closed';
}
