// The front end of Whisper, and of what was trained on it: the loudness of 80 bands in each hundredth of a second.
import { RealFft } from '../../../media/real-fft.ts';

export const RATE_HZ = 16_000;
/** Samples of a frame, and frequencies from 0 to half of the rate. */
const FRAME = 400;
const BINS = FRAME / 2 + 1;
export const BANDS = 80;
/** Samples from one frame to the next. */
export const HOP = 160;
/** A frame reaches so far to both sides of its middle. */
export const MARGIN = FRAME / 2;

const LEAST_POWER = 1e-10;
/** Tenths of a bel below the loudest are all the same. */
const RANGE = 8;

const hann = Float64Array.from({ length: FRAME }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / FRAME));

interface Band {
  readonly firstBin: number;
  readonly weights: Float64Array;
}

const bands = slaneyBands();

/** Keeps its own memory; not to be used by two at once. */
export class LogMel {
  readonly #fft = new RealFft(FRAME);
  readonly #frame = new Float64Array(FRAME);
  readonly #re = new Float64Array(BINS);
  readonly #im = new Float64Array(BINS);
  readonly #power = new Float64Array(BINS);
  #loudest = Number.NEGATIVE_INFINITY;

  /**
   * Fills `features`, bands × frames. `sound` begins with MARGIN samples before the middle of the first frame and ends with as many after that of
   * the last. Only the frames from `from` to `to` differ: those before are all like the first of them, those after like the last.
   */
  compute(sound: Float32Array, features: Float32Array, from: number, to: number): void {
    const frames = features.length / BANDS;
    this.#loudest = Number.NEGATIVE_INFINITY;
    for (let frame = from; frame < to; frame++) this.#compute(sound, features, frame, frames);
    const floor = this.#loudest - RANGE;
    for (let row = 0; row < features.length; row += frames) {
      for (let at = row + from; at < row + to; at++) features[at] = (Math.max(floor, features[at] as number) + 4) / 4;
      features.fill(features[row + from] as number, row, row + from);
      features.fill(features[row + to - 1] as number, row + to, row + frames);
    }
  }

  #compute(sound: Float32Array, features: Float32Array, frame: number, frames: number): void {
    const from = frame * HOP;
    for (let n = 0; n < FRAME; n++) this.#frame[n] = (sound[from + n] as number) * (hann[n] as number);
    this.#fft.forward(this.#frame, this.#re, this.#im);
    for (let bin = 0; bin < BINS; bin++) this.#power[bin] = (this.#re[bin] as number) ** 2 + (this.#im[bin] as number) ** 2;
    for (let band = 0; band < BANDS; band++) {
      const { firstBin, weights } = bands[band] as Band;
      let sum = 0;
      for (let at = 0; at < weights.length; at++) sum += (weights[at] as number) * (this.#power[firstBin + at] as number);
      const level = Math.log10(Math.max(LEAST_POWER, sum));
      if (level > this.#loudest) this.#loudest = level;
      features[band * frames + frame] = level;
    }
  }
}

/** Triangles over frequency, evenly spaced on Slaney's scale (even up to 1 kHz, by ratios above), each of the same area. */
function slaneyBands(): Band[] {
  const logStep = Math.log(6.4) / 27;
  const melOf = (hz: number) => (hz < 1000 ? (3 * hz) / 200 : 15 + Math.log(hz / 1000) / logStep);
  const hzOf = (mel: number) => (mel < 15 ? (200 * mel) / 3 : 1000 * Math.exp(logStep * (mel - 15)));
  const most = melOf(RATE_HZ / 2);
  const corner = (index: number) => hzOf((most * index) / (BANDS + 1));
  return Array.from({ length: BANDS }, (_, band) => {
    const [low, middle, high] = [corner(band), corner(band + 1), corner(band + 2)];
    const weights = Array.from({ length: BINS }, (_bin, bin) => {
      const hz = (bin * RATE_HZ) / FRAME;
      return (Math.max(0, Math.min((hz - low) / (middle - low), (high - hz) / (high - middle))) * 2) / (high - low);
    });
    const firstBin = weights.findIndex((weight) => weight > 0);
    const lastBin = weights.findLastIndex((weight) => weight > 0);
    return { firstBin, weights: Float64Array.from(weights.slice(firstBin, lastBin + 1)) };
  });
}
