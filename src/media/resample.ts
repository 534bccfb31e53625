// Changes of sample rate by a polyphase windowed sinc. Pure and streaming: what comes out does not depend on how the input was cut.
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

interface Filter {
  /** Output samples per `step` input samples. */
  readonly phases: number;
  readonly step: number;
  readonly taps: number;
  /** `taps` weights for each phase, one phase after the other. */
  readonly weights: Float32Array;
}

const kept = new Map<string, Filter>();

/** Resamples one stream. A whole stream of n samples gives ceil(n × toHz / fromHz) samples, in time with the input. */
export class Resampler {
  readonly #filter: Filter | undefined;
  /** Input not yet done with; begins with zeros for the sound before the first sample. */
  #pending: Float32Array;
  #length = 0;
  /** Where in `#pending` the next output's taps begin, and at which phase. */
  #at = 0;
  #phase = 0;

  /** Rates in Hz, whole numbers from 1000 to 384000; throws RangeError for others. */
  constructor(fromHz: number, toHz: number) {
    for (const rate of [fromHz, toHz]) {
      if (!Number.isInteger(rate) || rate < 1000 || rate > 384_000) throw new RangeError(`not a sample rate: ${rate}`);
    }
    this.#filter = fromHz === toHz ? undefined : filterFor(fromHz, toHz);
    this.#pending = new Float32Array(this.#filter ? this.#filter.taps + 2048 : 0);
    this.#begin();
  }

  /** The output that is certain so far; the last few milliseconds wait for the samples that follow, or for `flush`. */
  process(input: Int16Array): Int16Array {
    if (!this.#filter) return input;
    this.#append(input, input.length);
    return this.#produce(this.#filter);
  }

  /** The rest, as though silence followed. Afterwards a new stream may begin. */
  flush(): Int16Array {
    if (!this.#filter) return new Int16Array(0);
    this.#append(undefined, this.#filter.taps / 2);
    const rest = this.#produce(this.#filter);
    this.#begin();
    return rest;
  }

  #begin(): void {
    this.#at = 0;
    this.#phase = 0;
    this.#length = this.#filter ? this.#filter.taps / 2 - 1 : 0;
    this.#pending.fill(0, 0, this.#length);
  }

  #append(input: Int16Array | undefined, count: number): void {
    if (this.#length + count > this.#pending.length) {
      const larger = new Float32Array((this.#length + count) * 2);
      larger.set(this.#pending.subarray(0, this.#length));
      this.#pending = larger;
    }
    if (input) this.#pending.set(input, this.#length);
    else this.#pending.fill(0, this.#length, this.#length + count);
    this.#length += count;
  }

  #produce(filter: Filter): Int16Array {
    const { phases, step, taps } = filter;
    const room = this.#length - taps - this.#at;
    // Output k begins at input floor((phase + k × step) / phases); count those whose last tap is there.
    const output = new Int16Array(room < 0 ? 0 : Math.floor(((room + 1) * phases - 1 - this.#phase) / step) + 1);
    const wholeStep = Math.floor(step / phases);
    const partStep = step % phases;
    const inBlocks = output.length - (output.length % (4 * phases));
    let at = this.#at;
    let phase = this.#phase;
    for (let k = 0; k < output.length; k++) {
      if (k >= inBlocks) {
        output[k] = one(filter, phase, this.#pending, at);
      } else {
        four(filter, phase, this.#pending, at, output, k);
        // A round through all phases has filled a block of four rounds.
        if (k % phases === phases - 1) {
          k += 3 * phases;
          at += 3 * step;
        }
      }
      phase += partStep;
      at += wholeStep;
      if (phase >= phases) {
        phase -= phases;
        at++;
      }
    }
    const used = Math.min(at, this.#length);
    this.#pending.copyWithin(0, used, this.#length);
    this.#length -= used;
    this.#at = at - used;
    this.#phase = phase;
    return output;
  }
}

function one({ taps, weights }: Filter, phase: number, input: Float32Array, at: number): number {
  const row = phase * taps;
  let sum = 0;
  for (let t = 0; t < taps; t++) sum += (weights[row + t] as number) * (input[at + t] as number);
  return toSample(sum);
}

/** Output k and the next three of the same phase: they share the reading of the weights, which takes a third off the time. */
function four(
  { taps, weights, phases, step }: Filter,
  phase: number,
  input: Float32Array,
  at: number,
  output: Int16Array,
  k: number,
): void {
  const row = phase * taps;
  const second = at + step;
  const third = second + step;
  const fourth = third + step;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  // In the same order as in `one`, so that both round alike.
  for (let t = 0; t < taps; t++) {
    const weight = weights[row + t] as number;
    a += weight * (input[at + t] as number);
    b += weight * (input[second + t] as number);
    c += weight * (input[third + t] as number);
    d += weight * (input[fourth + t] as number);
  }
  output[k] = toSample(a);
  output[k + phases] = toSample(b);
  output[k + 2 * phases] = toSample(c);
  output[k + 3 * phases] = toSample(d);
}

function toSample(value: number): number {
  return value >= 32_767 ? 32_767 : value <= -32_768 ? -32_768 : Math.floor(value + 0.5);
}

/** A whole piece at another rate: ceil(n × toHz / rateHz) samples. */
export function resample(pcm: Pcm, toHz: number): Pcm {
  if (pcm.rateHz === toHz) return pcm;
  const resampler = new Resampler(pcm.rateHz, toHz);
  return { samples: concat([resampler.process(pcm.samples), resampler.flush()]), rateHz: toHz };
}

function filterFor(fromHz: number, toHz: number): Filter {
  const key = `${fromHz}>${toHz}`;
  const known = kept.get(key);
  if (known) return known;
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const filter = design(fromHz / divisor, toHz / divisor);
  if (filter.phases <= MAX_KEPT_PHASES && kept.size < MAX_KEPT_FILTERS) kept.set(key, filter);
  return filter;
}

function design(step: number, phases: number): Filter {
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
