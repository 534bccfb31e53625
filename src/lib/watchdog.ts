// Notices that the main loop stands still: a thread of its own looks whether it goes on, and says so when the main thread cannot.
import { Worker } from 'node:worker_threads';

export interface WatchdogOptions {
  /** From here on it is told. */
  readonly noticeMs: number;
  /** From here on the process is ended with that code; 0: never. */
  readonly mostMs: number;
  readonly exitCode: number;
  readonly logLevel: string;
}

export interface WatchdogData extends WatchdogOptions {
  /** One number that goes up as long as the main loop runs. */
  readonly beats: Int32Array;
  readonly everyMs: number;
}

const everyMs = 250;

/** Watches until `close`; keeps no process alive. Needs real time, whatever the clock of everything else is. */
export function watchLoop(options: WatchdogOptions): { close(): Promise<void> } {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const timer = setInterval(() => Atomics.add(beats, 0, 1), everyMs);
  timer.unref();
  const workerData: WatchdogData = { ...options, beats, everyMs };
  const worker = new Worker(new URL('./watchdog-worker.ts', import.meta.url), { workerData, name: 'watchdog', execArgv: [] });
  worker.unref();
  return {
    async close() {
      clearInterval(timer);
      await worker.terminate();
    },
  };
}
