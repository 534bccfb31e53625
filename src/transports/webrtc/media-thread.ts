// One life of a media worker as the main thread sees it: starts it, hands calls over, and tells them when it is gone. A worker that does not
// answer any more is ended like one that died; its calls are lost either way.
import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { type Call, CallError, type CallEvents } from './media.ts';
import type { FromWorker, MediaWorkerData, ToWorker } from './media-messages.ts';
import { PlacedCall } from './placed-call.ts';

/** An answer takes some tens of milliseconds; asking servers for addresses may take five seconds. */
const ANSWERING_MS = 10_000;
const PING_MS = 5000;
/** Pings left unanswered in a row. */
const MOST_UNANSWERED = 3;
/** How long the calls get to say goodbye. */
const STOPPING_MS = 1000;
/** Faults that are written down in each minute: a caller may know how to make as many as it likes. */
const FAULTS_LOGGED = 10;
const MINUTE_MS = 60_000;

interface Asked {
  readonly events: CallEvents;
  readonly resolve: (call: Call) => void;
  readonly reject: (error: CallError) => void;
  readonly late: Timer;
}

export interface ThreadOptions {
  readonly script: URL;
  readonly data: MediaWorkerData;
  readonly clock: Clock;
  readonly log: Log;
  /** It has done what it is there for. */
  readonly worked: () => void;
  /** The thread is no more. Not called once `stop` was. */
  readonly gone: () => void;
}

export class MediaThread {
  readonly #options: ThreadOptions;
  readonly #worker: Worker;
  readonly #asked = new Map<number, Asked>();
  readonly #calls = new Map<number, PlacedCall>();
  #lastCall = 0;
  #warming: PromiseWithResolvers<void> | undefined;
  #pinging: Timer | undefined;
  #unanswered = 0;
  #faults = { sinceMs: Number.NEGATIVE_INFINITY, count: 0 };
  readonly #exited = Promise.withResolvers<void>();
  #over = false;

  constructor(options: ThreadOptions) {
    this.#options = options;
    this.#worker = new Worker(options.script, { workerData: options.data, name: 'webrtc' });
    // It keeps the process alive while there are calls, and not for their sake alone.
    this.#worker.unref();
    this.#worker.on('message', (message: FromWorker) => this.#hear(message));
    this.#worker.on('error', (error: unknown) => this.#lose(error));
    this.#worker.on('exit', (code) => {
      this.#lose(new Error(`the worker exited with code ${code}`));
      this.#exited.resolve();
    });
  }

  /** Calls it has, and those it is asked for. */
  get size(): number {
    return this.#calls.size + this.#asked.size;
  }

  warmUp(): Promise<void> {
    if (!this.#warming) {
      this.#warming = Promise.withResolvers();
      this.#tell({ kind: 'warm' });
      this.#worker.ref();
    }
    return this.#warming.promise;
  }

  answer(offer: string, events: CallEvents): Promise<Call> {
    const call = ++this.#lastCall;
    return new Promise((resolve, reject) => {
      const late = this.#options.clock.after(ANSWERING_MS, () => {
        this.#tell({ kind: 'close', call });
        this.#refuse(call, new CallError('unavailable', 'The call was not answered in time.'));
      });
      this.#asked.set(call, { events, resolve, reject, late });
      this.#tell({ kind: 'answer', call, offer });
      this.#attend();
    });
  }

  /** Ends its calls without telling them. */
  async stop(): Promise<void> {
    if (!this.#over) {
      this.#over = true;
      for (const call of this.#calls.values()) call.abandon();
      this.#release(new Error('the server is shutting down'));
      this.#worker.ref();
      this.#tell({ kind: 'stop' });
      const impatient = this.#options.clock.after(STOPPING_MS, () => void this.#worker.terminate());
      await this.#exited.promise;
      impatient.cancel();
    }
    await this.#exited.promise;
  }

  #tell(message: ToWorker, handOver: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, handOver);
  }

  #hear(message: FromWorker): void {
    switch (message.kind) {
      case 'warm':
        this.#warming?.resolve();
        return this.#attend();
      case 'pong':
        this.#unanswered = 0;
        return;
      case 'fault':
        return this.#writeDown(message.error);
      case 'answered': {
        const asked = this.#settle(message.call);
        if (!asked) return;
        const owner = {
          events: asked.events,
          tell: (message: ToWorker, handOver?: ArrayBuffer[]) => this.#tell(message, handOver),
          nowMs: () => this.#options.clock.now(),
          left: () => {
            this.#calls.delete(message.call);
            this.#attend();
          },
        };
        this.#options.worked();
        const call = new PlacedCall(message, owner);
        this.#calls.set(message.call, call);
        return asked.resolve(call);
      }
      case 'refused':
        return this.#refuse(message.call, new CallError(message.reason, message.message));
      case 'ended':
        this.#refuse(message.call, new CallError('unavailable', 'The call ended before it was answered.'));
        return this.#calls.get(message.call)?.hear(message);
      case 'open':
      case 'message':
      case 'sound':
      case 'digit':
      case 'played':
      case 'sent':
      case 'silent':
        return this.#calls.get(message.call)?.hear(message);
    }
  }

  #settle(call: number): Asked | undefined {
    const asked = this.#asked.get(call);
    asked?.late.cancel();
    this.#asked.delete(call);
    return asked;
  }

  #refuse(call: number, error: CallError): void {
    this.#settle(call)?.reject(error);
    this.#attend();
  }

  /** Keeps the process alive and looks after the worker as long as it has something to do. */
  #attend(): void {
    if (this.#over) return;
    if (this.size > 0) this.#worker.ref();
    else this.#worker.unref();
    if (this.size === 0) {
      this.#pinging?.cancel();
      this.#pinging = undefined;
      this.#unanswered = 0;
    } else if (!this.#pinging) this.#ping();
  }

  #ping(): void {
    if (this.#unanswered >= MOST_UNANSWERED) {
      this.#lose(new Error('the worker does not answer'));
      void this.#worker.terminate();
      return;
    }
    this.#unanswered++;
    this.#tell({ kind: 'ping' });
    this.#pinging = this.#options.clock.after(PING_MS, () => this.#ping());
  }

  #writeDown(error: string): void {
    const nowMs = this.#options.clock.now();
    if (nowMs - this.#faults.sinceMs > MINUTE_MS) this.#faults = { sinceMs: nowMs, count: 0 };
    this.#faults.count++;
    if (this.#faults.count <= FAULTS_LOGGED) this.#options.log.warn({ transport: 'webrtc', error }, 'a fault in a media worker');
  }

  #lose(cause: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.log.error({ transport: 'webrtc', calls: this.size, error: String(cause) }, 'a media worker was lost');
    this.#release(cause);
    for (const call of this.#calls.values()) call.end('crashed');
    this.#options.gone();
  }

  /** Lets go of whoever waits for the worker. */
  #release(cause: unknown): void {
    this.#pinging?.cancel();
    this.#warming?.resolve();
    for (const call of this.#asked.keys()) {
      this.#settle(call)?.reject(new CallError('unavailable', 'The call cannot be answered: its worker is gone.', { cause }));
    }
  }
}
