// The page for operators, held against the code: its settings exist, its exit codes are those of the process.
import { expect, test } from 'vitest';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { paths, read } from './pages.ts';

const page = read('docs/operating.md');
/** Each setting with what it is when it is not set. */
const settings = new Map(
  [...read('docs/configuration.md').matchAll(/^\| `(\w+)` \|.*\| (.+) \|$/gm)].map(([, name, fallback]) => [name, fallback]),
);

test('every setting that the files of deploy/ name is one', () => {
  const files = paths('deploy/**/*.conf', 'deploy/**/*.service', 'deploy/**/Caddyfile');
  const named = files.flatMap((path) => read(path).match(/\bPARLEY_[A-Z_]*[A-Z]\b/g) ?? []);
  expect([files.length, named.length > 3]).toEqual([4, true]);
  expect([...new Set(named)].filter((name) => !settings.has(name))).toEqual([]);
});

test('it tells every exit code, and no other', () => {
  const table = [...page.matchAll(/^\| (\d+) \| /gm)].map(([, code]) => Number(code));
  expect(table).toEqual(Object.values(exitCodes));
});

test('the unit waits longer for the end than answers are waited for', () => {
  const unit = read('deploy/systemd/parley.service');
  const drain = Number(settings.get('PARLEY_DRAIN_SECONDS'));
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(drain);
  expect(/^RestartPreventExitStatus=(\d+)$/m.exec(unit)?.[1]).toBe(String(exitCodes.configuration));
});
