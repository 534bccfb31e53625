// How far the reader of a connection is behind, and whether it still reads: what waits for it says nothing by its size, since one event may
// be large; what counts is whether it goes on taking.
import type { Clock, Timer } from '../lib/clock.ts';

/** Bytes that may wait before a reader is behind. */
export const behindBytes = 1024 * 1024;
/**
 * Who is behind must take this much in that time. It is less than the narrowest sound needs (G.711 in base64: 11 kB/s), so that whoever
 * can follow an answer in real time is not given up, and more than a trickle: each piece would count as progress otherwise.
 */
const leastBytes = 256 * 1024;
const patienceMs = 30_000;

/** How long whoever just keeps from being given up needs for so many bytes. */
export function slowestMs(bytes: number): number {
  return (bytes * patienceMs) / leastBytes;
}

/** Where what is written to a reader waits. */
export interface ReaderLine {
  readonly takenBytes: number;
  readonly waitingBytes: number;
}

type Reading =
  | { state: 'keeping_up' }
  /** The last time by which it had taken enough, and how much it had taken by then. */
  | { state: 'behind'; sinceMs: number; takenBytes: number; timer: Timer }
  | { state: 'over' };

export class Reader {
  readonly #line: ReaderLine;
  readonly #clock: Clock;
  readonly #giveUp: () => void;
  #reading: Reading = { state: 'keeping_up' };
  #waiters: { bytes: number; wake: () => void }[] = [];

  /** `giveUp` is called once, when it takes no more. */
  constructor(line: ReaderLine, clock: Clock, giveUp: () => void) {
    this.#line = line;
    this.#clock = clock;
    this.#giveUp = giveUp;
  }

  /** Something was written. */
  wrote(): void {
    if (this.#reading.state === 'keeping_up' && this.#line.waitingBytes > behindBytes) this.#wait(this.#clock.now());
  }

  /** Something was taken. */
  took(): void {
    const { waitingBytes, takenBytes } = this.#line;
    if (this.#reading.state === 'behind') {
      if (waitingBytes <= behindBytes) {
        this.#reading.timer.cancel();
        this.#reading = { state: 'keeping_up' };
      } else if (takenBytes - this.#reading.takenBytes >= leastBytes) {
        this.#reading.sinceMs = this.#clock.now();
        this.#reading.takenBytes = takenBytes;
      }
    }
    this.#release();
  }

  /** Resolves when no more than so many bytes wait, or nobody reads any more. */
  below(bytes: number): Promise<void> {
    if (this.#reading.state === 'over' || this.#line.waitingBytes <= bytes) return Promise.resolve();
    return new Promise((wake) => this.#waiters.push({ bytes, wake }));
  }

  /** The connection ends. */
  end(): void {
    if (this.#reading.state === 'behind') this.#reading.timer.cancel();
    this.#reading = { state: 'over' };
    this.#release();
  }

  #wait(sinceMs: number): void {
    const timer = this.#clock.after(sinceMs + patienceMs - this.#clock.now(), () => this.#look());
    const takenBytes = this.#reading.state === 'behind' ? this.#reading.takenBytes : this.#line.takenBytes;
    this.#reading = { state: 'behind', sinceMs, takenBytes, timer };
  }

  #look(): void {
    if (this.#reading.state !== 'behind') return;
    const { sinceMs } = this.#reading;
    if (this.#clock.now() < sinceMs + patienceMs) return this.#wait(sinceMs);
    this.end();
    this.#giveUp();
  }

  #release(): void {
    const { waitingBytes } = this.#line;
    const free = (bytes: number) => this.#reading.state === 'over' || waitingBytes <= bytes;
    const waiters = this.#waiters;
    this.#waiters = waiters.filter(({ bytes }) => !free(bytes));
    for (const { bytes, wake } of waiters) if (free(bytes)) wake();
  }
}
