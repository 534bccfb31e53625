// What Prometheus reads in an answer of `/metrics`, and what a query of PromQL asks for.

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export function parseMetrics(text: string): Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', inner = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      if (name === '') throw new Error(`This is no line of metrics: ${line}`);
      const labels = Object.fromEntries([...inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, said]) => [label, said]));
      return { name, labels, value: Number(value) };
    });
}

/** Of the samples of a metric, but for the bounds of a histogram's buckets. */
export function labelNames(samples: readonly Sample[], metric: string): string[] {
  const own = samples.filter(({ name }) => [metric, `${metric}_count`].includes(name));
  return [...new Set(own.flatMap(({ labels }) => Object.keys(labels)))].sort();
}

export interface Queried {
  /** Each with the labels that its selector names. */
  readonly metrics: { readonly name: string; readonly labels: readonly string[] }[];
  /** What it groups by. */
  readonly grouped: readonly string[];
}

const words = new Set(['and', 'or', 'unless', 'bool', 'offset', 'on', 'ignoring', 'group_left', 'group_right', 'by', 'without']);

export function queried(expr: string): Queried {
  const grouping = /\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g;
  const grouped = [...expr.matchAll(grouping)].flatMap(([, list = '']) => list.split(',').map((label) => label.trim()));
  const rest = expr.replace(grouping, ' ').replace(/\[[^\]]*\]/g, ' ');
  const metrics = [...rest.matchAll(/\b([a-zA-Z_:][\w:]*)\s*(\{[^}]*\}|\()?/g)].flatMap(([, name = '', follows = '']) => {
    // Functions and aggregations are followed by a bracket; what stands in a selector was taken with its metric.
    if (follows === '(' || words.has(name)) return [];
    const labels = [...follows.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label);
    return [{ name, labels }];
  });
  return { metrics, grouped };
}
