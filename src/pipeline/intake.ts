// From a session's wire bytes to clean 16 kHz samples, in order: decoded, resampled and, where the client asks for it, freed of noise.
import { type Engines, type DenoiserStream, VAD_RATE_HZ } from '../engines/engine.ts';
import { Resampler } from '../media/resample.ts';
import type { SessionConfig } from '../protocol/session-config.ts';
import { WireDecoder } from './wire-audio.ts';

type InputConfig = SessionConfig['audio']['input'];

export interface IntakePorts {
  /** Samples at 16 kHz, and how much of the input's own time they stand for. */
  onSound: (samples: Int16Array, ms: number) => void;
  onFault: (error: unknown) => void;
}

export class Intake {
  readonly #engines: Engines;
  readonly #ports: IntakePorts;
  #decoder: WireDecoder;
  #resampler: Resampler;
  #reduction = 'null';
  #denoiser: DenoiserStream | undefined;
  /** The last of the sound that is still being cleaned. */
  #pending: Promise<void> | undefined;
  #pendingMs = 0;
  #closed = false;

  constructor(engines: Engines, input: InputConfig, ports: IntakePorts) {
    this.#engines = engines;
    this.#ports = ports;
    this.#decoder = new WireDecoder(input.format);
    this.#resampler = new Resampler(this.#decoder.rateHz, VAD_RATE_HZ);
    this.#denoise(input);
  }

  /** Nothing may be pending: whoever changes the rules has awaited `settled`. */
  configure(input: InputConfig): void {
    if (JSON.stringify(input.format) !== JSON.stringify(this.#decoder.format)) {
      this.#pass(this.#resampler.flush(), 0);
      this.#decoder = new WireDecoder(input.format);
      this.#resampler = new Resampler(this.#decoder.rateHz, VAD_RATE_HZ);
    }
    this.#denoise(input);
  }

  take(bytes: Uint8Array): void {
    const samples = this.#decoder.decode(bytes);
    this.#pass(this.#resampler.process(samples), (samples.length * 1000) / this.#decoder.rateHz);
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
    this.#denoiser?.close();
  }

  #denoise({ noise_reduction }: InputConfig): void {
    const wanted = JSON.stringify(noise_reduction);
    if (wanted === this.#reduction) return;
    this.#reduction = wanted;
    this.#denoiser?.close();
    this.#denoiser = noise_reduction ? this.#engines.denoiser.open(noise_reduction.type, noise_reduction.strength ?? 1) : undefined;
  }

  #pass(samples: Int16Array, ms: number): void {
    if (!this.#denoiser) {
      this.#ports.onSound(samples, ms);
      return;
    }
    this.#pendingMs += ms;
    const cleaned = this.#denoiser.process(samples).then((quiet) => {
      this.#pendingMs -= ms;
      if (this.#pending === done) this.#pending = undefined;
      if (!this.#closed) this.#ports.onSound(quiet, ms);
    });
    const done: Promise<void> = cleaned.catch(this.#ports.onFault);
    this.#pending = done;
  }
}
