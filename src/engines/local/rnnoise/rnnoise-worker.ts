// The thread RNNoise runs in: filters pieces in the order they come, and keeps the filter of each stream until it is told to forget it.
import { parentPort } from 'node:worker_threads';
import { loadRnnoise, RnnoiseFilter } from './rnnoise-filter.ts';
import type { DenoiseJob, DenoiseResult } from './rnnoise-job.ts';

const filters = new Map<number, RnnoiseFilter>();

loadRnnoise();
parentPort?.on('message', (job: DenoiseJob) => {
  if (job.kind === 'forget') {
    forget(job.stream);
    return;
  }
  const samples = filterOf(job).process(job.samples);
  parentPort?.postMessage({ stream: job.stream, samples } satisfies DenoiseResult, [samples.buffer as ArrayBuffer]);
});
parentPort?.postMessage('ready');

function filterOf({ stream, start }: Extract<DenoiseJob, { kind: 'filter' }>): RnnoiseFilter {
  if (start) {
    forget(stream);
    const filter = new RnnoiseFilter(start.field, start.strength);
    filters.set(stream, filter);
    // What came before has been answered; the filter holds it back and gives it out first.
    filter.process(start.before);
  }
  const filter = filters.get(stream);
  if (!filter) throw new Error(`stream ${stream} was never started`);
  return filter;
}

function forget(stream: number): void {
  filters.get(stream)?.free();
  filters.delete(stream);
}
