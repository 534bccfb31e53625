// What the figures were measured on: they mean little without it.
import { cpus, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { systemClock } from '../src/lib/clock.ts';
import { percentile } from './statistics.ts';

export interface Machine {
  cores: number;
  memoryGb: number;
  processor: string;
  node: string;
  /** Microseconds of Silero for one window in a batch of 16: 46 where the figures to beat come from. */
  yardstickUs: number;
}

const rows = 16;
const rounds = 60;

export async function machine(): Promise<Machine> {
  return {
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    processor: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    yardstickUs: Math.round(await yardstick()),
  };
}

async function yardstick(): Promise<number> {
  const model = createRequire(import.meta.url).resolve('@ricky0123/vad-web/dist/silero_vad_v6.onnx');
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' });
  const feeds = {
    input: new Tensor('float32', new Float32Array(rows * 576).fill(0.01), [rows, 576]),
    state: new Tensor('float32', new Float32Array(2 * rows * 128), [2, rows, 128]),
    sr: new Tensor('int64', BigInt64Array.of(16_000n), []),
  };
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedAt = systemClock.now();
    await session.run(feeds);
    times.push(((systemClock.now() - startedAt) * 1000) / rows);
  }
  await session.release();
  return percentile(times, 0.5);
}

/** How much the whole machine has worked so far, and its stolen time, in seconds of one core; NaN where the system does not tell. */
export function machineSeconds(): { busy: number; stolen: number } {
  try {
    const fields = /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]?.split(' ').map(Number) ?? [];
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, stolen = 0] = fields;
    return { busy: (user + nice + system + irq + softirq) / 100, stolen: stolen / 100 };
  } catch {
    return { busy: Number.NaN, stolen: Number.NaN };
  }
}
