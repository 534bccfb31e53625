// Golden transcripts are kept only as long as a test compares with them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('every file of test/golden belongs to a scenario', () => {
  const here = new URL('./', import.meta.url);
  const tests = readdirSync(here)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(new URL(name, here), 'utf8'))
    .join('\n');
  // A name may end in a number that a table of cases puts in.
  const isTape = (name: string) => existsSync(new URL(`../tapes/${name}.test.ts`, here));
  const isUsed = (name: string) =>
    isTape(name) || tests.includes(`.golden('${name}')`) || tests.includes(`.golden(\`${name.replace(/\d+$/, '')}\${`);
  const names = readdirSync(new URL('../golden/', here)).map((name) => name.replace(/\.txt$/, ''));
  expect(names.length).toBeGreaterThanOrEqual(20);
  expect(names.filter((name) => !isUsed(name))).toEqual([]);
});
