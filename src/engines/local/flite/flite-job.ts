// What the main thread and flite's workers say to each other.
import type { WasmModule } from './flite-program.ts';

/** The rate of everything flite says here. */
export const FLITE_RATE_HZ = 16_000;

/** How a voice speaks. */
export interface Manner {
  /** One of flite's own voices. */
  readonly base: 'kal16' | 'awb' | 'rms' | 'slt';
  /** Mean of the pitch in Hz. The voice rms takes no orders here: it keeps 100 Hz × size. */
  readonly pitchHz: number;
  /** How far the pitch moves around its mean, in Hz: the melody. */
  readonly spreadHz: number;
  /** Length of everything said, against the base voice's own. */
  readonly stretch: number;
  /** Formants against the base voice's: above 1 a smaller speaker, below 1 a larger one. A multiple of 0.025. */
  readonly size: number;
  /** Factor on the samples that brings the voice to the loudness of the others. */
  readonly gain: number;
}

export interface SpeakJob {
  /** Words and `,.?!` only. */
  readonly text: string;
  readonly manner: Manner;
}

/** A phone with the milliseconds from the start of the sound at which it ends; pauses are called `pau`. */
export interface Phone {
  readonly name: string;
  readonly endMs: number;
}

/** The sound begins and ends with its first and last phone; there is none when the text had nothing to say. */
export interface Spoken {
  readonly samples: Int16Array<ArrayBuffer>;
  readonly phones: readonly Phone[];
}

export interface FliteWorkerData {
  readonly module: WasmModule;
}
