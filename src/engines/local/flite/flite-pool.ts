// Flite's worker threads: hands jobs out in the order they came, one to a worker, and replaces a worker that dies or hangs.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../../lib/clock.ts';
import type { Log } from '../../../lib/log.ts';
import { EngineError } from '../../engine.ts';
import type { FliteWorkerData, Manner, SpeakJob, SpeakResult, Spoken } from './flite-job.ts';
import type { WasmModule } from './flite-program.ts';

/** Clauses that may wait for a worker; each speech has at most one here. */
const MOST_WAITING = 256;
/** A clause takes about a hundredth of its own length; one that takes this long never ends. */
const HANGING_MS = 10_000;
/** Workers lost in a row, without one clause spoken, after which the engine stops trying. */
const MOST_LOSSES = 5;

interface Waiting {
  readonly job: SpeakJob;
  readonly resolve: (spoken: Spoken | undefined) => void;
  readonly reject: (error: EngineError) => void;
}

interface Seat {
  readonly worker: Worker;
  ready: boolean;
  task: Waiting | undefined;
  hanging: Timer | undefined;
}

export interface FlitePoolOptions {
  readonly module: WasmModule;
  readonly workers: number;
  readonly clock: Clock;
  readonly log: Log;
  /** The worker's script; another one in tests. */
  readonly script?: URL;
}

export class FlitePool {
  readonly #options: FlitePoolOptions;
  readonly #seats = new Set<Seat>();
  readonly #endings = new Set<Promise<void>>();
  #queue: Waiting[] = [];
  #lastId = 0;
  #losses = 0;
  #closed = false;

  constructor(options: FlitePoolOptions) {
    this.#options = options;
    for (let i = 0; i < options.workers; i++) this.#hire();
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * Speaks one piece when its turn comes. Resolves with undefined as soon as the signal fires: a piece that waits is never begun, the
   * sound of one that is being spoken is dropped. Rejects with EngineError.
   */
  speak(text: string, manner: Manner, signal: AbortSignal): Promise<Spoken | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    if (this.#closed) return Promise.reject(shutDown());
    if (this.#losses >= MOST_LOSSES) return Promise.reject(new EngineError('flite', 'unavailable', 'the workers of flite keep dying'));
    if (this.#queue.length >= MOST_WAITING) {
      return Promise.reject(new EngineError('flite', 'rate_limited', `${MOST_WAITING} clauses wait to be spoken already`));
    }
    this.#lastId++;
    const job = { id: this.#lastId, text, manner };
    return new Promise<Spoken | undefined>((resolve, reject) => {
      const stop = () => {
        this.#queue = this.#queue.filter((waiting) => waiting.job !== job);
        resolve(undefined);
      };
      signal.addEventListener('abort', stop, { once: true });
      const leave = () => signal.removeEventListener('abort', stop);
      this.#queue.push({
        job,
        resolve: (spoken) => {
          leave();
          resolve(spoken);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      });
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const waiting of this.#queue) waiting.reject(shutDown());
    this.#queue = [];
    for (const seat of this.#seats) this.#dismiss(seat, shutDown());
    await Promise.all(this.#endings);
  }

  #hire(): void {
    const { module, script = new URL(`./flite-worker${extname(import.meta.url)}`, import.meta.url) } = this.#options;
    const worker = new Worker(script, { workerData: { module } satisfies FliteWorkerData, name: 'flite' });
    const seat: Seat = { worker, ready: false, task: undefined, hanging: undefined };
    this.#seats.add(seat);
    // A worker that waits for work does not keep the process alive.
    worker.unref();
    worker.on('message', (message: 'ready' | SpeakResult) => {
      if (message === 'ready') seat.ready = true;
      else this.#finish(seat, message);
      this.#dispatch();
    });
    worker.on('error', (error: unknown) => this.#lose(seat, 'crashed', error));
    worker.on('exit', (code) => this.#lose(seat, 'crashed', new Error(`the worker exited with code ${code}`)));
  }

  #dispatch(): void {
    for (const seat of this.#seats) {
      const next = seat.ready && !seat.task ? this.#queue.shift() : undefined;
      if (!next) continue;
      seat.task = next;
      seat.hanging = this.#options.clock.after(HANGING_MS, () => this.#lose(seat, 'timeout', new Error('the clause took too long')));
      seat.worker.ref();
      seat.worker.postMessage(next.job);
    }
  }

  #finish(seat: Seat, result: SpeakResult): void {
    const task = this.#release(seat);
    if (!task || task.job.id !== result.id) return;
    this.#losses = 0;
    if ('failure' in result) {
      task.reject(new EngineError('flite', 'crashed', `flite failed on a clause: ${result.failure}`, { retryable: false }));
    } else {
      task.resolve(result);
    }
  }

  #lose(seat: Seat, reason: 'crashed' | 'timeout', cause: unknown): void {
    if (!this.#seats.has(seat)) return;
    this.#losses++;
    this.#options.log.warn({ engine: 'flite', reason, losses: this.#losses, error: String(cause) }, 'a worker was lost');
    this.#dismiss(seat, new EngineError('flite', reason, 'the worker that spoke the clause was lost', { cause }));
    if (this.#losses < MOST_LOSSES) this.#hire();
    else if (this.#seats.size === 0) {
      for (const waiting of this.#queue.splice(0)) {
        waiting.reject(new EngineError('flite', 'unavailable', 'the workers of flite keep dying', { cause }));
      }
    }
  }

  #dismiss(seat: Seat, error: EngineError): void {
    this.#seats.delete(seat);
    this.#release(seat)?.reject(error);
    const ending: Promise<void> = seat.worker.terminate().then(
      () => void this.#endings.delete(ending),
      () => void this.#endings.delete(ending),
    );
    this.#endings.add(ending);
  }

  #release(seat: Seat): Waiting | undefined {
    const { task } = seat;
    seat.hanging?.cancel();
    seat.hanging = undefined;
    seat.task = undefined;
    seat.worker.unref();
    return task;
  }
}

function shutDown(): EngineError {
  return new EngineError('flite', 'unavailable', 'flite has been shut down');
}
