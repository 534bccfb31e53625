// What Smart Turn hears: the loudness of 80 bands in each of the last 800 hundredths of a second. The graph itself holds none of this.
// The numbers must be those of the front end it was trained with (Whisper's, over sound of zero mean and unit variance).
import { BINS, FRAME, PowerSpectra } from './fourier.ts';

export const RATE_HZ = 16_000;
/** Eight seconds: what is longer is heard by its end, what is shorter gets silence in front. */
export const SAMPLES = 8 * RATE_HZ;
export const BANDS = 80;
export const FRAMES = 800;

const HOP = SAMPLES / FRAMES;
const MARGIN = FRAME / 2;
const LEAST_POWER = 1e-10;
const LEAST_VARIANCE = 1e-7;
/** Tenths of a bel below the loudest are all the same. */
const RANGE = 8;

const hann = Float64Array.from({ length: FRAME }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / FRAME));

interface Band {
  readonly firstBin: number;
  readonly weights: Float64Array;
}

const bands = slaneyBands();

/** Keeps its own memory; not to be used by two at once. */
export class MelFrontEnd {
  /** Bands × frames, valid until the next call. */
  readonly features = new Float32Array(BANDS * FRAMES);
  readonly #sound = new Float32Array(MARGIN + SAMPLES + MARGIN);
  readonly #spectra = new PowerSpectra();
  #loudest = Number.NEGATIVE_INFINITY;

  /** Of the last eight seconds of this sound: mono at 16 kHz. */
  compute(audio: Int16Array): Float32Array {
    this.#loudest = Number.NEGATIVE_INFINITY;
    const silent = this.#load(audio.subarray(Math.max(0, audio.length - SAMPLES)));
    const { first, second, firstPower, secondPower } = this.#spectra;
    // Frames that lie in the silence in front are all the same: the last of them stands for all.
    const start = Math.max(0, Math.floor((silent - MARGIN) / HOP));
    for (let frame = start; frame < FRAMES; frame += 2) {
      this.#frame(frame, first);
      this.#frame(frame + 1, second);
      this.#spectra.compute();
      this.#bands(frame, firstPower);
      if (frame + 1 < FRAMES) this.#bands(frame + 1, secondPower);
    }
    const { features } = this;
    const floor = this.#loudest - RANGE;
    for (let row = 0; row < features.length; row += FRAMES) {
      for (let at = row + start; at < row + FRAMES; at++) features[at] = (Math.max(floor, features[at] as number) + 4) / 4;
      features.fill(features[row + start] as number, row, row + start);
    }
    return features;
  }

  /** Normalises the sound and mirrors it at both ends; how much silence stands in front of it. */
  #load(audio: Int16Array): number {
    let sum = 0;
    let squares = 0;
    for (const sample of audio) {
      sum += sample;
      squares += sample * sample;
    }
    // Rounded where the original rounds to single precision: the network is quantised, and differences of 1e-5 move its answer by 0.1.
    const mean = Math.fround(sum / 32768 / SAMPLES);
    const variance = Math.max(0, squares / 32768 ** 2 / SAMPLES - mean * mean);
    const deviation = Math.fround(Math.sqrt(Math.fround(Math.fround(variance) + LEAST_VARIANCE)));
    const sound = this.#sound;
    const silent = SAMPLES - audio.length;
    sound.fill(Math.fround(-mean) / deviation, 0, MARGIN + silent);
    for (let at = 0, to = MARGIN + silent; at < audio.length; at++, to++) {
      sound[to] = Math.fround((audio[at] as number) / 32768 - mean) / deviation;
    }
    const end = MARGIN + SAMPLES - 1;
    for (let away = 1; away <= MARGIN; away++) {
      sound[MARGIN - away] = sound[MARGIN + away] as number;
      if (end + away < sound.length) sound[end + away] = sound[end - away] as number;
    }
    return silent;
  }

  #frame(frame: number, into: Float64Array): void {
    const from = Math.min(frame, FRAMES) * HOP;
    for (let n = 0; n < FRAME; n++) into[n] = (this.#sound[from + n] as number) * (hann[n] as number);
  }

  #bands(frame: number, power: Float64Array): void {
    for (let band = 0; band < BANDS; band++) {
      const { firstBin, weights } = bands[band] as Band;
      let sum = 0;
      for (let at = 0; at < weights.length; at++) sum += (weights[at] as number) * (power[firstBin + at] as number);
      const level = Math.log10(Math.max(LEAST_POWER, sum));
      if (level > this.#loudest) this.#loudest = level;
      this.features[band * FRAMES + frame] = level;
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
