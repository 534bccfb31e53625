// What goes out of one call, a tick of the pacer at a time: sound, silence that keeps the way open, or a key that is pressed. Its numbers go
// on through all of it.
import { CALL_RATE_HZ, FRAME_MS } from '../../rtp/call-rate.ts';
import { G711_RATE_HZ } from '../../rtp/g711-voice.ts';
import { writeRtp } from '../../rtp/packet.ts';
import { SoundOut } from '../../rtp/sound-out.ts';
import { KeysOut } from '../../rtp/telephone-event.ts';
import { FRAME_SAMPLES, type VoiceEncoder } from '../../rtp/voice.ts';
import { codecs } from './media-codecs.ts';
import type { Agreement } from './sdp-session.ts';

/** Keys that wait to be pressed: nobody's telephone number is that long. */
const MOST_KEYS = 256;

/** Where the numbers of a stream begin: nobody can guess them. */
export interface Beginning {
  readonly ssrc: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
}

const nobody: VoiceEncoder = { encode: () => new Uint8Array(0), free() {} };

export class RtpSpeaking {
  readonly ssrc: number;
  readonly #out: SoundOut;
  readonly #send: (packet: Uint8Array) => void;
  #sequenceNumber: number;
  #timestamp: number;
  /** When the key under way was pressed. */
  #pressed = 0;
  #agreement: Agreement | undefined;
  readonly #keys = new KeysOut(FRAME_MS, G711_RATE_HZ);
  #packets = 0;
  #octets = 0;

  constructor(begin: Beginning, report: (sentMs: number, clears: number) => void, send: (packet: Uint8Array) => void) {
    this.ssrc = begin.ssrc;
    this.#sequenceNumber = begin.sequenceNumber;
    this.#timestamp = begin.timestamp;
    this.#send = send;
    this.#out = new SoundOut(nobody, new Uint8Array(0), report);
  }

  /** `voice` where the codec is another one than before. Until the first agreement nothing is said. */
  change(agreement: Agreement, voice: { encoder: VoiceEncoder; silence: Uint8Array } | undefined): void {
    this.#agreement = agreement;
    if (voice) this.#out.change(voice.encoder, voice.silence);
    this.#keys.clockRateHz = agreement.eventRateHz;
  }

  get sent(): { timestamp: number; packets: number; octets: number } {
    return { timestamp: this.#timestamp, packets: this.#packets, octets: this.#octets };
  }

  /** Whether the far side takes keys as packets. */
  get takesKeys(): boolean {
    return this.#agreement?.send.event !== undefined;
  }

  /** Undefined when too many wait already. Resolves when all are pressed, or the call ends. */
  press(digits: string): Promise<void> | undefined {
    return this.#keys.size + digits.length * 2 > MOST_KEYS ? undefined : this.#keys.press(digits);
  }

  play(samples: Int16Array): void {
    this.#out.play(samples);
  }

  clear(): void {
    this.#out.clear();
  }

  /** Time that was left out passes for the listener, too. */
  tick(leftOut: number): void {
    const agreement = this.#agreement;
    if (!agreement) return;
    const frameTicks = ticksOf(agreement);
    this.#pass(leftOut * frameTicks);
    // On hold nothing is said, and what waits to be said waits on.
    if (agreement.speaks) this.#say(agreement.send);
    this.#pass(frameTicks);
  }

  end(): void {
    this.#keys.drop();
  }

  #say({ voice, event }: Agreement['send']): void {
    const pressed = event === undefined ? [] : this.#keys.next();
    for (const { payload, first } of pressed) {
      if (first) this.#pressed = this.#timestamp;
      this.#write(event as number, payload, this.#pressed, first);
    }
    if (pressed.length > 0) return;
    const { payload, first } = this.#out.next();
    this.#write(voice, payload, this.#timestamp, first);
  }

  #write(payloadType: number, payload: Uint8Array, timestamp: number, marker: boolean): void {
    const header = { payloadType, marker, sequenceNumber: this.#sequenceNumber, timestamp, ssrc: this.ssrc };
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
    this.#packets++;
    this.#octets += payload.length;
    this.#send(writeRtp(header, payload));
  }

  #pass(ticks: number): void {
    this.#timestamp = (this.#timestamp + ticks) >>> 0;
  }
}

function ticksOf({ codec }: Agreement): number {
  return (FRAME_SAMPLES * codecs[codec].clockRateHz) / CALL_RATE_HZ;
}
