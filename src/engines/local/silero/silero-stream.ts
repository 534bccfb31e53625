// One caller's windows on their way through Silero: what waits, what is being inferred, and which answers are owed in which order.
import { VAD_WINDOW, type VadStream } from '../../engine.ts';

/** Windows of one stream that wait at most: 2 s. Beyond that the oldest gets the last known probability for an answer. */
export const MAX_WAITING = 64;

/** What a stream tells the engine that opened it. */
export interface StreamOwner {
  /** The stream has a window to infer and none under way. */
  waits(stream: SileroStream): void;
  /** A window will be answered without having been inferred. */
  skipped(): void;
  /** Nothing of the stream is under way any more and its slot can be given to another. */
  left(stream: SileroStream): void;
  /** The listener threw. */
  failed(error: unknown): void;
}

export class SileroStream implements VadStream {
  readonly slot: number;
  readonly #owner: StreamOwner;
  readonly #onProbability: (probability: number) => void;
  /** A ring of waiting windows: grows with need, so that a stream that keeps up costs 2 kB. */
  #waiting = new Int16Array(2 * VAD_WINDOW);
  #oldest = 0;
  #count = 0;
  /** `waiting`: in the engine's queue. `inferring`: one window is in a batch. `muted`: so it is, and nobody wants its answer. */
  #phase: 'idle' | 'waiting' | 'inferring' | 'muted' = 'idle';
  #closed = false;
  #fresh = true;
  #probability = 0;
  /** Skipped windows older, and younger, than the one that is being inferred. */
  #owedBefore = 0;
  #owedAfter = 0;

  constructor(slot: number, owner: StreamOwner, onProbability: (probability: number) => void) {
    this.slot = slot;
    this.#owner = owner;
    this.#onProbability = onProbability;
  }

  push(window: Int16Array): void {
    if (window.length !== VAD_WINDOW) throw new RangeError(`a voice activity window has ${VAD_WINDOW} samples, not ${window.length}`);
    if (this.#closed) return;
    if (this.#count === MAX_WAITING) {
      this.#oldest = (this.#oldest + 1) % this.#capacity;
      this.#count--;
      this.#owedAfter++;
      this.#owner.skipped();
    }
    if (this.#count === this.#capacity) this.#grow();
    this.#waiting.set(window, ((this.#oldest + this.#count) % this.#capacity) * VAD_WINDOW);
    this.#count++;
    if (this.#phase === 'idle') this.#wait();
  }

  reset(): void {
    this.#count = 0;
    this.#owedBefore = 0;
    this.#owedAfter = 0;
    this.#probability = 0;
    this.#fresh = true;
    if (this.#phase === 'inferring') this.#phase = 'muted';
  }

  close(): void {
    if (this.#closed) return;
    this.reset();
    this.#closed = true;
    if (this.#phase !== 'muted') this.#owner.left(this);
  }

  /** Writes the oldest window at `at`. Returns the row's slot, or nothing when reset or close left no window. */
  take(samples: Int16Array, at: number): number | undefined {
    if (this.#count === 0) {
      this.#phase = 'idle';
      return undefined;
    }
    const from = this.#oldest * VAD_WINDOW;
    samples.set(this.#waiting.subarray(from, from + VAD_WINDOW), at);
    this.#oldest = (this.#oldest + 1) % this.#capacity;
    this.#count--;
    this.#owedBefore = this.#owedAfter;
    this.#owedAfter = 0;
    this.#phase = 'inferring';
    const slot = this.#fresh ? ~this.slot : this.slot;
    this.#fresh = false;
    return slot;
  }

  /** The window taken last has this probability. */
  answer(probability: number): void {
    // The listener may push, reset or close: the phase stays until all is told, so a push only queues and a reset mutes the rest.
    for (; this.#owedBefore > 0 && this.#phase === 'inferring'; this.#owedBefore--) this.#tell(this.#probability);
    if (this.#phase === 'inferring') {
      this.#probability = probability;
      this.#tell(probability);
    }
    for (; this.#owedAfter > 0 && this.#phase === 'inferring'; this.#owedAfter--) this.#tell(probability);
    this.#land();
  }

  /** The worker is lost, and with it the state: every window under way or waiting is answered with 0. */
  fail(): void {
    let pending = this.#owedBefore + (this.#phase === 'inferring' ? 1 : 0) + this.#owedAfter + this.#count;
    this.reset();
    this.#phase = 'inferring';
    for (; pending > 0 && this.#phase === 'inferring'; pending--) this.#tell(0);
    this.#land();
  }

  get #capacity(): number {
    return this.#waiting.length / VAD_WINDOW;
  }

  /** Everything under way is told. */
  #land(): void {
    this.#phase = 'idle';
    if (this.#closed) this.#owner.left(this);
    else if (this.#count > 0) this.#wait();
  }

  #wait(): void {
    this.#phase = 'waiting';
    this.#owner.waits(this);
  }

  #tell(probability: number): void {
    try {
      this.#onProbability(probability);
    } catch (error) {
      this.#owner.failed(error);
    }
  }

  #grow(): void {
    const larger = new Int16Array(this.#waiting.length * 2);
    const cut = this.#oldest * VAD_WINDOW;
    larger.set(this.#waiting.subarray(cut), 0);
    larger.set(this.#waiting.subarray(0, cut), this.#waiting.length - cut);
    this.#waiting = larger;
    this.#oldest = 0;
  }
}
