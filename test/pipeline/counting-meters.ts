// Meters that keep what they were told.
import type { CounterName, HistogramName, Meters } from '../../src/metrics/meters.ts';

export class CountingMeters implements Meters {
  /** Sums, by `name` or `name value value`. */
  readonly counts: Record<string, number> = {};
  /** What was observed, in order. */
  readonly seconds: Partial<Record<HistogramName, number[]>> = {};

  add(name: CounterName, by: number, labels: Readonly<Record<string, string>> = {}): void {
    const key = [name, ...Object.values(labels)].join(' ');
    this.counts[key] = (this.counts[key] ?? 0) + by;
  }

  observe(name: HistogramName, seconds: number, ..._labels: unknown[]): void {
    (this.seconds[name] ??= []).push(seconds);
  }
}
