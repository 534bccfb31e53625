import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { Spool, type SpoolOptions } from '../../src/lib/spool.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'parley-spool-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function opened(path: string, options: Partial<SpoolOptions> = {}) {
  const failures: Error[] = [];
  const pool = { waiting: 0, mostBytes: 1_000_000 };
  const clock = new ManualClock();
  const spool = new Spool(path, { clock, mostBytes: 1000, pool, onFailure: (error) => failures.push(error), ...options });
  return { spool, pool, clock, failures };
}

test('text and bytes come onto the disk in their order, for their owner only', async () => {
  const path = join(folder(), 'a');
  const { spool, pool, failures } = opened(path);
  const bytes = new Uint8Array([120, 121]);
  spool.write('one é ');
  spool.write(bytes);
  bytes.fill(0);
  spool.write(' two');
  await spool.end();
  expect(readFileSync(path, 'utf8')).toBe('one é xy two');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect([pool.waiting, failures]).toEqual([0, []]);
});

test('what is small is written once a second, not at once', async () => {
  const path = join(folder(), 'a');
  const { spool, pool, clock } = opened(path);
  spool.write('a');
  clock.advance(999);
  expect(pool.waiting).toBe(0);
  clock.advance(1);
  expect(pool.waiting).toBe(1);
  await spool.end();
});

test('it is full when so much waits, in it or in all of them, until the disk has taken it', async () => {
  const path = join(folder(), 'a');
  const { spool, pool } = opened(path, { mostBytes: 100_000 });
  spool.write('a'.repeat(70_000));
  expect(spool.full).toBe(false);
  spool.write('a'.repeat(70_000));
  expect(spool.full).toBe(true);
  await spool.end();
  expect([spool.full, pool.waiting]).toEqual([false, 0]);
  const other = opened(join(folder(), 'b'), { pool: { waiting: 5, mostBytes: 5 } });
  expect(other.spool.full).toBe(true);
  await other.spool.end();
});

test('a file that is there already, and a folder that is not, cost the file: told once, and nobody is thrown at', async () => {
  const taken = join(folder(), 'a');
  writeFileSync(taken, 'mine');
  for (const [path, code] of [
    [taken, 'EEXIST'],
    [join(folder(), 'nowhere', 'a'), 'ENOENT'],
  ] as const) {
    const { spool, pool, failures } = opened(path);
    spool.write('a'.repeat(70_000));
    await spool.end();
    spool.write('more');
    await spool.end();
    expect(failures.map((error) => (error as NodeJS.ErrnoException).code)).toEqual([code]);
    expect([spool.failed, pool.waiting]).toEqual([true, 0]);
  }
  expect(readFileSync(taken, 'utf8')).toBe('mine');
});

test('a disk that is full in the middle costs the rest, and the process goes on', () => {
  const path = join(folder(), 'a');
  const program = `
    import { systemClock } from '${new URL('../../src/lib/clock.ts', import.meta.url).href}';
    import { Spool } from '${new URL('../../src/lib/spool.ts', import.meta.url).href}';
    const failures = [];
    const pool = { waiting: 0, mostBytes: 1e9 };
    const spool = new Spool(process.argv[1], { clock: systemClock, mostBytes: 1e9, pool, onFailure: (error) => failures.push(error.code) });
    for (let at = 0; at < 10; at += 1) spool.write('a'.repeat(100_000));
    await spool.end();
    console.log(JSON.stringify({ failures, failed: spool.failed, waiting: pool.waiting }));`;
  // The shell's limit on the size of files, in blocks of 512 or 1,024 bytes.
  const { stdout, status } = spawnSync(
    'sh',
    ['-c', 'ulimit -f 200; exec "$0" --input-type=module -e "$1" "$2"', process.execPath, program, path],
    { encoding: 'utf8' },
  );
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ failures: ['EFBIG'], failed: true, waiting: 0 });
  expect(statSync(path).size).toBeLessThanOrEqual(204_800);
});
