// Stands in for the Silero worker: gets ready, and never answers a batch.
import { parentPort, workerData } from 'node:worker_threads';
import { type SileroWorkerData, STOP, SUBMITTED, sileroMemory } from '../../src/engines/local/silero/silero-memory.ts';

const memory = sileroMemory((workerData as SileroWorkerData).buffer);
parentPort?.postMessage('ready');
while (Atomics.load(memory.header, STOP) === 0) Atomics.wait(memory.header, SUBMITTED, Atomics.load(memory.header, SUBMITTED));
