// The sound of a call for those who listen to it live: both sides on one clock, at a steady delay. Of the agent's side it is what was sent; what that
// is must be known from the beginning of the call, so it is counted although nobody listens.
import type { Clock, Timer } from '../../lib/clock.ts';
import { type AudioFormat, bytesPerSample, sampleRateHz } from '../../protocol/audio-format.ts';
import { lineSamples } from './line-samples.ts';
import { SentSound } from './sent-sound.ts';
import { liveTolerance, StereoTimeline } from './stereo-timeline.ts';

/** Lines tell ten times a second what they have sent, and networks are uneven. */
const delayMs = 200;
/** How much is given at a time. */
const pieceMs = 40;
const mostListeners = 4;

/** One who listens. */
export interface SoundListener {
  /** Interleaved samples: the caller on the left, the agent on the right. They are everybody's: nobody may write to them. */
  hear(pairs: Int16Array): void;
  /** The call is over. */
  end(): void;
}

export class CallSound {
  readonly rateHz: number;
  readonly #format: AudioFormat;
  readonly #clock: Clock;
  readonly #sent: SentSound;
  readonly #listeners = new Set<SoundListener>();
  #live: { readonly timeline: StereoTimeline; timer: Timer } | undefined;

  constructor(format: AudioFormat, clock: Clock) {
    this.rateHz = sampleRateHz(format);
    this.#format = format;
    this.#clock = clock;
    this.#sent = new SentSound((bytesPerSample(format) * this.rateHz) / 1000);
  }

  /** Whether anybody listens. */
  get isHeard(): boolean {
    return this.#listeners.size > 0;
  }

  /** Whether one more can listen. */
  get hasRoom(): boolean {
    return this.#listeners.size < mostListeners;
  }

  /** Gives what both sides say from now on, until the returned function is called or the call is over. It must have room. */
  listen(listener: SoundListener): () => void {
    this.#listeners.add(listener);
    this.#live ??= { timeline: new StereoTimeline(this.rateHz, this.#clock.now(), liveTolerance), timer: this.#next() };
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#rest();
    };
  }

  heard(sound: Uint8Array): void {
    // Whoever brought it may use it again.
    this.#live?.timeline.heard(lineSamples(this.#format, sound).slice(), this.#clock.now());
  }

  given(sound: Uint8Array): void {
    this.#sent.given(sound);
  }

  played(sentMs: number, clears: number): void {
    const { sound, follows } = this.#sent.told(sentMs, clears);
    if (sound.length > 0) this.#live?.timeline.sent(lineSamples(this.#format, sound), this.#clock.now(), follows);
  }

  /** The call is over. */
  end(): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    this.#rest();
    for (const listener of listeners) listener.end();
  }

  #next(): Timer {
    return this.#clock.after(pieceMs, () => this.#give());
  }

  #give(): void {
    const live = this.#live;
    if (!live) return;
    live.timer = this.#next();
    const pairs = live.timeline.upTo(this.#clock.now() - delayMs);
    if (pairs.length > 0) for (const listener of [...this.#listeners]) listener.hear(pairs);
  }

  #rest(): void {
    this.#live?.timer.cancel();
    this.#live = undefined;
  }
}
