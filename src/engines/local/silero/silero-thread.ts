// One life of the Silero worker as the main thread sees it: hands batches over and tells when they are answered.
// Doorbells are futexes both ways: they cost the main thread two thirds of what a pair of messages costs.
import { Worker } from 'node:worker_threads';
import {
  BATCHES,
  batchAt,
  FINISHED,
  LEFT,
  type SileroMemory,
  type SileroWorkerData,
  STOP,
  SUBMITTED,
  sileroMemory,
} from './silero-memory.ts';

export interface ThreadEvents {
  /** The model is loaded. */
  ready(): void;
  /** The probabilities of this batch lie in memory, until the call returns. Never called from within `submit`. */
  finished(batch: number): void;
  /** The thread is gone, with the error that ended it unless it was told to stop. */
  ended(error: Error | undefined): void;
}

/** How long a process that exits waits for the worker: longer than it loads, much longer than it infers. */
const EXIT_WAIT_MS = 1000;

export class SileroThread {
  readonly memory: SileroMemory = sileroMemory();
  readonly #worker: Worker;
  readonly #events: ThreadEvents;
  readonly #exited: Promise<void>;
  #submitted = 0;
  #collected = 0;
  #watching = false;
  #phase: 'loading' | 'running' | 'stopping' | 'gone' = 'loading';

  constructor(script: URL, events: ThreadEvents) {
    this.#events = events;
    this.#worker = new Worker(script, { workerData: { buffer: this.memory.buffer } satisfies SileroWorkerData, name: 'silero' });
    process.on('exit', this.#leaveNow);
    let failure: Error | undefined;
    this.#worker.on('message', () => {
      if (this.#phase !== 'loading') return;
      this.#phase = 'running';
      events.ready();
    });
    this.#worker.on('error', (error: unknown) => {
      failure = error instanceof Error ? error : new Error(String(error));
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        const told = this.#phase === 'stopping';
        this.#phase = 'gone';
        process.off('exit', this.#leaveNow);
        // Lets go of the promise that still waits for a batch.
        Atomics.notify(this.memory.header, FINISHED);
        resolve();
        events.ended(told ? undefined : (failure ?? new Error(`worker exited with code ${code}`)));
      });
    });
  }

  /** Whether a batch can be handed over. */
  get open(): boolean {
    return this.#phase === 'running' && ((this.#submitted - this.#collected) | 0) < BATCHES;
  }

  /** Whether the worker sleeps, everything it was given being answered. */
  get idle(): boolean {
    return Atomics.load(this.memory.header, FINISHED) === this.#submitted;
  }

  /** The batch to fill before `submit`. */
  get nextBatch(): number {
    return batchAt(this.#submitted);
  }

  submit(rows: number): void {
    this.memory.rows[this.nextBatch] = rows;
    this.#submitted = (this.#submitted + 1) | 0;
    Atomics.store(this.memory.header, SUBMITTED, this.#submitted);
    Atomics.notify(this.memory.header, SUBMITTED);
    this.#watch();
  }

  /**
   * Resolves when the thread has left. It is asked, never terminated: ending a thread inside the runtime's native code aborts the
   * whole process.
   */
  async stop(): Promise<void> {
    if (this.#phase !== 'gone') this.#askToLeave();
    await this.#exited;
  }

  /** A process that exits ends its threads: it must hold on until this one is out of the native code, or it aborts. */
  readonly #leaveNow = (): void => {
    this.#askToLeave();
    Atomics.wait(this.memory.header, LEFT, 0, EXIT_WAIT_MS);
  };

  #askToLeave(): void {
    this.#phase = 'stopping';
    Atomics.store(this.memory.header, STOP, 1);
    // The counter must change, or a worker just about to fall asleep would miss the call.
    Atomics.add(this.memory.header, SUBMITTED, 1);
    Atomics.notify(this.memory.header, SUBMITTED);
  }

  #watch(): void {
    if (this.#watching || this.#collected === this.#submitted) return;
    this.#watching = true;
    const wait = Atomics.waitAsync(this.memory.header, FINISHED, this.#collected);
    void (wait.async ? wait.value : Promise.resolve()).then(() => {
      this.#watching = false;
      if (this.#phase === 'running') this.#collect();
    });
  }

  #collect(): void {
    const finished = Atomics.load(this.memory.header, FINISHED);
    while (this.#collected !== finished) {
      this.#events.finished(batchAt(this.#collected));
      this.#collected = (this.#collected + 1) | 0;
    }
    this.#watch();
  }
}
