// Every session of the servers that tests start is recorded; after the last test each tape is played again, and must do what it did.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTape } from '../../src/pipeline/tape/reader.ts';
import { replay } from '../../src/pipeline/tape/replay.ts';

const variable = 'TEST_TAPES';

/** What makes a server record: a setting for its environment. Nothing outside of a run of tests. */
export function recordingSettings(): Record<string, string> {
  const folder = process.env[variable];
  return folder === undefined ? {} : { PARLEY_RECORD: folder };
}

/** Once for a run, before all processes that tests run in. */
export function setup(): void {
  process.env[variable] = mkdtempSync(join(tmpdir(), 'parley-test-tapes-'));
}

/** @throws Error naming the first tape that goes another way. It is kept, for `npm run replay`. */
export function teardown(): void {
  const folder = process.env[variable] ?? '';
  const total = { tapes: 0, steps: 0 };
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const text = readFileSync(path, 'utf8');
    // A process that was killed may not have come to its first line.
    if (!text.includes('\n')) continue;
    const verdict = replay(readTape(text));
    if (verdict.state === 'differs') {
      const { step, expected, actual } = verdict.difference;
      const effects = `${JSON.stringify(expected)} then, ${JSON.stringify(actual)} now`;
      throw new Error(`${path} differs from line ${step.line} on: ${effects}. See npm run replay -- ${path}`);
    }
    total.tapes += 1;
    total.steps += verdict.steps;
  }
  rmSync(folder, { recursive: true });
  if (total.tapes > 0) process.stdout.write(`\n ${total.tapes} tapes of ${total.steps} steps were played again: no difference.\n`);
}
