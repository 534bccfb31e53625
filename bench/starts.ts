// (e) how long a start takes until the server has talked to itself, with an empty data folder and with that same folder again, and what it then
// keeps of the memory.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sleep, systemClock } from '../src/lib/clock.ts';
import { randomToken } from '../src/lib/ids.ts';
import { residentBytes } from './processes.ts';
import { freePort } from './server.ts';

export interface StartResult {
  /** Undefined when it did not pass in time. */
  readonly emptyMs: number | undefined;
  readonly againMs: number | undefined;
  /** Of all processes, when nobody talks. */
  readonly idleBytes: number;
  readonly words: readonly string[];
}

const root = resolve(import.meta.dirname, '..');
const mostMs = 300_000;
const settleMs = 8000;

export async function measureStarts(settings: Readonly<Record<string, string>>): Promise<StartResult> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-bench-start-'));
  try {
    const empty = await start(folder, settings);
    const again = await start(folder, settings);
    return { emptyMs: empty.passedMs, againMs: again.passedMs, idleBytes: again.idleBytes, words: [empty.line, again.line] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function start(
  folder: string,
  settings: Readonly<Record<string, string>>,
): Promise<{ passedMs: number | undefined; idleBytes: number; line: string }> {
  // What reaches a registry stays: the models come from there.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('PARLEY_') && !name.endsWith('_API_KEY'));
  const startedMs = systemClock.now();
  const child = spawn(process.execPath, [join(root, 'src/main.ts')], {
    cwd: folder,
    env: {
      ...Object.fromEntries(own),
      PORT: String(await freePort()),
      PARLEY_API_KEY: `bench-${randomToken(20)}`,
      PARLEY_DATA_DIR: join(folder, 'data'),
      PARLEY_LLM_PROBE: 'off',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let written = '';
  const { promise: checked, resolve: check } = Promise.withResolvers<number | undefined>();
  const timer = systemClock.after(mostMs, () => check(undefined));
  const keep = (data: Buffer) => {
    written += data.toString('utf8');
    if (/Self-check passed/.test(written)) check(systemClock.now() - startedMs);
    else if (/Self-check failed/i.test(written)) check(undefined);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('exit', () => check(undefined));
  const passedMs = await checked;
  timer.cancel();
  await sleep(systemClock, settleMs);
  const idleBytes = residentBytes(child.pid ?? 0);
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const late = systemClock.after(10_000, () => child.kill('SIGKILL'));
    await gone;
    late.cancel();
  }
  return { passedMs, idleBytes, line: written.match(/words recognised.*/)?.[0] ?? written.slice(-400) };
}
