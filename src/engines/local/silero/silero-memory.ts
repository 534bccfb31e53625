// The memory the main thread and the Silero worker share: a short ring of batches, and two counters that say whose turn it is.
import { VAD_WINDOW } from '../../engine.ts';

/** Windows inferred in one run at most. From here on a bigger batch makes a window hardly cheaper, only later. */
export const BATCH_ROWS = 64;
/** Batches that may lie in memory at once, a power of two: with more than one the worker goes on while the main thread is busy. */
export const BATCHES = 4;

// Places in the header.
/** How many batches were handed to the worker, modulo 2^32; the worker sleeps on it. */
export const SUBMITTED = 0;
/** How many batches are answered, modulo 2^32; the main thread is woken by it. */
export const FINISHED = 1;
/** 1 once the worker must leave. */
export const STOP = 2;
/** 1 once the worker is out of the runtime's native code for good. */
export const LEFT = 3;

export interface SileroMemory {
  readonly buffer: SharedArrayBuffer;
  readonly header: Int32Array<SharedArrayBuffer>;
  /** Rows in use, by batch. */
  readonly rows: Int32Array;
  /** Whose window a row holds: a slot number, or `~slot` when its state must be zeroed first. */
  readonly slots: Int32Array;
  readonly probabilities: Float32Array;
  readonly samples: Int16Array;
}

export interface SileroWorkerData {
  readonly buffer: SharedArrayBuffer;
}

/** Where the batch number `count` lies in the ring; `count` may have wrapped round to the negative. */
export function batchAt(count: number): number {
  return count & (BATCHES - 1);
}

export function sileroMemory(shared?: SharedArrayBuffer): SileroMemory {
  const allRows = BATCHES * BATCH_ROWS;
  const headerBytes = 64;
  const rowsAt = headerBytes;
  const slotsAt = rowsAt + BATCHES * 4;
  const probabilitiesAt = slotsAt + allRows * 4;
  const samplesAt = probabilitiesAt + allRows * 4;
  const buffer = shared ?? new SharedArrayBuffer(samplesAt + allRows * VAD_WINDOW * 2);
  return {
    buffer,
    header: new Int32Array(buffer, 0, headerBytes / 4),
    rows: new Int32Array(buffer, rowsAt, BATCHES),
    slots: new Int32Array(buffer, slotsAt, allRows),
    probabilities: new Float32Array(buffer, probabilitiesAt, allRows),
    samples: new Int16Array(buffer, samplesAt, allRows * VAD_WINDOW),
  };
}
