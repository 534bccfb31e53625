// `node bench/recording.ts [sessions] [rounds]`: what it costs to record sessions. The calls of (a) are recorded by a server; then their tapes are written
// once more, alone in this process, in the pace of the session's own clock, and the processor time of that is held against what the server took. The
// difference between two servers says less: on a machine with other things to do it is smaller than what they differ by anyway.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import { Recorder } from '../src/pipeline/tape/recorder.ts';
import { readTape, type TapeText } from '../src/pipeline/tape/reader.ts';
import { type Heard, played, type Step } from '../src/pipeline/tape/replay.ts';
import type { Tape } from '../src/pipeline/tape/tape.ts';
import { type CallResult, measureOnce } from './latency.ts';
import { clips } from './speech.ts';
import { table } from './table.ts';

const [sessions = 20, rounds = 5] = process.argv.slice(2).map(Number);
const ways = ['without', 'tape', 'tape and sound'] as const;
type Way = (typeof ways)[number];

interface Taken {
  readonly header: TapeText['header'];
  readonly steps: readonly (Step | Heard)[];
  readonly minutes: number;
}

function folderFor<T>(task: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-bench-tapes-'));
  return task(folder).finally(() => rmSync(folder, { recursive: true, force: true }));
}

function settingsOf(way: Way, folder: string): Record<string, string> {
  return way === 'without' ? {} : { PARLEY_RECORD: folder, PARLEY_RECORD_SOUND: way === 'tape' ? 'off' : 'on' };
}

function tapesIn(folder: string): Taken[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  return names.map((name) => {
    const tape = readTape(readFileSync(join(folder, name), 'utf8'));
    const steps = [...played(tape)];
    return { header: tape.header, steps, minutes: (steps.at(-1)?.atMs ?? 0) / 60_000 };
  });
}

function write({ header, steps }: Taken, tape: Tape | undefined, clock: ManualClock): void {
  const startMs = header.startUs / 1000;
  const bornAtMs = clock.now();
  tape?.begin(header.birth, startMs);
  for (const step of steps) {
    clock.advance(Math.max(0, bornAtMs + step.atMs - clock.now()));
    const nowMs = startMs + step.atMs;
    if ('heard' in step) tape?.sound(nowMs, step.heard);
    else if (step.fact) {
      tape?.fact(nowMs, step.fact);
      tape?.wanted(step.effects);
    } else tape?.opened(step.effects);
  }
}

/** Processor time of this process, all threads, in milliseconds for each minute of a session. */
function alone(taken: readonly Taken[], way: Way): Promise<number> {
  return folderFor(async (folder) => {
    const clock = new ManualClock();
    const recorder = way === 'without' ? undefined : new Recorder({ folder, sound: way !== 'tape', version: '', clock, log: silentLog });
    const before = process.cpuUsage();
    for (const [index, each] of taken.entries()) {
      const tape = recorder?.open(`sess_${index}`);
      write(each, tape, clock);
      if (!tape || !recorder) continue;
      recorder.end(tape);
      await tape.end();
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / taken.reduce((sum, { minutes }) => sum + minutes, 0);
  });
}

// The clock's timers keep no process alive.
const alive = setInterval(() => {}, 60_000);
try {
  const speech = await clips();
  const rows: (string | number)[][] = [];
  const least = { without: Number.POSITIVE_INFINITY, tape: Number.POSITIVE_INFINITY, 'tape and sound': Number.POSITIVE_INFINITY };
  const servers = new Map<Way, CallResult & { kilobytes: number }>();
  let taken: Taken[] = [];
  for (const way of ways) {
    process.stderr.write(`  ${sessions} sessions, ${way} ...\n`);
    await folderFor(async (folder) => {
      const result = await measureOnce(speech, sessions, 1, settingsOf(way, folder));
      const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
      if (way === 'tape and sound') taken = tapesIn(folder).filter(({ minutes }) => minutes > 0);
      servers.set(way, { ...result, kilobytes: bytes / 1000 / sessions });
    });
  }
  const minutes = taken.reduce((sum, each) => sum + each.minutes, 0) / taken.length;
  // Of several rounds the least: what else runs here only adds to it.
  for (let round = 0; round < rounds; round += 1) for (const way of ways) least[way] = Math.min(least[way], await alone(taken, way));
  const serverMs = (servers.get('without')?.cpuSecondsPerSessionMinute ?? Number.NaN) * 1000;
  for (const way of ways) {
    const server = servers.get(way);
    const ownMs = least[way] - least.without;
    rows.push([
      way,
      Math.round((server?.cpuSecondsPerSessionMinute ?? Number.NaN) * 1000),
      way === 'without' ? '' : ownMs.toFixed(1),
      way === 'without' ? '' : `${((100 * ownMs) / serverMs).toFixed(1)} %`,
      way === 'without' ? '' : Math.round((server?.kilobytes ?? Number.NaN) / minutes),
      (server?.othersCores ?? Number.NaN).toFixed(2),
    ]);
  }
  const head = [
    'recorded',
    'the server, CPU ms / session-min',
    'the tape alone',
    'of the server without',
    'kB / session-min',
    "others' cores",
  ];
  process.stdout.write(`\n${table(head, rows)}\n`);
} finally {
  clearInterval(alive);
}
