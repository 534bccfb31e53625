// Silero voice activity detection for all streams at once: gathers their windows into batches for one worker thread, which lives
// in silero-worker.ts. Waits a little for company only when there are many streams; a few are answered as fast as they can be.
import type { Timer } from '../../../lib/clock.ts';
import {
  type EngineEnvironment,
  EngineError,
  type EngineFactory,
  type EngineInfo,
  VAD_WINDOW,
  type Vad,
  type VadStream,
} from '../../engine.ts';
import { BATCH_ROWS, BATCHES } from './silero-memory.ts';
import { SileroStream, type StreamOwner } from './silero-stream.ts';
import { SileroThread } from './silero-thread.ts';

/** From this many streams on, windows wait for each other: one alone costs the worker four times as much as one of sixteen. */
const GATHER_STREAMS = 16;
/** Windows that need no further company. */
const GATHER_ROWS = 32;
/** How long a window waits for company at most. */
const GATHER_MS = 10;
const FIRST_RESTART_MS = 250;
const LAST_RESTART_MS = 30_000;
const OVERLOAD_LOG_MS = 60_000;

const info: EngineInfo = { id: 'silero', kind: 'vad', name: 'Silero VAD 6 (embedded)', licence: 'MIT', languages: ['*'] };

/**
 * `silero` of the catalogue. A stream keeps at most 64 windows (2 s) waiting, so a caller with more sound than that at hand must
 * let answers come back before it pushes on; what is pushed beyond gets the last probability for an answer, uninferred.
 * Its thread keeps the process alive until it is closed.
 */
export const silero: EngineFactory<Vad> = {
  id: info.id,
  create: (environment) => new Silero(environment),
};

export class Silero implements Vad {
  readonly info = info;
  readonly #environment: EngineEnvironment;
  readonly #script: URL;
  readonly #streams = new Set<SileroStream>();
  readonly #freeSlots: number[] = [];
  #slots = 0;
  /** Streams with a window to infer, the longest waiting first, and since when there is one. */
  #queue: SileroStream[] = [];
  #queuedSinceMs = 0;
  /** Whose windows the rows of each batch are. */
  readonly #batches: SileroStream[][] = Array.from({ length: BATCHES }, () => []);
  #gathering: Timer | undefined;
  #thread: SileroThread | undefined;
  #starting = Promise.withResolvers<void>();
  #restarting: Timer | undefined;
  /** Threads lost since the last batch that was answered. */
  #losses = 0;
  #skipped = 0;
  #skipLoggedMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  readonly #owner: StreamOwner = {
    waits: (stream) => {
      if (this.#queue.length === 0) this.#queuedSinceMs = this.#environment.clock.now();
      this.#queue.push(stream);
      this.#dispatch();
    },
    left: (stream) => {
      this.#streams.delete(stream);
      this.#freeSlots.push(stream.slot);
    },
    skipped: () => this.#countSkipped(),
    failed: (err) => this.#environment.log.error({ err }, 'a listener to voice activity threw'),
  };

  /** `script` is what the worker thread runs. */
  constructor(environment: EngineEnvironment, script = new URL('./silero-worker.ts', import.meta.url)) {
    this.#environment = environment;
    this.#script = script;
  }

  async warmUp(signal: AbortSignal): Promise<void> {
    if (this.#closed) throw shutDown();
    this.#restarting?.cancel();
    this.#restarting = undefined;
    this.#start();
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    const abort = () => resolve();
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) resolve();
    try {
      await Promise.race([this.#starting.promise, aborted]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  open(onProbability: (probability: number) => void): VadStream {
    if (this.#closed) throw shutDown();
    if (!this.#restarting) this.#start();
    const stream = new SileroStream(this.#freeSlots.pop() ?? this.#slots++, this.#owner, onProbability);
    this.#streams.add(stream);
    return stream;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#gathering?.cancel();
    this.#restarting?.cancel();
    for (const stream of this.#streams) stream.close();
    this.#queue = [];
    await this.#thread?.stop();
  }

  #start(): void {
    if (this.#thread) return;
    const starting = Promise.withResolvers<void>();
    // Whoever warms up hears of the failure; when nobody does it is only logged.
    starting.promise.catch(() => {});
    this.#starting = starting;
    this.#thread = new SileroThread(this.#script, {
      ready: () => {
        starting.resolve();
        this.#dispatch();
      },
      finished: (batch) => this.#finish(batch),
      ended: (error) => {
        this.#thread = undefined;
        starting.reject(
          error ? new EngineError(info.id, 'unavailable', `Silero does not start: ${error.message}`, { cause: error }) : shutDown(),
        );
        if (error && !this.#closed) this.#recover(error);
      },
    });
  }

  /** Answers what the lost thread had to answer, and starts another one as long as somebody listens. */
  #recover(err: Error): void {
    this.#losses++;
    this.#environment.log.error(
      { err, streams: this.#streams.size, losses: this.#losses },
      'voice activity worker died, windows answered with 0',
    );
    this.#queue = [];
    for (const rows of this.#batches) rows.length = 0;
    const delayMs = this.#losses === 1 ? 0 : Math.min(LAST_RESTART_MS, FIRST_RESTART_MS * 2 ** (this.#losses - 2));
    if (this.#streams.size > 0) {
      this.#restarting = this.#environment.clock.after(delayMs, () => {
        this.#restarting = undefined;
        this.#start();
      });
    }
    for (const stream of this.#streams) stream.fail();
  }

  #dispatch(): void {
    const thread = this.#thread;
    if (!thread) return;
    while (this.#queue.length > 0 && thread.open && this.#isDue(thread)) this.#submit(thread);
    if (this.#queue.length > 0 && thread.open && thread.idle) this.#gather();
  }

  /** Whether the queue should be a batch now: it fills one, or the worker sleeps and nothing more is worth waiting for. */
  #isDue(thread: SileroThread): boolean {
    if (this.#queue.length >= BATCH_ROWS) return true;
    if (!thread.idle) return false;
    if (this.#streams.size < GATHER_STREAMS || this.#queue.length >= GATHER_ROWS) return true;
    // A timer may ring up to a millisecond early.
    return this.#environment.clock.now() - this.#queuedSinceMs >= GATHER_MS - 1;
  }

  #gather(): void {
    this.#gathering ??= this.#environment.clock.after(GATHER_MS, () => {
      this.#gathering = undefined;
      this.#dispatch();
    });
  }

  #submit(thread: SileroThread): void {
    const { memory, nextBatch } = thread;
    const rows = this.#batches[nextBatch] as SileroStream[];
    rows.length = 0;
    const first = nextBatch * BATCH_ROWS;
    let taken = 0;
    for (; taken < this.#queue.length && rows.length < BATCH_ROWS; taken++) {
      const stream = this.#queue[taken] as SileroStream;
      const row = first + rows.length;
      const slot = stream.take(memory.samples, row * VAD_WINDOW);
      if (slot === undefined) continue;
      memory.slots[row] = slot;
      rows.push(stream);
    }
    this.#queue.splice(0, taken);
    if (rows.length > 0) thread.submit(rows.length);
  }

  #finish(batch: number): void {
    this.#losses = 0;
    const probabilities = this.#thread?.memory.probabilities;
    const rows = this.#batches[batch] as SileroStream[];
    for (const [row, stream] of rows.entries()) stream.answer(probabilities?.[batch * BATCH_ROWS + row] ?? 0);
    this.#dispatch();
  }

  #countSkipped(): void {
    this.#skipped++;
    const nowMs = this.#environment.clock.now();
    if (nowMs - this.#skipLoggedMs < OVERLOAD_LOG_MS) return;
    this.#environment.log.warn({ windows: this.#skipped }, 'voice activity is overloaded: windows answered without inference');
    this.#skipLoggedMs = nowMs;
    this.#skipped = 0;
  }
}

function shutDown(): EngineError {
  return new EngineError(info.id, 'unavailable', 'voice activity detection is shut down');
}
