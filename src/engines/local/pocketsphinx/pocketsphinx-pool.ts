// Who gets a decoder: keys take turns; another process is started when all are taken and the limit is not reached, and one that is lost is
// replaced, ever more seldom when it happens again and again.
import type { Clock, Timer } from '../../../lib/clock.ts';
import type { Log } from '../../../lib/log.ts';
import { EngineError, type EngineHealth, type OnWaited, type Origin } from '../../engine.ts';
import { FairQueue } from '../fair-queue.ts';
import { Restarts } from '../../../lib/restarts.ts';
import type { Installation } from './pocketsphinx-install.ts';
import { DecoderProcess } from './pocketsphinx-process.ts';

/** Utterances that may wait for each decoder; more would wait longer than anybody listens. */
const WAITING_PER_PROCESS = 32;
/** Decoders lost in a row without one getting ready, after which utterances are refused at once. */
const MOST_UNREADY = 3;

/** So long a key waits for others to pause, if they have more decoders than it: then one of theirs is taken back, and a turn of theirs fails. */
const TAKEN_BACK_AFTER_MS = 1000;

interface Waiter {
  readonly vocabulary: string;
  readonly granted: (process: DecoderProcess) => void;
  readonly refused: (error: EngineError) => void;
}

/** Who has a decoder. */
interface Holder {
  readonly key: string;
  readonly takeBack: ((error: EngineError) => void) | undefined;
}

export interface DecoderPoolOptions {
  readonly limit: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly onWaited?: OnWaited | undefined;
  /** What a decoder's process runs; another program in tests. */
  readonly program?: URL;
}

export class DecoderPool {
  readonly #installation: Installation;
  readonly #options: DecoderPoolOptions;
  readonly #processes = new Set<DecoderProcess>();
  /** Ready and held by nobody. */
  readonly #free = new Set<DecoderProcess>();
  readonly #waiters: FairQueue<Waiter>;
  /** By decoder; who was given one last comes last. */
  readonly #holders = new Map<DecoderProcess, Holder>();
  readonly #restarts = new Restarts();
  #starting = 0;
  /** Decoders there have been at once: as many are kept. */
  #needed = 0;
  /** Until it rings no decoder is started. */
  #resting: Timer | undefined;
  #losses = 0;
  #unready = 0;
  #problem: EngineError | undefined;
  #closed = false;

  constructor(installation: Installation, options: DecoderPoolOptions) {
    this.#installation = installation;
    this.#options = options;
    this.#waiters = new FairQueue(options.limit * WAITING_PER_PROCESS, (key) => this.#heldBy(key).length);
  }

  get health(): EngineHealth {
    const counts = { waiting: this.#waiters.size, losses: this.#losses };
    if (this.#closed) return { state: 'closed', ...counts };
    if (this.#processes.size > this.#starting) return { state: 'ready', ...counts };
    if (!this.#problem) return { state: 'starting', ...counts };
    return { state: this.#unready < MOST_UNREADY ? 'recovering' : 'failed', problem: this.#problem.message, ...counts };
  }

  /** Starts one decoder unless there is one. Rejects with EngineError when it cannot load. */
  async warm(): Promise<void> {
    if (this.#free.size > 0) return;
    this.#resting?.cancel();
    this.#resting = undefined;
    this.#unready = 0;
    const process = await this.acquire([], new AbortController().signal);
    if (process) this.release(process);
  }

  /**
   * A decoder to hold until `release`. `origin`: who asks. `takeBack` is told when it is needed for a key that has fewer; then it is to be
   * released at once. Undefined when the signal fires first. Rejects with EngineError.
   */
  acquire(
    words: readonly string[],
    signal: AbortSignal,
    origin?: Origin,
    takeBack?: (error: EngineError) => void,
  ): Promise<DecoderProcess | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    if (this.#closed) return Promise.reject(closedError());
    if (this.#unready >= MOST_UNREADY && this.#processes.size === this.#starting) {
      // Nobody waits for it, but the next who asks may be luckier.
      if (this.#starting === 0 && !this.#resting) void this.#start();
      return Promise.reject(unavailable(this.#problem));
    }
    const { clock, onWaited } = this.#options;
    const sinceMs = clock.now();
    const key = origin?.key ?? '';
    return new Promise((resolve, reject) => {
      const leave = () => {
        patience.cancel();
        this.#waiters.remove(waiter);
        resolve(undefined);
      };
      const waiter: Waiter = {
        vocabulary: words.join(' '),
        granted: (process) => {
          patience.cancel();
          this.#holders.set(process, { key, takeBack });
          signal.removeEventListener('abort', leave);
          onWaited?.('pocketsphinx', clock.now() - sinceMs);
          resolve(process);
        },
        refused: (error) => {
          patience.cancel();
          signal.removeEventListener('abort', leave);
          reject(error);
        },
      };
      const patience = clock.after(TAKEN_BACK_AFTER_MS, () => this.#takeBackFor(key));
      signal.addEventListener('abort', leave, { once: true });
      const displaced = this.#waiters.push(waiter, origin);
      displaced?.refused(new EngineError('pocketsphinx', 'rate_limited', 'all speech decoders are busy and too many utterances wait'));
      this.#serve();
    });
  }

  release(process: DecoderProcess): void {
    this.#holders.delete(process);
    if (process.dead || this.#closed) return;
    this.#restarts.worked();
    this.#offer(process);
  }

  /** Ends all decoders; who waits for one is refused, who holds one is told that it died. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#resting?.cancel();
    this.#refuseAll(closedError());
    const processes = [...this.#processes];
    for (const process of processes) process.kill();
    await Promise.all(processes.map((process) => process.gone));
  }

  /** Of the key that has the most, the youngest goes, if that key still has as many as this one then. */
  #takeBackFor(key: string): void {
    const keys = new Set([...this.#holders.values()].map((holder) => holder.key));
    const [most = []] = [...keys].map((each) => this.#heldBy(each)).sort((a, b) => b.length - a.length);
    if (most.length < this.#heldBy(key).length + 2) return;
    const youngest = most.findLast(({ takeBack }) => takeBack);
    youngest?.takeBack?.(new EngineError('pocketsphinx', 'rate_limited', 'a speech decoder was taken back for a key that had fewer'));
  }

  #heldBy(key: string): Holder[] {
    return [...this.#holders.values()].filter((holder) => holder.key === key);
  }

  #offer(process: DecoderProcess): void {
    this.#free.add(process);
    this.#serve();
  }

  #serve(): void {
    for (let [first] = this.#free; first && this.#waiters.size > 0; [first] = this.#free) {
      const waiter = this.#waiters.shift() as Waiter;
      // A decoder that knows these words already needs not learn them.
      const process = [...this.#free].find(({ vocabulary }) => vocabulary === waiter.vocabulary) ?? first;
      this.#free.delete(process);
      waiter.granted(process);
    }
    if (this.#closed || this.#resting) return;
    while (this.#starting < this.#waiters.size && this.#processes.size < this.#options.limit) void this.#start();
  }

  async #start(): Promise<void> {
    const { clock, log, program } = this.#options;
    const process = new DecoderProcess(this.#installation, clock, program);
    this.#processes.add(process);
    this.#starting++;
    let isReady = false;
    const startedAt = clock.now();
    void process.gone.then(() => this.#lose(process, isReady));
    try {
      await process.ready;
      isReady = true;
      log.debug({ pid: process.pid, ms: Math.round(clock.now() - startedAt) }, 'speech decoder ready');
    } catch (error) {
      this.#problem = error as EngineError;
    } finally {
      this.#starting--;
    }
    if (!isReady || this.#closed || process.dead) return;
    this.#unready = 0;
    this.#needed = Math.max(this.#needed, this.#processes.size - this.#starting);
    this.#offer(process);
  }

  #lose(process: DecoderProcess, wasReady: boolean): void {
    const { clock, log } = this.#options;
    this.#processes.delete(process);
    this.#free.delete(process);
    this.#holders.delete(process);
    if (this.#closed) return;
    this.#losses++;
    this.#unready++;
    const delayMs = this.#restarts.lost();
    if (wasReady) this.#problem = new EngineError('pocketsphinx', 'crashed', 'a speech decoder died');
    log.warn({ pid: process.pid, losses: this.#losses, nextMs: delayMs, wasReady }, 'a speech decoder died');
    // With another decoder alive who waits is served later; with one that does not even load they would wait for ever.
    if (!wasReady && this.#processes.size === 0) this.#refuseAll(this.#problem ?? unavailable(undefined));
    this.#resting?.cancel();
    this.#resting = undefined;
    if (delayMs === 0) return this.#replace();
    this.#resting = clock.after(delayMs, () => {
      this.#resting = undefined;
      this.#replace();
    });
  }

  #replace(): void {
    for (let missing = this.#needed - this.#processes.size; missing > 0; missing--) void this.#start();
    this.#serve();
  }

  #refuseAll(error: EngineError): void {
    for (const waiter of this.#waiters.drain()) waiter.refused(error);
  }
}

export function closedError(): EngineError {
  return new EngineError('pocketsphinx', 'unavailable', 'the speech recognition was shut down');
}

function unavailable(problem: EngineError | undefined): EngineError {
  return new EngineError('pocketsphinx', 'unavailable', problem?.message ?? 'speech decoders do not start', { cause: problem });
}
