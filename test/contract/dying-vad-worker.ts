// Stands in for the Silero worker: answers its first batch with 0.5 and dies of the second.
import { parentPort, workerData } from 'node:worker_threads';
import { FINISHED, type SileroWorkerData, STOP, SUBMITTED, sileroMemory } from '../../src/engines/local/silero/silero-memory.ts';

const memory = sileroMemory((workerData as SileroWorkerData).buffer);
parentPort?.postMessage('ready');
for (let done = 0; ; ) {
  Atomics.wait(memory.header, SUBMITTED, done);
  if (Atomics.load(memory.header, STOP) === 1) break;
  if (done === 1) throw new Error('out of order');
  memory.probabilities.fill(0.5);
  done++;
  Atomics.store(memory.header, FINISHED, done);
  Atomics.notify(memory.header, FINISHED);
}
