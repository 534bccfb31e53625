// What SECURITY.md promises is held by tests that are there, and run.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { read, root } from './pages.ts';

const section = /## What is promised\n([^]*?)\n## /.exec(read('SECURITY.md'))?.[1] ?? '';
const promises = [...section.matchAll(/^\| \*\*(.+?)\*\*.*\| (.+) \|$/gm)].map(([, promise = '', held = '']) => ({
  promise,
  tests: [...held.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path),
}));

test('the promises are read', () => {
  expect(promises.length).toBeGreaterThan(8);
  expect(section.split('\n').filter((line) => line.startsWith('| **'))).toHaveLength(promises.length);
});

test.each(promises)('$promise', ({ tests }) => {
  expect(tests.length).toBeGreaterThan(0);
  expect(tests.filter((path) => !/^test\/.+\.test\.ts$/.test(path))).toEqual([]);
  const hollow = tests.filter((path) => !existsSync(join(root, path)) || !/\bexpect\b/.test(read(path)));
  expect(hollow).toEqual([]);
});
