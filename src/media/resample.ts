// Changes of sample rate by a polyphase windowed sinc. Pure and streaming: what comes out does not depend on how the input was cut.
import { BLOCK, createFirKernel, type FirFilter, type FirKernel, plainFirKernel } from './fir-kernel.ts';
import { concat, type Pcm } from './pcm.ts';

/** Taps at the lower of the two rates. 16 give 44 dB at 0.4 of that rate, 32 give 100 dB; 64 cost twice as much for nothing heard. */
const TAPS = 32;
/** Shape of the Kaiser window: side lobes about 90 dB down. */
const KAISER_BETA = 9;
/** The filter's half-way point as a share of the lower rate; a little under one half, so that aliases near the edge stay quiet. */
const CUTOFF = 0.47;
/** Filters of unusual rates have very many phases; they are built anew each time rather than kept. */
const MAX_KEPT_PHASES = 1024;
const MAX_KEPT_FILTERS = 64;

interface Filter extends FirFilter {
  readonly kernel: FirKernel;
}

const kept = new Map<string, Filter>();

/** Resamples one stream. A whole stream of n samples gives ceil(n × toHz / fromHz) samples, in time with the input. */
export class Resampler {
  readonly #filter: Filter | undefined;
  /** The end of the input so far, as far as it is needed again; at first zeros, for the sound before the first sample. */
  readonly #history: Float32Array;
  #length = 0;
  /** Where in `#history` and what follows it the next output's taps begin, and at which phase. */
  #at = 0;
  #phase = 0;

  /**
   * Rates in Hz, whole numbers from 1000 to 384000; throws RangeError for others.
   * @param plain Without WebAssembly, for where it may not be compiled: a page under a strict policy.
   */
  constructor(fromHz: number, toHz: number, plain = false) {
    for (const rate of [fromHz, toHz]) {
      if (!Number.isInteger(rate) || rate < 1000 || rate > 384_000) throw new RangeError(`not a sample rate: ${rate}`);
    }
    this.#filter = fromHz === toHz ? undefined : filterFor(fromHz, toHz, plain);
    this.#history = new Float32Array(this.#filter?.taps ?? 0);
    this.#begin();
  }

  /** The output that is certain so far; the last few milliseconds wait for the samples that follow, or for `flush`. */
  process(input: Int16Array): Int16Array {
    if (!this.#filter) return input;
    const { phases, step, taps } = this.#filter;
    const room = this.#length + input.length - taps - this.#at;
    // Output k begins at input floor((phase + k × step) / phases); count those whose last tap is there.
    const output = new Int16Array(room < 0 ? 0 : Math.floor(((room + 1) * phases - 1 - this.#phase) / step) + 1);
    let made = 0;
    for (let from = 0; from < input.length; from += BLOCK)
      made += this.#block(this.#filter, input.subarray(from, from + BLOCK), output, made);
    return output;
  }

  /** The rest, as though silence followed. Afterwards a new stream may begin. */
  flush(): Int16Array {
    if (!this.#filter) return new Int16Array(0);
    const rest = this.process(new Int16Array(this.#filter.taps / 2));
    this.#begin();
    return rest;
  }

  #begin(): void {
    this.#at = 0;
    this.#phase = 0;
    this.#length = this.#filter ? this.#filter.taps / 2 - 1 : 0;
    this.#history.fill(0);
  }

  /** Makes what the history and at most BLOCK further samples are enough for, from `made` on. Gives how many that were. */
  #block({ phases, step, taps, kernel }: Filter, samples: Int16Array, output: Int16Array, made: number): number {
    kernel.input.set(this.#history.subarray(0, this.#length));
    kernel.input.set(samples, this.#length);
    const length = this.#length + samples.length;
    const room = length - taps - this.#at;
    const count = room < 0 ? 0 : Math.floor(((room + 1) * phases - 1 - this.#phase) / step) + 1;
    kernel.run(this.#at, this.#phase, output, made, count);
    const place = this.#phase + count * step;
    const at = this.#at + Math.floor(place / phases);
    const used = Math.min(at, length);
    this.#history.set(kernel.input.subarray(used, length));
    this.#length = length - used;
    this.#at = at - used;
    this.#phase = place % phases;
    return count;
  }
}

/** A whole piece at another rate: ceil(n × toHz / rateHz) samples. */
export function resample(pcm: Pcm, toHz: number): Pcm {
  if (pcm.rateHz === toHz) return pcm;
  const resampler = new Resampler(pcm.rateHz, toHz);
  return { samples: concat([resampler.process(pcm.samples), resampler.flush()]), rateHz: toHz };
}

function filterFor(fromHz: number, toHz: number, plain: boolean): Filter {
  const key = `${fromHz}>${toHz}`;
  const known = plain ? undefined : kept.get(key);
  if (known) return known;
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const fir = design(fromHz / divisor, toHz / divisor);
  if (plain || fir.phases > MAX_KEPT_PHASES || kept.size >= MAX_KEPT_FILTERS) return { ...fir, kernel: plainFirKernel(fir) };
  const filter = { ...fir, kernel: createFirKernel(fir) };
  kept.set(key, filter);
  return filter;
}

function design(step: number, phases: number): FirFilter {
  const narrowing = Math.max(1, step / phases);
  const taps = Math.ceil((TAPS * narrowing) / 2) * 2;
  const cutoff = (2 * CUTOFF) / narrowing;
  const weights = new Float32Array(phases * taps);
  const edge = bessel(KAISER_BETA);
  for (let phase = 0; phase < phases; phase++) {
    const row = new Float64Array(taps);
    let sum = 0;
    for (let t = 0; t < taps; t++) {
      const distance = t - (taps / 2 - 1) - phase / phases;
      const inWindow = distance / (taps / 2);
      const window = Math.abs(inWindow) >= 1 ? 1 / edge : bessel(KAISER_BETA * Math.sqrt(1 - inWindow * inWindow)) / edge;
      const angle = Math.PI * distance * cutoff;
      const weight = (angle === 0 ? 1 : Math.sin(angle) / angle) * window;
      row[t] = weight;
      sum += weight;
    }
    // Each phase passes a constant unchanged: otherwise the phases' small differences would sound as a tone.
    for (let t = 0; t < taps; t++) weights[phase * taps + t] = (row[t] as number) / sum;
  }
  return { phases, step, taps, weights };
}

/** The modified Bessel function of the first kind, order zero. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
