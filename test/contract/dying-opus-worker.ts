// Stands in for the Opus worker: answers with as many samples as there are bytes, dies of 13 of them, and never answers none.
import { parentPort } from 'node:worker_threads';
import type { DecodeJob, DecodeResult } from '../../src/engines/local/opus/opus-job.ts';

parentPort?.on('message', ({ bytes }: DecodeJob) => {
  if (bytes.length === 13) throw new Error('out of order');
  if (bytes.length > 0) parentPort?.postMessage({ samples: new Int16Array(bytes.length) } satisfies DecodeResult);
});
