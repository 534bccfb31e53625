// From the net's frames to sound: pulses are cut into windows, each window's spectrum is shaped by its frame, and the windows are laid over each
// other again. Sound comes in blocks of any length, which together are the whole to the bit.
import { RealFft } from '../../../media/real-fft.ts';
import { BINS, type FrameReader, HOP } from './frames.ts';
import { type Pitch, PulseTrain } from './pulses.ts';

/** Samples of which a frame's spectrum is. */
export const WINDOW = 1200;
const HOPS = WINDOW / HOP;
/** Frames of which the windows reach into a hop: one before its own, itself, two after. */
const [BEFORE, AFTER] = [1, 2];

const hann = Float64Array.from({ length: WINDOW }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW));
const fft = new RealFft(WINDOW);

/** A spectrum in two arrays of BINS values. */
export interface Spectrum {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

export function newSpectrum(): Spectrum {
  return { re: new Float64Array(BINS), im: new Float64Array(BINS) };
}

/** What a frame makes of the spectrum of the pulses in its window (none where the voice is silent): the spectrum of the sound, into `sound`. */
export type Shape = (frame: FrameReader, pulses: Spectrum | undefined, sound: Spectrum) => void;

export class Vocoder {
  readonly #frames: FrameReader;
  readonly #shape: Shape;
  readonly #train: PulseTrain;
  readonly #pulses = newSpectrum();
  readonly #sound = newSpectrum();
  readonly #window = new Float64Array(WINDOW);
  /** What is laid over each other so far, from hop `#frame - AFTER` on. */
  readonly #sum = new Float64Array(WINDOW);
  #frame: number;
  #hop: number;

  /** `start`: the frame at which the sound begins. It is that of the whole from there on. */
  constructor(frames: FrameReader, shape: Shape, options: { start?: number; pitch?: Pitch | undefined } = {}) {
    this.#frames = frames;
    this.#shape = shape;
    this.#train = new PulseTrain(frames.f0, options.pitch);
    this.#hop = Math.min(options.start ?? 0, frames.count);
    this.#frame = Math.max(0, this.#hop - BEFORE);
  }

  /** The next samples: `hops` · HOP of them, fewer at the end, and none after it. */
  next(hops: number): Float32Array {
    const until = Math.min(this.#hop + hops, this.#frames.count);
    const samples = new Float32Array((until - this.#hop) * HOP);
    for (let at = 0; this.#hop < until; this.#hop++, at += HOP) {
      while (this.#frame <= this.#hop + AFTER) this.#lay(this.#frame++);
      const oldest = this.#frame - 1 - AFTER;
      // The sum begins with the oldest hop that the last frame reaches, which is this one.
      const norm = this.#norm(oldest);
      for (let i = 0; i < HOP; i++) samples[at + i] = (this.#sum[i] as number) * (norm[i] as number);
    }
    return samples;
  }

  /** Moves the sum on by a hop and adds the window of a frame; beyond the last frame there is nothing to add. */
  #lay(k: number): void {
    const sum = this.#sum;
    sum.copyWithin(0, HOP);
    sum.fill(0, WINDOW - HOP);
    if (k >= this.#frames.count) return;
    this.#frames.read(k);
    this.#shape(this.#frames, this.#analyse(k), this.#sound);
    fft.inverse(this.#sound.re, this.#sound.im, this.#window);
    for (let i = 0; i < WINDOW; i++) sum[i] = (sum[i] as number) + (this.#window[i] as number) * (hann[i] as number);
  }

  /** The spectrum of the pulses around the beginning of a frame; sound is mirrored at the ends of the whole. */
  #analyse(k: number): Spectrum | undefined {
    const train = this.#train;
    train.upTo(k + HOPS / 2 + 1);
    if (!train.isVoiced(k - HOPS / 2, k + HOPS / 2)) return undefined;
    const { samples } = train;
    const begin = (k - HOPS / 2) * HOP;
    const inside = begin >= 0 && begin + WINDOW <= samples.length;
    for (let i = 0; i < WINDOW; i++) {
      const at = inside ? begin + i : mirrored(begin + i, samples.length);
      this.#window[i] = ((samples[at] as number) * (hann[i] as number)) / HOP;
    }
    fft.forward(this.#window, this.#pulses.re, this.#pulses.im);
    return this.#pulses;
  }

  /** One over the sum of the squared windows that lie over a hop: less of them at the ends. */
  #norm(hop: number): Float64Array {
    const [first, last] = [Math.max(0, hop - BEFORE), Math.min(this.#frames.count - 1, hop + AFTER)];
    const key = `${first - hop} ${last - hop}`;
    const known = norms.get(key);
    if (known) return known;
    const norm = new Float64Array(HOP);
    for (let i = 0; i < HOP; i++) {
      let sum = 0;
      for (let k = first; k <= last; k++) sum += (hann[(hop - k + HOPS / 2) * HOP + i] as number) ** 2;
      norm[i] = 1 / Math.max(sum, 1e-11);
    }
    norms.set(key, norm);
    return norm;
  }
}

/** By which frames around a hop there are: few cases. */
const norms = new Map<string, Float64Array>();

function mirrored(at: number, length: number): number {
  const inside = at < 0 ? -at : at >= length ? 2 * (length - 1) - at : at;
  return Math.max(0, Math.min(length - 1, inside));
}
