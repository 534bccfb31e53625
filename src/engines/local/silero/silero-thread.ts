// One life of the Silero worker as the main thread sees it: hands batches over and tells when they are answered.
// Doorbells are futexes both ways: they cost the main thread two thirds of what a pair of messages costs.
import type { Clock, Timer } from '../../../lib/clock.ts';
import { Member, type MemberEvents } from '../member.ts';
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

export interface ThreadEvents extends Pick<MemberEvents, 'ready' | 'lost'> {
  /** The probabilities of this batch lie in memory, until the call returns. Never called from within `submit`. */
  finished(batch: number): void;
}

/** A batch takes some milliseconds; when none comes back for this long the thread hangs. */
const HANGING_MS = 10_000;

export class SileroThread {
  readonly memory: SileroMemory = sileroMemory();
  readonly #member: Member;
  readonly #clock: Clock;
  readonly #events: ThreadEvents;
  #submitted = 0;
  #collected = 0;
  #watching = false;
  #hanging: Timer | undefined;

  constructor(script: URL, clock: Clock, events: ThreadEvents) {
    this.#clock = clock;
    this.#events = events;
    const workerData: SileroWorkerData = { buffer: this.memory.buffer };
    const leaving = {
      ask: () => this.#askToLeave(),
      hold: (mostMs: number) => void Atomics.wait(this.memory.header, LEFT, 0, mostMs),
    };
    this.#member = new Member(
      { engine: 'silero', script, clock, raw: { workerData }, leaving },
      { ready: () => events.ready(), heard: () => {}, lost: (error, how) => events.lost(error, how) },
    );
    // Lets go of the promise that still waits for a batch.
    void this.#member.gone.then(() => Atomics.notify(this.memory.header, FINISHED));
  }

  get ready(): boolean {
    return this.#member.ready;
  }

  /** Whether a batch can be handed over. */
  get open(): boolean {
    return this.#member.ready && ((this.#submitted - this.#collected) | 0) < BATCHES;
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
    if (!this.#hanging) this.#awaitLife();
  }

  /** Resolves when the thread has left. */
  async stop(): Promise<void> {
    this.#hanging?.cancel();
    await this.#member.stop();
  }

  /** One timer for many batches: it rings whether there was an answer or not. */
  #awaitLife(): void {
    const before = Atomics.load(this.memory.header, FINISHED);
    this.#hanging = this.#clock.after(HANGING_MS, () => {
      this.#hanging = undefined;
      if (this.idle) return;
      if (Atomics.load(this.memory.header, FINISHED) !== before) return this.#awaitLife();
      this.#member.giveUp(`it did not answer for ${HANGING_MS / 1000} s`);
    });
  }

  #askToLeave(): void {
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
      if (this.#member.ready) this.#collect();
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
