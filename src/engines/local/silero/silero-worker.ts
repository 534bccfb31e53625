// The thread Silero runs in: sleeps until a batch is handed over, infers it, says so. It keeps each stream's state, by slot number.
// The runtime's `run` blocks the thread that calls it, which is why this must never happen on the main one.
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { VAD_RATE_HZ, VAD_WINDOW } from '../../engine.ts';
import { BATCH_ROWS, batchAt, FINISHED, LEFT, type SileroWorkerData, STOP, SUBMITTED, sileroMemory } from './silero-memory.ts';

/** The model hears the end of the window before, too. */
const CONTEXT = 64;
const INPUT = CONTEXT + VAD_WINDOW;
/** Values in each of the two halves of the recurrent state. */
const HALF = 128;

/** What is remembered of one stream: both halves of the state, then the context. */
const slotStates: Float32Array[] = [];
const memory = sileroMemory((workerData as SileroWorkerData).buffer);
const input = new Float32Array(BATCH_ROWS * INPUT);
const state = new Float32Array(2 * BATCH_ROWS * HALF);
const rate = new Tensor('int64', BigInt64Array.of(BigInt(VAD_RATE_HZ)), []);
const feedsByRows: Record<string, Tensor>[] = [];

const model = createRequire(import.meta.url).resolve('@ricky0123/vad-web/dist/silero_vad_v6.onnx');
const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' });
// The first run plans memory and takes several times as long as any other.
await session.run(feeds(1));
parentPort?.postMessage('ready');

for (let done = 0; ; ) {
  Atomics.wait(memory.header, SUBMITTED, done);
  if (Atomics.load(memory.header, STOP) === 1) break;
  if (Atomics.load(memory.header, SUBMITTED) === done) continue;
  await infer(batchAt(done));
  done = (done + 1) | 0;
  Atomics.store(memory.header, FINISHED, done);
  Atomics.notify(memory.header, FINISHED);
}
await session.release();
Atomics.store(memory.header, LEFT, 1);
Atomics.notify(memory.header, LEFT);

async function infer(batch: number): Promise<void> {
  const rows = memory.rows[batch] ?? 0;
  const first = batch * BATCH_ROWS;
  for (let row = 0; row < rows; row++) load(row, rows, first + row);
  const results = await session.run(feeds(rows));
  const probabilities = results['output']?.data as Float32Array;
  const next = results['stateN']?.data as Float32Array;
  memory.probabilities.set(probabilities, first);
  for (let row = 0; row < rows; row++) {
    const slot = memory.slots[first + row] as number;
    const kept = slotStates[slot < 0 ? ~slot : slot] as Float32Array;
    kept.set(next.subarray(row * HALF, (row + 1) * HALF), 0);
    kept.set(next.subarray((rows + row) * HALF, (rows + row + 1) * HALF), HALF);
    kept.set(input.subarray((row + 1) * INPUT - CONTEXT, (row + 1) * INPUT), 2 * HALF);
  }
}

/** Puts a stream's state, context and window where the model reads row `row` of `rows`. */
function load(row: number, rows: number, sharedRow: number): void {
  const slot = memory.slots[sharedRow] as number;
  const kept = slotState(slot);
  state.set(kept.subarray(0, HALF), row * HALF);
  state.set(kept.subarray(HALF, 2 * HALF), (rows + row) * HALF);
  input.set(kept.subarray(2 * HALF), row * INPUT);
  const from = sharedRow * VAD_WINDOW;
  const to = row * INPUT + CONTEXT;
  for (let i = 0; i < VAD_WINDOW; i++) input[to + i] = (memory.samples[from + i] as number) / 32768;
}

function slotState(slot: number): Float32Array {
  const at = slot < 0 ? ~slot : slot;
  while (slotStates.length <= at) slotStates.push(new Float32Array(2 * HALF + CONTEXT));
  const kept = slotStates[at] as Float32Array;
  return slot < 0 ? kept.fill(0) : kept;
}

function feeds(rows: number): Record<string, Tensor> {
  feedsByRows[rows] ??= {
    input: new Tensor('float32', input.subarray(0, rows * INPUT), [rows, INPUT]),
    state: new Tensor('float32', state.subarray(0, 2 * rows * HALF), [2, rows, HALF]),
    sr: rate,
  };
  return feedsByRows[rows];
}
