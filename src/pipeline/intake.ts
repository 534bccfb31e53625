// From a session's wire bytes to clean 16 kHz samples, in order: decoded, resampled and, where the client asks for it, freed of noise. What
// changes on the way changes between two samples: none is lost, none comes twice, and all keep their place in time.
import { DENOISE_RATE_HZ, type DenoiserStream, type Engines, VAD_RATE_HZ } from '../engines/engine.ts';
import { Resampler } from '../media/resample.ts';
import type { SessionConfig } from '../protocol/session-config.ts';
import { WireDecoder } from './wire-audio.ts';

type InputConfig = SessionConfig['audio']['input'];

export interface IntakePorts {
  /** Samples at 16 kHz, and how much of the input's own time they stand for. */
  onSound: (samples: Int16Array, ms: number) => void;
  onFault: (error: unknown) => void;
}

/** Noise reduction on its way: what comes out of the stream lies behind what went in, and is put back in its place. */
interface Cleaning {
  readonly stream: DenoiserStream;
  /** Samples that the stream holds back. */
  readonly delay: number;
  /** Samples still to come out that stand for no sound: the stream begins with silence, and a flush puts some in. */
  silent: number;
}

export class Intake {
  readonly #engines: Engines;
  readonly #ports: IntakePorts;
  #decoder: WireDecoder;
  #resampler: Resampler;
  #reduction = 'null';
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
    this.#clean(input);
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
    this.#clean(input);
  }

  take(bytes: Uint8Array): void {
    const samples = this.#decoder.decode(bytes);
    this.#pass(this.#resampler.process(samples), (samples.length * 1000) / this.#decoder.rateHz);
  }

  /** What noise reduction holds back comes out as though silence followed; what really follows is cleaned as before. */
  flush(): void {
    const { delay = 0, silent = 0 } = this.#cleaning ?? {};
    if (silent < delay) this.#pass(new Int16Array(delay), 0);
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

  #clean({ noise_reduction }: InputConfig): void {
    const wanted = JSON.stringify(noise_reduction);
    if (wanted === this.#reduction) return;
    this.#reduction = wanted;
    this.flush();
    this.#cleaning?.stream.close();
    this.#cleaning = noise_reduction ? this.#opened(noise_reduction) : undefined;
  }

  #opened({ type }: NonNullable<InputConfig['noise_reduction']>): Cleaning {
    const stream = this.#engines.denoiser.open(type);
    const delay = Math.round((stream.delayMs * DENOISE_RATE_HZ) / 1000);
    return { stream, delay, silent: delay };
  }

  #pass(samples: Int16Array, ms: number): void {
    const { stream, silent = 0 } = this.#cleaning ?? {};
    if (!stream && !this.#pending) {
      this.#ports.onSound(samples, ms);
      return;
    }
    const leftOut = Math.min(silent, samples.length);
    if (this.#cleaning) this.#cleaning.silent -= leftOut;
    this.#pendingMs += ms;
    const before = this.#pending;
    const cleaned = Promise.all([stream?.process(samples) ?? samples, before]).then(([clean]) => {
      this.#pendingMs -= ms;
      if (this.#pending === done) this.#pending = undefined;
      if (!this.#closed) this.#ports.onSound(clean.subarray(leftOut), ms);
    });
    const done: Promise<void> = cleaned.catch(this.#ports.onFault);
    this.#pending = done;
  }
}
