// One caller's sound on its way through RNNoise: what waits, what is being filtered, and the last of what was, so that sound can be passed
// by the filter at any moment and come back to it without a seam.
import { concat } from '../../../media/pcm.ts';
import { DENOISE_RATE_HZ, type DenoiserStream, type MicrophoneField } from '../../engine.ts';
import { DELAY, DELAY_MS, type DenoiseJob, PIECE } from './rnnoise-job.ts';

/** Sound of one stream that waits at most: 2 s. */
export const MOST_WAITING = 2 * DENOISE_RATE_HZ;

/** What a stream asks of the engine that opened it. */
export interface StreamOwner {
  /** What becomes of sound that comes now: it is filtered, it waits for the worker's first start, or it passes as it is. */
  way(stream: RnnoiseStream): 'filter' | 'wait' | 'pass';
  submit(job: DenoiseJob): void;
  /** So many samples passed as they were. */
  passed(samples: number): void;
  left(stream: RnnoiseStream): void;
}

interface Chunk {
  readonly samples: Int16Array;
  readonly out: Int16Array;
  readonly resolve: (out: Int16Array) => void;
  /** How many of its samples were handed to the worker, and how many are answered. */
  sent: number;
  filled: number;
}

export class RnnoiseStream implements DenoiserStream {
  readonly delayMs = DELAY_MS;
  readonly number: number;
  /** Of whom it is. */
  readonly key: string;
  readonly #field: MicrophoneField;
  readonly #strength: number;
  readonly #owner: StreamOwner;
  readonly #chunks: Chunk[] = [];
  #waiting = 0;
  /** `muted`: the worker has a piece whose answer nobody wants any more. */
  #phase: 'idle' | 'filtering' | 'muted' = 'idle';
  /** Whether the worker's filter heard what came last. */
  #started = false;
  /** The last samples before the first unanswered one: what comes out next when sound passes as it is. */
  #before: Int16Array = new Int16Array(DELAY);
  #closed = false;

  constructor(number: number, key: string, field: MicrophoneField, strength: number, owner: StreamOwner) {
    this.number = number;
    this.key = key;
    this.#field = field;
    this.#strength = strength;
    this.#owner = owner;
  }

  process(samples: Int16Array): Promise<Int16Array> {
    if (samples.length === 0 && this.#chunks.length === 0) return Promise.resolve(samples);
    return new Promise((resolve) => {
      this.#chunks.push({ samples, out: new Int16Array(samples.length), resolve, sent: 0, filled: 0 });
      this.#waiting += samples.length;
      const tooMuch = this.#waiting > MOST_WAITING && this.#chunks.length > 1;
      if (this.#closed || tooMuch || this.#phase === 'muted' || this.#owner.way(this) === 'pass') this.pass();
      else this.pump();
    });
  }

  /** Hands the worker the next piece, when it has none of this stream's and is there to take it. */
  pump(): void {
    if (this.#phase !== 'idle' || this.#waiting === 0 || this.#owner.way(this) !== 'filter') return;
    const samples = this.#take();
    const start = this.#started ? {} : { start: { field: this.#field, strength: this.#strength, before: this.#before } };
    this.#started = true;
    this.#phase = 'filtering';
    this.#owner.submit({ kind: 'filter', stream: this.number, samples, ...start });
  }

  /** The piece handed over last sounds like this. */
  answer(filtered: Int16Array): void {
    const wanted = this.#phase === 'filtering';
    this.#phase = 'idle';
    if (!wanted) return;
    this.#fill(filtered);
    this.pump();
  }

  /** Answers everything that waits with the sound as it was. */
  pass(): void {
    this.#started = false;
    if (this.#phase === 'filtering') this.#phase = 'muted';
    const waiting = this.#waiting;
    this.#fill(concat([this.#before, ...this.#chunks.map(({ samples, filled }) => samples.subarray(filled))]).subarray(0, waiting));
    if (waiting > 0 && !this.#closed) this.#owner.passed(waiting);
  }

  /** The worker is gone, and its piece with it. */
  fail(): void {
    this.pass();
    this.#phase = 'idle';
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.pass();
    this.#owner.left(this);
  }

  #take(): Int16Array {
    const piece = new Int16Array(Math.min(PIECE, this.#waiting));
    let at = 0;
    for (const chunk of this.#chunks) {
      const part = chunk.samples.subarray(chunk.sent, chunk.sent + piece.length - at);
      piece.set(part, at);
      chunk.sent += part.length;
      at += part.length;
      if (at === piece.length) break;
    }
    return piece;
  }

  /** Answers the first samples that wait. */
  #fill(made: Int16Array): void {
    const heard: Int16Array[] = [this.#before];
    let at = 0;
    for (let chunk = this.#chunks[0]; chunk; chunk = this.#chunks[0]) {
      const part = made.subarray(at, at + chunk.samples.length - chunk.filled);
      chunk.out.set(part, chunk.filled);
      heard.push(chunk.samples.subarray(chunk.filled, chunk.filled + part.length));
      chunk.filled += part.length;
      at += part.length;
      if (chunk.filled < chunk.samples.length) break;
      this.#chunks.shift();
      chunk.resolve(chunk.out);
    }
    this.#waiting -= at;
    this.#before = concat(heard).slice(-DELAY);
  }
}
