// Silero voice activity detection for all streams at once: gathers their windows into batches for one worker thread, which lives
// in silero-worker.ts. Waits a little for company only when there are many streams; a few are answered as fast as they can be.
import type { Timer } from '../../../lib/clock.ts';
import {
  type EngineEnvironment,
  EngineError,
  type EngineFactory,
  type EngineHealth,
  type EngineInfo,
  VAD_WINDOW,
  type Vad,
  type VadStream,
} from '../../engine.ts';
import { LoneMember } from '../lone-member.ts';
import { BATCH_ROWS, BATCHES } from './silero-memory.ts';
import { SileroStream, type StreamOwner } from './silero-stream.ts';
import { SileroThread } from './silero-thread.ts';

/** From this many streams on, windows wait for each other: one alone costs the worker four times as much as one of sixteen. */
const GATHER_STREAMS = 16;
/** Windows that need no further company. */
const GATHER_ROWS = 32;
/** How long a window waits for company at most. */
const GATHER_MS = 10;
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
  readonly #worker: LoneMember<SileroThread>;
  readonly #streams = new Set<SileroStream>();
  readonly #freeSlots: number[] = [];
  #slots = 0;
  /** Streams with a window to infer, the longest waiting first, and since when there is one. */
  #queue: SileroStream[] = [];
  #queuedSinceMs = 0;
  /** Whose windows the rows of each batch are. */
  readonly #batches: SileroStream[][] = Array.from({ length: BATCHES }, () => []);
  #gathering: Timer | undefined;
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
    const { clock } = environment;
    this.#worker = new LoneMember({
      engine: info.id,
      clock,
      hire: (events) => new SileroThread(script, clock, { ...events, finished: (batch) => this.#finish(batch) }),
      wanted: () => this.#streams.size > 0,
      ready: () => this.#dispatch(),
      lost: (error, losses) => this.#recover(error, losses),
    });
  }

  async warmUp(signal: AbortSignal): Promise<void> {
    if (this.#closed) throw shutDown();
    await this.#worker.start(signal);
  }

  health(): EngineHealth {
    return this.#worker.health;
  }

  open(onProbability: (probability: number) => void): VadStream {
    if (this.#closed) throw shutDown();
    this.#worker.begin();
    const stream = new SileroStream(this.#freeSlots.pop() ?? this.#slots++, this.#owner, onProbability);
    this.#streams.add(stream);
    return stream;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#gathering?.cancel();
    for (const stream of this.#streams) stream.close();
    this.#queue = [];
    await this.#worker.close();
  }

  /** Answers what the lost thread had to answer. */
  #recover(err: EngineError, losses: number): void {
    this.#environment.log.error({ err, streams: this.#streams.size, losses }, 'voice activity worker died, windows answered with 0');
    this.#queue = [];
    for (const rows of this.#batches) rows.length = 0;
    for (const stream of this.#streams) stream.fail();
  }

  #dispatch(): void {
    const thread = this.#worker.life;
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
    this.#worker.worked();
    const probabilities = this.#worker.life?.memory.probabilities;
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
