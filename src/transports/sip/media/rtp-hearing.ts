// What comes in of one call: packets of its far side become sound, keys that were pressed, and figures. What is none of them is nothing.
import { ComfortNoise } from '../../rtp/comfort-noise.ts';
import { G711_RATE_HZ } from '../../rtp/g711-voice.ts';
import type { RtpPacket } from '../../rtp/packet.ts';
import { Reception } from '../../rtp/reception.ts';
import { RtpInput } from '../../rtp/rtp-input.ts';
import { KeysIn } from '../../rtp/telephone-event.ts';
import type { VoiceDecoder } from '../../rtp/voice.ts';
import { codecs } from './media-codecs.ts';
import type { Agreement } from './sdp-session.ts';

/** Some far sides go on with other timestamps after a transfer: that is no silence of an hour. */
const MOST_JUMP_MS = 1000;

export interface HearingEvents {
  onSound(samples: Int16Array<ArrayBuffer>): void;
  onDigit(digit: string): void;
}

export class RtpHearing {
  readonly #events: HearingEvents;
  readonly #keys = new KeysIn();
  readonly #noise = new ComfortNoise();
  #agreement: Agreement | undefined;
  #clockRateHz = G711_RATE_HZ;
  #input: RtpInput | undefined;
  #reception: Reception | undefined;

  constructor(events: HearingEvents) {
    this.#events = events;
  }

  /** `decoder` where the codec is another one than before. Until the first agreement nobody is heard. */
  change(agreement: Agreement, decoder: VoiceDecoder | undefined): void {
    this.#agreement = agreement;
    if (!decoder) return;
    this.#clockRateHz = codecs[agreement.codec].clockRateHz;
    this.#reception = undefined;
    this.#input = new RtpInput(decoder, (samples) => this.#events.onSound(samples), {
      clockRateHz: this.#clockRateHz,
      mostJumpMs: MOST_JUMP_MS,
      silence: (samples) => this.#noise.next(samples),
    });
  }

  get reception(): Reception | undefined {
    return this.#reception;
  }

  /** Whether packets of that type have been agreed upon. */
  knows(payloadType: number): boolean {
    const { voice, event, noise } = this.#agreement?.receive ?? {};
    return payloadType === voice || payloadType === event || payloadType === noise;
  }

  /** A packet of a type that is known. */
  take({ payloadType, ssrc, sequenceNumber, timestamp, payload }: RtpPacket, nowMs: number): void {
    const agreement = this.#agreement;
    const input = this.#input;
    if (!agreement || !input) return;
    const { receive, listens } = agreement;
    const isVoice = payloadType === receive.voice;
    if (this.#reception?.ssrc !== ssrc) this.#reception = new Reception(ssrc, sequenceNumber, this.#clockRateHz);
    this.#reception.take(sequenceNumber, timestamp, nowMs, isVoice);
    const arrival = { ssrc, sequenceNumber, timestamp, payload };
    if (payloadType === receive.event) {
      const key = listens ? this.#keys.take(payload, timestamp, nowMs) : undefined;
      if (key !== undefined) this.#events.onDigit(key);
      input.push({ ...arrival, mute: true }, nowMs);
    } else if (isVoice) {
      // While a key is held, what is heard beside it is its tone; and music is for whoever waits.
      const mute = !listens || this.#keys.isHeld(nowMs);
      input.push(mute ? { ...arrival, mute } : arrival, nowMs);
    } else {
      this.#noise.hear(payload);
      input.push({ ...arrival, mute: true, resting: true }, nowMs);
    }
  }

  tick(nowMs: number): void {
    this.#input?.tick(nowMs);
  }
}
