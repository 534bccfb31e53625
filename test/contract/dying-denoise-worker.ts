// Stands in for the RNNoise worker: turns the first piece it gets upside down, dies of the second; told to hang, it never answers one.
import { parentPort } from 'node:worker_threads';
import type { DenoiseJob, DenoiseResult } from '../../src/engines/local/rnnoise/rnnoise-job.ts';

const hangs = import.meta.url.endsWith('?hangs');
let answered = 0;
parentPort?.on('message', (job: DenoiseJob) => {
  if (job.kind === 'forget' || hangs) return;
  if (answered === 1) throw new Error('out of order');
  answered++;
  parentPort?.postMessage({ stream: job.stream, samples: job.samples.map((sample) => -sample) } satisfies DenoiseResult);
});
parentPort?.postMessage('ready');
