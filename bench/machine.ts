// What the figures were measured on: they mean little without it.
import { cpus, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';
import { systemClock } from '../src/lib/clock.ts';

export interface Machine {
  cores: number;
  memoryGb: number;
  processor: string;
  node: string;
  /** Microseconds to parse one 20 ms append and write one audio delta: 20 to 28 where the figures to beat come from. */
  yardstickUs: number;
}

const rounds = 20_000;

export function machine(): Machine {
  return {
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    processor: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    yardstickUs: Math.round(yardstick() * 10) / 10,
  };
}

function yardstick(): number {
  const text = JSON.stringify({ type: 'input_audio_buffer.append', audio: Buffer.alloc(960, 1).toString('base64') });
  const message = Buffer.from(text);
  let written = 0;
  const round = () => {
    const { audio } = JSON.parse(message.toString('utf8')) as { audio: string };
    written += Buffer.from(`{"type":"response.output_audio.delta","delta":"${Buffer.from(audio, 'base64').toString('base64')}"}`).length;
  };
  for (let i = 0; i < rounds / 4; i++) round();
  const startedAt = systemClock.now();
  for (let i = 0; i < rounds; i++) round();
  return written > 0 ? ((systemClock.now() - startedAt) * 1000) / rounds : Number.NaN;
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
