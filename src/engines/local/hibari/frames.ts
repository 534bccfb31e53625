// What the voice's net says of a clause, and a reader that gives it frame by frame, each as long as it is to last.

/** Frequencies of a frame: 0 to 12 kHz in steps of 20 Hz. */
export const BINS = 601;
export const BIN_HZ = 20;
export const RATE_HZ = 24_000;
/** Samples of a frame: 12.5 ms. */
export const HOP = 300;
/** Below, a frame has no voice, only breath. */
export const VOICED_HZ = 40;

/** Arrays of BINS rows with one value for each frame. Magnitudes are natural logarithms. */
export interface Spectrogram {
  readonly frames: number;
  /** How strongly the harmonics of the voice come through. */
  readonly lh: Float32Array;
  /** Their phase: π·tanh of it. */
  readonly theta: Float32Array;
  /** Plain noise. */
  readonly ln: Float32Array;
  /** The part whose phase the net gives, too: breath and bursts. */
  readonly lr: Float32Array;
  readonly phi: Float32Array;
  /** One value for each frame, in Hz. */
  readonly f0: Float32Array;
}

type Part = 'lh' | 'theta' | 'ln' | 'lr' | 'phi';

/** Frames are read from the rows so many at a time, since neighbours in a row share the processor's cache lines. */
const READ_TOGETHER = 16;

export class FrameReader {
  readonly count: number;
  /** Of each frame to be rendered. */
  readonly f0: Float32Array;
  /** Value `b` of the current frame is at `offset + b`. */
  readonly parts: Readonly<Partial<Record<Part, Float32Array>>>;
  offset = 0;
  /** The pitch of the current frame. */
  hz = 0;
  /** Whether the current frame is one that was read before, because it lasts longer. */
  repeated = false;
  readonly #spectrogram: Spectrogram;
  readonly #stretch: number;
  readonly #wanted: readonly [Part, Float32Array][];
  #block = -1;
  #last = -1;

  /** `stretch`: how many times as long everything is to last; frames are read twice or left out. */
  constructor(spectrogram: Spectrogram, wanted: readonly Part[], stretch = 1) {
    this.#spectrogram = spectrogram;
    this.#stretch = stretch;
    this.count = Math.round(spectrogram.frames * stretch);
    this.f0 = Float32Array.from({ length: this.count }, (_, k) => spectrogram.f0[this.#source(k)] as number);
    this.#wanted = wanted.map((part) => [part, new Float32Array(READ_TOGETHER * BINS)]);
    this.parts = Object.fromEntries(this.#wanted);
  }

  /** Makes frame `k` the current one. Frames are read in order. */
  read(k: number): void {
    const source = this.#source(k);
    this.repeated = source === this.#last;
    this.#last = source;
    this.hz = this.#spectrogram.f0[source] as number;
    const block = Math.floor(source / READ_TOGETHER);
    if (block !== this.#block) this.#fill(block);
    this.offset = (source % READ_TOGETHER) * BINS;
  }

  #source(k: number): number {
    return Math.min(this.#spectrogram.frames - 1, Math.floor(k / this.#stretch));
  }

  #fill(block: number): void {
    this.#block = block;
    const first = block * READ_TOGETHER;
    for (const [part, into] of this.#wanted) turnAround(this.#spectrogram[part], this.#spectrogram.frames, first, into);
  }
}

/** From rows of one frequency each to rows of one frame each. */
function turnAround(rows: Float32Array, frames: number, first: number, into: Float32Array): void {
  const count = Math.min(READ_TOGETHER, frames - first);
  for (let b = 0; b < BINS; b++) {
    const row = b * frames + first;
    for (let i = 0; i < count; i++) into[i * BINS + b] = rows[row + i] as number;
  }
}
