// Stands in for the Silero worker: answers its first batch with 0.5 and dies of the second; told to hang, it never answers one.
import { parentPort, workerData } from 'node:worker_threads';
import { FINISHED, type SileroWorkerData, STOP, SUBMITTED, sileroMemory } from '../../src/engines/local/silero/silero-memory.ts';

const hangs = import.meta.url.endsWith('?hangs');
const memory = sileroMemory((workerData as SileroWorkerData).buffer);
parentPort?.postMessage('ready');
for (let done = 0; ; ) {
  Atomics.wait(memory.header, SUBMITTED, hangs ? Atomics.load(memory.header, SUBMITTED) : done);
  if (Atomics.load(memory.header, STOP) === 1) break;
  if (hangs) continue;
  if (done === 1) throw new Error('out of order');
  memory.probabilities.fill(0.5);
  done++;
  Atomics.store(memory.header, FINISHED, done);
  Atomics.notify(memory.header, FINISHED);
}
