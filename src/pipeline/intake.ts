// From a session's wire bytes to 16 kHz samples, in order: decoded, resampled and, where the client asks for it, freed of noise beside. The
// detector hears the clean sound, the recogniser the other: noise reduction makes words worse (docs/performance.md). What changes on the way
// changes between two samples: none is lost, none comes twice, and all keep their place in time.
import { DENOISE_RATE_HZ, type DenoiserStream, type Engines, type Origin, VAD_RATE_HZ } from '../engines/engine.ts';
import { Recorder } from '../media/recorder.ts';
import { Resampler } from '../media/resample.ts';
import type { NoiseReduction, SessionConfig } from '../protocol/session-config.ts';
import { WireDecoder } from './wire-audio.ts';

type InputConfig = SessionConfig['audio']['input'];

export interface IntakePorts {
  /** Whose sound it is. */
  origin: Origin;
  /** Samples at 16 kHz, the same with less noise where the client asks for it, and how much of the input's own time they stand for. */
  onSound: (samples: Int16Array, clean: Int16Array, ms: number) => void;
  onFault: (error: unknown) => void;
}

/** Noise reduction on its way: what comes out of the stream lies behind what went in, and is put back in its place. */
interface Cleaning {
  readonly reduction: NoiseReduction;
  readonly stream: DenoiserStream;
  /** Samples that the stream holds back. */
  readonly delay: number;
  /** Samples still to come out that stand for no sound: the stream begins with silence, and a flush puts some in. */
  silent: number;
  /** The sound as it came, from before what comes out next. */
  readonly uncleaned: Recorder;
  /** How much of it has come out clean. */
  cleaned: number;
}

export class Intake {
  readonly #engines: Engines;
  readonly #ports: IntakePorts;
  #decoder: WireDecoder;
  #resampler: Resampler;
  #cleaning: Cleaning | undefined;
  /** The last of the sound that is still being cleaned. */
  #pending: Promise<void> | undefined;
  #pendingMs = 0;
  #closed = false;

  constructor(engines: Engines, input: InputConfig, ports: IntakePorts) {
    this.#engines = engines;
    this.#ports = ports;
    this.#decoder = new WireDecoder(input.format);
    this.#resampler = new Resampler(this.#decoder.rateHz, VAD_RATE_HZ);
    this.#reduce(input);
  }

  /** Sound that comes from here on is read in the new format and cleaned as it says there. */
  configure(input: InputConfig): void {
    if (JSON.stringify(input.format) !== JSON.stringify(this.#decoder.format)) {
      const { rateHz } = this.#decoder;
      this.#decoder = new WireDecoder(input.format);
      if (rateHz !== this.#decoder.rateHz) {
        this.#pass(this.#resampler.flush(), 0);
        this.#resampler = new Resampler(this.#decoder.rateHz, VAD_RATE_HZ);
      }
    }
    this.#reduce(input);
  }

  take(bytes: Uint8Array): void {
    const samples = this.#decoder.decode(bytes);
    this.#pass(this.#resampler.process(samples), (samples.length * 1000) / this.#decoder.rateHz);
  }

  /** What noise reduction holds back comes out as though silence followed; what really follows is cleaned as before. */
  flush(): void {
    const { delay = 0, silent = 0 } = this.#cleaning ?? {};
    if (silent < delay) this.#clean(new Int16Array(delay), 0);
    if (this.#cleaning) this.#cleaning.silent = delay;
  }

  /** Resolves when all that was taken has come out; undefined when it has already. */
  get settled(): Promise<void> | undefined {
    return this.#pending;
  }

  /** How much sound is still being cleaned. */
  get behindMs(): number {
    return this.#pendingMs;
  }

  close(): void {
    this.#closed = true;
    this.#cleaning?.stream.close();
  }

  #reduce({ noise_reduction }: InputConfig): void {
    const wanted = noise_reduction ?? undefined;
    if (JSON.stringify(wanted) === JSON.stringify(this.#cleaning?.reduction)) return;
    this.flush();
    this.#cleaning?.stream.close();
    this.#cleaning = wanted && this.#opened(wanted);
  }

  #opened(reduction: NoiseReduction): Cleaning {
    const stream = this.#engines.denoiser.open(reduction.type, reduction.strength ?? 1, this.#ports.origin);
    const delay = Math.round((stream.delayMs * DENOISE_RATE_HZ) / 1000);
    return { reduction, stream, delay, silent: delay, uncleaned: new Recorder(), cleaned: 0 };
  }

  #pass(samples: Int16Array, ms: number): void {
    this.#cleaning?.uncleaned.append(samples);
    this.#clean(samples, ms);
  }

  #clean(samples: Int16Array, ms: number): void {
    const cleaning = this.#cleaning;
    if (!cleaning && !this.#pending) {
      this.#ports.onSound(samples, samples, ms);
      return;
    }
    const leftOut = Math.min(cleaning?.silent ?? 0, samples.length);
    const asItCame = cleaning ? takeUncleaned(cleaning, samples.length - leftOut) : samples;
    if (cleaning) cleaning.silent -= leftOut;
    this.#pendingMs += ms;
    const before = this.#pending;
    const cleaned = Promise.all([cleaning?.stream.process(samples) ?? samples, before]).then(([clean]) => {
      this.#pendingMs -= ms;
      if (this.#pending === done) this.#pending = undefined;
      if (!this.#closed) this.#ports.onSound(asItCame, clean.subarray(leftOut), ms);
    });
    const done: Promise<void> = cleaned.catch(this.#ports.onFault);
    this.#pending = done;
  }
}

/** The next samples, as they were before they were cleaned. */
function takeUncleaned(cleaning: Cleaning, count: number): Int16Array {
  const samples = cleaning.uncleaned.slice(cleaning.cleaned, cleaning.cleaned + count);
  cleaning.cleaned += count;
  cleaning.uncleaned.forgetBefore(cleaning.cleaned);
  return samples;
}
