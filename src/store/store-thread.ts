// The owner of the store's thread: it starts one, replaces one that died, and answers for it. Whoever asks is answered within a stated time, or
// refused at once when too much waits already.
import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../lib/clock.ts';
import { Restarts } from '../lib/restarts.ts';
import type { Rows } from './database.ts';
import { storeError } from './database-fault.ts';
import { StoreError } from './store.ts';
import type { FromStore, Operation, StoreStart, ToStore } from './store-messages.ts';

export interface StoreThreadOptions extends StoreStart {
  readonly clock: Clock;
  /** What it runs; the store's own unless told. */
  readonly script?: URL;
  /** Within which every request is answered. */
  readonly answerMs?: number;
  /** Told how each request fared, and of every death; a fault is told of once for each request that met it. */
  onOutcome(operation: Operation | undefined, fault: StoreError | undefined): void;
}

const usualAnswerMs = 2000;
/** The thread gives up a little sooner than its owner: it knows what was in the way. */
const reportMs = 200;
/** Not answered yet, those given up included: they lie in the thread's queue until it answers. */
const mostRequests = 1024;
const mostBytes = 32 * 1024 * 1024;
/** A thread that is kept by its disk cannot be ended; nobody waits longer for it than this. */
const closeMs = 3000;

interface Request {
  readonly operation: Operation;
  readonly bytes: number;
  readonly timer: Timer;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** Nobody waits for it any more. */
  givenUp: boolean;
}

export class StoreThread {
  readonly #options: StoreThreadOptions;
  readonly #answerMs: number;
  readonly #restarts = new Restarts();
  readonly #requests = new Map<number, Request>();
  #worker: Worker | undefined;
  #gone: Promise<void> = Promise.resolve();
  #lastId = 0;
  #bytes = 0;
  /** Of the clock: before that no other is started. */
  #restsUntil = -Infinity;
  #closed = false;

  constructor(options: StoreThreadOptions) {
    this.#options = options;
    this.#answerMs = options.answerMs ?? usualAnswerMs;
    this.#worker = this.#start();
  }

  /** Rejects with StoreError. */
  async ask<K extends Operation>(operation: K, ...values: Parameters<Rows[K]>): Promise<ReturnType<Rows[K]>> {
    const { path, clock } = this.#options;
    const refuse = (fault: StoreError): never => {
      this.#options.onOutcome(operation, fault);
      throw fault;
    };
    if (this.#closed) throw storeError('closed', path, '');
    const bytes = bytesOf(values);
    if (this.#requests.size >= mostRequests || this.#bytes + bytes > mostBytes)
      return refuse(storeError('overloaded', path, `${this.#requests.size} requests of ${this.#bytes} bytes wait`));
    if (!this.#worker && clock.now() < this.#restsUntil) return refuse(storeError('lost', path, 'it rests before it starts again'));
    this.#worker ??= this.#start();
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timer = clock.after(this.#answerMs, () => this.#giveUp(id));
    this.#requests.set(id, { operation, bytes, timer, resolve, reject, givenUp: false });
    this.#bytes += bytes;
    this.#post({ kind: 'ask', id, operation, values, withinMs: Math.max(0, this.#answerMs - reportMs) });
    this.#hold();
    return (await promise) as ReturnType<Rows[K]>;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const worker = this.#worker;
    if (!worker) return;
    worker.ref();
    this.#post({ kind: 'close' });
    const late = Promise.withResolvers<void>();
    const timer = this.#options.clock.after(closeMs, () => {
      void worker.terminate();
      late.resolve();
    });
    await Promise.race([this.#gone, late.promise]);
    timer.cancel();
  }

  #start(): Worker {
    const { path, bounds, script = new URL('./store-worker.ts', import.meta.url) } = this.#options;
    const worker = new Worker(script, { workerData: { path, bounds } satisfies StoreStart, name: 'store', execArgv: [] });
    worker.unref();
    let why: unknown;
    worker.on('message', (message: FromStore) => this.#hear(message));
    worker.on('error', (error: unknown) => {
      why = error;
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gone = promise;
    worker.on('exit', (code) => {
      resolve();
      this.#lose(why instanceof Error ? why.message : `it exited with code ${code}`);
    });
    return worker;
  }

  #post(message: ToStore): void {
    this.#worker?.postMessage(message);
  }

  #hear(message: FromStore): void {
    const request = this.#requests.get(message.id);
    if (!request) return;
    this.#forget(message.id, request);
    this.#restarts.worked();
    // Given up: its owner was told so, but the store was there all the same.
    if (message.kind === 'broke') return request.reject(message.error);
    const fault = message.kind === 'failed' ? new StoreError(message.reason, message.advice) : undefined;
    this.#options.onOutcome(request.operation, fault);
    if (message.kind === 'failed') request.reject(fault);
    else request.resolve(message.value);
  }

  #giveUp(id: number): void {
    const request = this.#requests.get(id);
    if (!request) return;
    request.givenUp = true;
    const fault = storeError('busy', this.#options.path, `it did not answer in ${this.#answerMs} ms`);
    this.#options.onOutcome(request.operation, fault);
    request.reject(fault);
    this.#hold();
  }

  #forget(id: number, request: Request): void {
    request.timer.cancel();
    this.#requests.delete(id);
    this.#bytes -= request.bytes;
    this.#hold();
  }

  /** The process stays alive for those who wait, and for nobody else. */
  #hold(): void {
    // Whoever closes it waits for its end.
    if (this.#closed) return;
    for (const { givenUp } of this.#requests.values()) {
      if (givenUp) continue;
      this.#worker?.ref();
      return;
    }
    this.#worker?.unref();
  }

  #lose(how: string): void {
    this.#worker = undefined;
    const fault = storeError(this.#closed ? 'closed' : 'lost', this.#options.path, how);
    if (!this.#closed) {
      this.#restsUntil = this.#options.clock.now() + this.#restarts.lost();
      this.#options.onOutcome(undefined, fault);
    }
    for (const [id, request] of this.#requests) {
      this.#forget(id, request);
      request.reject(fault);
    }
  }
}

/** Of the texts in it, which are what can be large. */
function bytesOf(values: readonly unknown[]): number {
  let bytes = 0;
  for (const value of values) {
    if (typeof value === 'string') bytes += value.length;
    else if (typeof value === 'object' && value !== null) bytes += bytesOf(Object.values(value));
  }
  return bytes;
}
