// How the process itself is: its memory, its processor time, and how late its main loop comes to its work.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock, Timer } from '../lib/clock.ts';
import { type Reading, reading } from './meters.ts';

const windowMs = 10_000;
/** How often the loop is expected to come by: what it is late beyond that is its lag. */
const everyMs = 10;
const quantiles = ['0.5', '0.99', '1'] as const;

export interface ProcessMeters {
  read(): Reading[];
  close(): void;
}

export function watchProcess(clock: Clock): ProcessMeters {
  const delay = monitorEventLoopDelay({ resolution: everyMs });
  const lags = () =>
    quantiles.map((quantile) => {
      const late = delay.count === 0 ? 0 : delay.percentile(Number(quantile) * 100) / 1e9 - everyMs / 1000;
      return reading('parley_loop_lag_seconds', Math.max(0, late), { quantile });
    });
  /** Of the last window that is over: whoever asks, and however often, sees the same. */
  let last: Reading[] | undefined;
  let timer: Timer;
  const turn = () => {
    last = lags();
    delay.reset();
    timer = clock.after(windowMs, turn);
  };
  delay.enable();
  timer = clock.after(windowMs, turn);
  const startedAt = clock.wallMs() / 1000 - process.uptime();
  return {
    read() {
      const { rss, heapUsed, external } = process.memoryUsage();
      const { user, system } = process.cpuUsage();
      return [
        ...(last ?? lags()),
        reading('process_cpu_seconds_total', (user + system) / 1e6),
        reading('process_resident_memory_bytes', rss),
        reading('process_start_time_seconds', startedAt),
        reading('nodejs_heap_size_used_bytes', heapUsed),
        reading('nodejs_external_memory_bytes', external),
      ];
    },
    close() {
      timer.cancel();
      delay.disable();
    },
  };
}
