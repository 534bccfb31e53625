// Steady single tones in the sound of a line: the beep of an answering machine, the tones of a fax. A tone is a frame in which nearly everything sounds at
// one frequency, and goes on while that frequency stays.
import { RealFft } from '../media/real-fft.ts';

/** Of the sound that is looked at; a line has nothing above half of it. */
export const toneRateHz = 8000;
/** One look each 20 ms, at the last 40: bins are 16 Hz apart. */
export const toneHop = 160;
const windowSamples = 320;
const fftLength = 512;
const binHz = toneRateHz / fftLength;
/** The main lobe of the window is as wide (4 / 40 ms): what lies in it is the tone. */
const lobeBins = 4;
/** Share of the power that is the tone's. Vowels are below, and so are tones of two frequencies (keys of a telephone: 0.5). */
const leastPurity = 0.92;
const leastDb = -42;
/** How far a tone may drift: no voice stays so for an eighth of a second. */
const mostDriftHz = 15;
/** Frames without it that end a tone. */
const endFrames = 2;

export interface Tone {
  readonly hz: number;
  readonly fromMs: number;
  readonly lastsMs: number;
}

export type ToneState = { readonly state: 'none' } | { readonly state: 'sounds' | 'ended'; readonly tone: Tone };

interface Run {
  frames: number;
  sumHz: number;
  missing: number;
  fromMs: number;
}

export class SteadyTone {
  readonly #fft = new RealFft(fftLength);
  readonly #window = Float64Array.from({ length: windowSamples }, (_, at) => 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / windowSamples));
  readonly #frame = new Float64Array(fftLength);
  readonly #re = new Float64Array(fftLength / 2 + 1);
  readonly #im = new Float64Array(fftLength / 2 + 1);
  #before: Int16Array = new Int16Array(toneHop);
  #run: Run | undefined;
  /** Whether the last frame was a tone. */
  tonal = false;

  /** The next 20 ms, which end at `endMs`. */
  next(hop: Int16Array, levelDb: number, endMs: number): ToneState {
    const hz = levelDb < leastDb ? undefined : this.#frequency(hop);
    this.#before = hop;
    this.tonal = hz !== undefined;
    const run = this.#run;
    if (run && hz !== undefined && Math.abs(hz - run.sumHz / run.frames) <= mostDriftHz) {
      run.frames += 1;
      run.sumHz += hz;
      run.missing = 0;
      return { state: 'sounds', tone: toneOf(run) };
    }
    if (run && run.missing + 1 < endFrames) {
      run.missing += 1;
      return { state: 'sounds', tone: toneOf(run) };
    }
    this.#run = hz === undefined ? undefined : { frames: 1, sumHz: hz, missing: 0, fromMs: endMs - (1000 * toneHop) / toneRateHz };
    return run ? { state: 'ended', tone: toneOf(run) } : { state: 'none' };
  }

  /** Of what sounds, if that is one tone. */
  #frequency(hop: Int16Array): number | undefined {
    for (let at = 0; at < toneHop; at++) {
      this.#frame[at] = (this.#before[at] as number) * (this.#window[at] as number);
      this.#frame[toneHop + at] = (hop[at] as number) * (this.#window[toneHop + at] as number);
    }
    this.#fft.forward(this.#frame, this.#re, this.#im);
    const power = (bin: number) => (this.#re[bin] as number) ** 2 + (this.#im[bin] as number) ** 2;
    let all = 0;
    let peak = 0;
    let most = 0;
    // Below is the hum of the mains.
    for (let bin = Math.ceil(100 / binHz); bin < fftLength / 2; bin++) {
      const own = power(bin);
      all += own;
      if (own > most) [peak, most] = [bin, own];
    }
    let inLobe = 0;
    let weighted = 0;
    for (let bin = Math.max(0, peak - lobeBins); bin <= Math.min(fftLength / 2, peak + lobeBins); bin++) {
      inLobe += power(bin);
      weighted += power(bin) * bin;
    }
    return inLobe >= leastPurity * all && all > 0 ? (weighted / inLobe) * binHz : undefined;
  }
}

function toneOf({ frames, sumHz, fromMs }: Run): Tone {
  return { hz: Math.round(sumHz / frames), fromMs, lastsMs: (frames * 1000 * toneHop) / toneRateHz };
}
