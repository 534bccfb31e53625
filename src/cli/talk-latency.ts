// The figures people compare voice agents by, and how they are put on a line.

/** Milliseconds from the end of the user's input; undefined where the answer had no such thing. */
export interface Latency {
  readonly from: 'speech' | 'text';
  transcriptMs: number | undefined;
  firstTokenMs: number | undefined;
  firstAudioMs: number | undefined;
  doneMs: number | undefined;
}

export function latencyOf(from: Latency['from']): Latency {
  return { from, transcriptMs: undefined, firstTokenMs: undefined, firstAudioMs: undefined, doneMs: undefined };
}

/** `end of speech → transcript 412 ms → first token 630 ms → first audio 790 ms → done 1840 ms` */
export function latencyText(latency: Latency): string {
  const figures: [string, number | undefined][] = [
    ['transcript', latency.transcriptMs],
    ['first token', latency.firstTokenMs],
    ['first audio', latency.firstAudioMs],
    ['done', latency.doneMs],
  ];
  const known = figures.filter(([, ms]) => ms !== undefined).map(([name, ms]) => `${name} ${Math.round(ms ?? 0)} ms`);
  return [latency.from === 'speech' ? 'end of speech' : 'sent', ...known].join(' → ');
}
