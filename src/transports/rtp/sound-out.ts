// What one call says, frame by frame: sound while there is some, silence otherwise, so that packets never stop. It keeps count of what was
// sent and what was dropped; when to send is the pacer's business.
import { CALL_RATE_HZ } from './call-rate.ts';
import { FRAME_SAMPLES, type VoiceEncoder } from './voice.ts';

/** Sound that waits at most: two minutes. Whoever writes on does not wait for it to be played, and the newest is dropped. */
const MOST_WAITING = 120 * CALL_RATE_HZ;
/** How long a cut takes to be silent: at once would click. */
const FADE_SAMPLES = 120;
/** Frames of silence that are really encoded after sound, until the listener's decoder has calmed down. */
const CALMING_FRAMES = 10;
/** Frames of sound between two reports. */
const REPORT_FRAMES = 5;

export interface Packet {
  readonly payload: Uint8Array;
  /** The first with sound after silence. */
  readonly first: boolean;
}

export class SoundOut {
  #encoder: VoiceEncoder;
  #silence: Uint8Array;
  readonly #report: (sentMs: number, clears: number) => void;
  #waiting: Int16Array[] = [];
  /** Samples of the first of `#waiting` that have been sent already. */
  #at = 0;
  #waitingSamples = 0;
  /** Of all samples ever given, how many were sent or dropped. */
  #gone = 0;
  #clears = 0;
  #fade: Int16Array | undefined;
  /** Frames since there was sound. */
  #quietFrames = CALMING_FRAMES;
  #unreportedFrames = 0;

  /** `silence` is a packet of it. */
  constructor(encoder: VoiceEncoder, silence: Uint8Array, report: (sentMs: number, clears: number) => void) {
    this.#encoder = encoder;
    this.#silence = silence;
    this.#report = report;
  }

  /** Goes on in another codec with what waits. The encoder before is its owner's to free. */
  change(encoder: VoiceEncoder, silence: Uint8Array): void {
    this.#encoder = encoder;
    this.#silence = silence;
  }

  play(samples: Int16Array): void {
    const taken = samples.subarray(0, MOST_WAITING - this.#waitingSamples);
    this.#gone += samples.length - taken.length;
    if (taken.length === 0) return;
    this.#waiting.push(taken);
    this.#waitingSamples += taken.length;
  }

  clear(): void {
    this.#tell();
    const speaking = this.#quietFrames === 0 && this.#waitingSamples > 0;
    this.#gone += this.#waitingSamples;
    this.#fade = speaking ? fadeOut(this.#take(FADE_SAMPLES)) : undefined;
    this.#waiting = [];
    this.#at = 0;
    this.#waitingSamples = 0;
    this.#clears++;
    this.#tell();
  }

  next(): Packet {
    const frame = this.#nextFrame();
    if (!frame) {
      if (this.#quietFrames >= CALMING_FRAMES) return { payload: this.#silence, first: false };
      this.#quietFrames++;
      return { payload: this.#encoder.encode(new Int16Array(FRAME_SAMPLES)), first: false };
    }
    const first = this.#quietFrames > 0;
    this.#quietFrames = 0;
    return { payload: this.#encoder.encode(frame), first };
  }

  #nextFrame(): Int16Array | undefined {
    const fade = this.#fade;
    if (fade) {
      this.#fade = undefined;
      return fade;
    }
    if (this.#waitingSamples === 0) return undefined;
    const before = this.#waitingSamples;
    const frame = this.#take(FRAME_SAMPLES);
    this.#gone += before - this.#waitingSamples;
    this.#unreportedFrames++;
    if (this.#unreportedFrames >= REPORT_FRAMES || this.#waitingSamples === 0) this.#tell();
    return frame;
  }

  /** A frame whose first `most` samples are the oldest that wait; zeros where there are none. */
  #take(most: number): Int16Array {
    const frame = new Int16Array(FRAME_SAMPLES);
    for (let filled = 0; filled < most; ) {
      const [oldest] = this.#waiting;
      if (!oldest) break;
      const piece = oldest.subarray(this.#at, this.#at + most - filled);
      frame.set(piece, filled);
      filled += piece.length;
      this.#at += piece.length;
      this.#waitingSamples -= piece.length;
      if (this.#at < oldest.length) continue;
      this.#waiting.shift();
      this.#at = 0;
    }
    return frame;
  }

  #tell(): void {
    this.#unreportedFrames = 0;
    this.#report((this.#gone * 1000) / CALL_RATE_HZ, this.#clears);
  }
}

function fadeOut(frame: Int16Array): Int16Array {
  for (let i = 0; i < FADE_SAMPLES; i++) frame[i] = Math.round(((frame[i] as number) * (FADE_SAMPLES - i)) / FADE_SAMPLES);
  return frame;
}
