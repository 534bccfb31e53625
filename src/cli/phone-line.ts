// The person's end of a telephone call: what is heard goes to the loudspeaker and the file, and what is said goes out at the pace of speech.
// It knows since when the far side has been quiet.
import type { Speaker } from './talk-playback.ts';
import { PhoneTrack } from './phone-track.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import { fromBytes, type Pcm, toBytes } from '../media/pcm.ts';
import { resample } from '../media/resample.ts';
import { writeStereoWav, writeWav } from '../media/wav.ts';
import type { CallEnd, CallEvents } from '../transports/calls/call.ts';
import type { PhoneCall } from '../transports/calls/phone-call.ts';
import { CALL_RATE_HZ } from '../transports/rtp/call-rate.ts';

export interface LineParts {
  readonly clock: Clock;
  readonly speaker: Speaker | undefined;
  /** Keep both directions for a file. */
  readonly keeps: boolean;
  readonly tell: (text: string) => void;
}

const rateHz = CALL_RATE_HZ;
/** Who has been quiet for so long has finished. */
const quietMs = 1000;
/** The pause before somebody's first word is looked for this often. */
const lookMs = 50;
/** Mean power of a frame above which it is speech and no noise of the line: 45 dB below full scale. */
const loudPower = 32_768 ** 2 * 10 ** -4.5;
/** A file is given to the call in pieces, so that no more than two of them wait there. */
const pieceMs = 1000;

export class PhoneLine implements CallEvents {
  readonly #parts: LineParts;
  readonly #heard = new PhoneTrack(rateHz);
  readonly #said = new PhoneTrack(rateHz);
  readonly #ending = new AbortController();
  #startMs: number | undefined;
  #lastLoudMs = 0;
  #givenSamples = 0;
  #sentMs = 0;
  #onSent: () => void = () => {};
  #end: CallEnd | undefined;

  constructor(parts: LineParts) {
    this.#parts = parts;
  }

  /** Fires when the far side has ended the call, or the call has broken off. */
  get over(): AbortSignal {
    return this.#ending.signal;
  }

  /** How the call has ended, where we did not end it. */
  get end(): CallEnd | undefined {
    return this.#end;
  }

  get durationMs(): number {
    return this.#startMs === undefined ? 0 : this.#parts.clock.now() - this.#startMs;
  }

  /** The call is answered: its time begins. */
  begin(): void {
    this.#startMs ??= this.#parts.clock.now();
  }

  onSound(sound: Uint8Array): void {
    this.begin();
    const samples = fromBytes(sound).slice();
    if (isLoud(samples)) this.#lastLoudMs = this.#parts.clock.now();
    if (this.#parts.keeps) this.#heard.add(samples, this.durationMs);
    this.#parts.speaker?.play(samples);
  }

  onDigit(digit: string): void {
    this.#parts.tell(`the far side pressed ${digit}`);
  }

  onPlayed(sentMs: number): void {
    this.#sentMs = sentMs;
    this.#onSent();
  }

  onEnd(end: CallEnd): void {
    this.#end = end;
    this.#ending.abort();
  }

  /** Telephones have no data channel. */
  onOpen(): void {}
  onMessage(): void {}
  onTaken(): void {}

  /** Sound at the rate of calls, which goes out as soon as what was given before has. */
  speak(call: PhoneCall, samples: Int16Array): void {
    this.#givenSamples += samples.length;
    if (this.#parts.keeps) this.#said.add(samples, this.durationMs);
    call.play(toBytes(samples));
  }

  /** Says a recording; resolves when all of it has been sent, or the signal fires. */
  async say(call: PhoneCall, speech: Pcm, signal: AbortSignal): Promise<void> {
    const { samples } = resample(speech, rateHz);
    const step = (rateHz * pieceMs) / 1000;
    for (let at = 0; at < samples.length && !signal.aborted; at += step) {
      this.speak(call, samples.subarray(at, at + step));
      await this.#sent(this.#givenMs - pieceMs, signal);
    }
    await this.#sent(this.#givenMs, signal);
  }

  /** Until the far side has been quiet for a second. */
  async quiet(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const untilMs = () => Math.max(this.#startMs ?? 0, this.#lastLoudMs) + quietMs;
    while (clock.now() < untilMs() && !signal.aborted) await sleep(clock, untilMs() - clock.now(), signal);
  }

  /** Until the far side has said something from now on and has then been quiet for a second, or has said nothing for `waitMs`. */
  async answer(waitMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const sinceMs = clock.now();
    while (this.#lastLoudMs <= sinceMs && clock.now() < sinceMs + waitMs && !signal.aborted) await sleep(clock, lookMs, signal);
    if (this.#lastLoudMs > sinceMs) await this.quiet(signal);
  }

  /** What was kept as a WAVE file: what was heard, or with `both` that on the left and what was said on the right. */
  wav(both: boolean): Uint8Array {
    const heard = this.#heard.samples;
    if (!both) return writeWav({ samples: heard, rateHz });
    const said = this.#said.samples;
    const length = Math.max(heard.length, said.length);
    return writeStereoWav(filled(heard, length), filled(said, length), rateHz);
  }

  get heardMs(): number {
    return this.#heard.durationMs;
  }

  get #givenMs(): number {
    return (this.#givenSamples * 1000) / rateHz;
  }

  #sent(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.#sentMs < ms && !signal.aborted) return;
        this.#onSent = () => {};
        signal.removeEventListener('abort', look);
        resolve();
      };
      this.#onSent = look;
      signal.addEventListener('abort', look);
      look();
    });
  }
}

function isLoud(samples: Int16Array): boolean {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum > loudPower * samples.length;
}

function filled(samples: Int16Array, length: number): Int16Array {
  const whole = new Int16Array(length);
  whole.set(samples);
  return whole;
}
