// The meters as Prometheus reads them. The only file that knows prom-client.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type HistogramName, type MetricName, type Meters, type Reading, table } from './meters.ts';

/** Ways to fill in the labels of one metric: all of them come from short lists, and this is what holds where one does not. */
const mostSeries = 100;
const beyond = 'other';

interface Series {
  inc(by: number): void;
  observe(value: number): void;
}

export interface PrometheusMeters extends Meters {
  readonly contentType: string;
  /** All there is to see, with what was looked up just now. */
  text(readings: readonly Reading[]): Promise<string>;
}

export function prometheusMeters(): PrometheusMeters {
  const registry = new Registry();
  const metrics = new Map<MetricName, Metric>();
  for (const name of Object.keys(table) as MetricName[]) metrics.set(name, new Metric(name, registry));
  const metric = (name: MetricName) => metrics.get(name) as Metric;
  return {
    contentType: registry.contentType,
    add: (name, by, ...[labels]) => metric(name).series(labels).inc(by),
    observe: (name, seconds, ...[labels]) => metric(name).series(labels).observe(seconds),
    text(readings) {
      for (const name of new Set(readings.map((reading) => reading.name))) metric(name).forget();
      for (const { name, value, labels } of readings) metric(name).series(labels).inc(value);
      return registry.metrics();
    },
  };
}

class Metric {
  readonly #kind: { type: 'counter'; metric: Counter } | { type: 'gauge'; metric: Gauge } | { type: 'histogram'; metric: Histogram };
  readonly #names: readonly string[];
  readonly #series = new Map<string, Series>();

  constructor(name: MetricName, registry: Registry) {
    const { type, meaning: help, labels } = table[name];
    const options = { name, help, labelNames: [...labels], registers: [registry] };
    this.#names = labels;
    if (type === 'counter') this.#kind = { type, metric: new Counter(options) };
    else if (type === 'gauge') this.#kind = { type, metric: new Gauge(options) };
    else this.#kind = { type, metric: new Histogram({ ...options, buckets: [...table[name as HistogramName].buckets] }) };
    // What never happened is 0, not absent: a rate of it can be drawn, and an alarm set on it.
    if (labels.length === 0) this.series();
  }

  series(labels: Readonly<Record<string, string>> = {}): Series {
    let key = '';
    for (const name of this.#names) key += `${labels[name]}\0`;
    return this.#series.get(key) ?? this.#newSeries(key, labels);
  }

  forget(): void {
    this.#kind.metric.reset();
    this.#series.clear();
  }

  #newSeries(key: string, labels: Readonly<Record<string, string>>): Series {
    if (this.#series.size >= mostSeries && this.#names.some((name) => labels[name] !== beyond))
      return this.series(Object.fromEntries(this.#names.map((name) => [name, beyond])));
    const series = this.#child(Object.fromEntries(this.#names.map((name) => [name, labels[name] ?? ''])));
    this.#series.set(key, series);
    return series;
  }

  #child(labels: Record<string, string>): Series {
    const unlabelled = this.#names.length === 0;
    const none = () => {};
    if (this.#kind.type === 'histogram') {
      const { metric } = this.#kind;
      if (unlabelled) return { inc: none, observe: (value) => metric.observe(value) };
      metric.zero(labels);
      const child = metric.labels(labels);
      return { inc: none, observe: (value) => child.observe(value) };
    }
    const { metric } = this.#kind;
    if (unlabelled) return { inc: (by) => metric.inc(by), observe: none };
    const child = metric.labels(labels);
    return { inc: (by) => child.inc(by), observe: none };
  }
}
