// Who gets a decoder: first come, first served; another process is started when all are taken and the limit is not reached.
import type { Clock } from '../../../lib/clock.ts';
import type { Log } from '../../../lib/log.ts';
import { EngineError } from '../../engine.ts';
import type { Installation } from './pocketsphinx-install.ts';
import { DecoderProcess } from './pocketsphinx-process.ts';

/** Utterances that may wait for each decoder; more would wait longer than anybody listens. */
const WAITING_PER_PROCESS = 32;

/** A decoder that dies younger than this is replaced only when somebody asks: whatever kills it may kill the next one too. */
const YOUNG_MS = 2000;

interface Waiter {
  readonly vocabulary: string;
  readonly granted: (process: DecoderProcess) => void;
  readonly refused: (error: EngineError) => void;
}

export class DecoderPool {
  readonly #installation: Installation;
  readonly #limit: number;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #processes = new Set<DecoderProcess>();
  /** Ready and held by nobody. */
  readonly #free = new Set<DecoderProcess>();
  #starting = 0;
  #waiters: Waiter[] = [];
  #closed = false;

  constructor(installation: Installation, options: { limit: number; clock: Clock; log: Log }) {
    this.#installation = installation;
    this.#limit = options.limit;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Starts one decoder unless there is one. Rejects with EngineError when it cannot load. */
  async warm(): Promise<void> {
    if (this.#free.size > 0) return;
    const process = await this.acquire([], new AbortController().signal);
    if (process) this.release(process);
  }

  /** A decoder to hold until `release`. Undefined when the signal fires first. Rejects with EngineError. */
  acquire(words: readonly string[], signal: AbortSignal): Promise<DecoderProcess | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    if (this.#closed) return Promise.reject(closedError());
    if (this.#waiters.length >= this.#limit * WAITING_PER_PROCESS) {
      return Promise.reject(new EngineError('pocketsphinx', 'rate_limited', 'all speech decoders are busy and too many utterances wait'));
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(undefined);
      };
      const waiter: Waiter = {
        vocabulary: words.join(' '),
        granted: (process) => {
          signal.removeEventListener('abort', leave);
          resolve(process);
        },
        refused: (error) => {
          signal.removeEventListener('abort', leave);
          reject(error);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiters.push(waiter);
      this.#serve();
    });
  }

  release(process: DecoderProcess): void {
    if (process.dead || this.#closed) return;
    this.#free.add(process);
    this.#serve();
  }

  /** Ends all decoders; who waits for one is refused, who holds one is told that it died. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#refuseAll(closedError());
    const processes = [...this.#processes];
    for (const process of processes) process.kill();
    await Promise.all(processes.map((process) => process.gone));
  }

  #serve(): void {
    for (let waiter = this.#waiters[0]; waiter; waiter = this.#waiters[0]) {
      const free = [...this.#free];
      // A decoder that knows these words already needs not learn them.
      const process = free.find(({ vocabulary }) => vocabulary === waiter?.vocabulary) ?? free[0];
      if (!process) break;
      this.#waiters.shift();
      this.#free.delete(process);
      waiter.granted(process);
    }
    while (!this.#closed && this.#starting < this.#waiters.length && this.#processes.size < this.#limit) void this.#start();
  }

  async #start(): Promise<void> {
    const process = new DecoderProcess(this.#installation, this.#clock);
    this.#processes.add(process);
    this.#starting++;
    let readyAt: number | undefined;
    const startedAt = this.#clock.now();
    void process.gone.then(() => this.#lost(process, readyAt));
    try {
      await process.ready;
      readyAt = this.#clock.now();
      this.#log.debug({ pid: process.pid, ms: Math.round(readyAt - startedAt) }, 'speech decoder ready');
    } catch (error) {
      // With another decoder alive the waiters are served later; with none they would wait for ever.
      this.#processes.delete(process);
      if (this.#processes.size === 0) this.#refuseAll(error as EngineError);
    } finally {
      this.#starting--;
    }
    if (readyAt !== undefined) this.release(process);
  }

  #lost(process: DecoderProcess, readyAt: number | undefined): void {
    this.#processes.delete(process);
    this.#free.delete(process);
    if (this.#closed || readyAt === undefined) return;
    this.#log.warn({ pid: process.pid }, 'a speech decoder died');
    if (this.#waiters.length > 0 || this.#clock.now() - readyAt > YOUNG_MS) void this.#start();
  }

  #refuseAll(error: EngineError): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.refused(error);
  }
}

export function closedError(): EngineError {
  return new EngineError('pocketsphinx', 'unavailable', 'the speech recognition was shut down');
}
