// What is told of the embedded engines: a column for each generation, and no row that nobody measured.
import { expect, test } from 'vitest';
import { embeddedReport } from '../../bench/embedded-report.ts';
import type { EarsResult } from '../../bench/ears.ts';
import { spread } from '../../bench/statistics.ts';

const ears = (errors: number): EarsResult => ({
  sets: [{ set: 'people', words: 200, errors, failures: 0, heard: [] }],
  delayMs: spread([10, 20, 300]),
  speechless: { clips: 15, withWords: [{ name: 'cough', text: 'uh' }] },
});

test('both generations stand side by side, and what was not measured is left out', () => {
  const old = { engines: ['Old ear', 'Old voice', 'Old judge'], load: [2, 5], ears: ears(75) };
  const tables = embeddedReport([old, { engines: ['New ear', 'New voice', 'New judge'], load: [], ears: ears(4) }]);
  const text = tables.join('\n');
  expect(tables.filter((part) => part.startsWith('###'))).toEqual(['### (e) The machine meanwhile', '### (e) What is heard']);
  expect(text).toMatch(/word errors, people\s+\| 37\.5 % of 200\s+\| 2\.0 % of 200 /);
  expect(text).toMatch(/load average\s+\| 2\.0 to 5\.0\s+\| -/);
  expect(text).toMatch(/gave words\s+\| 1 of 15/);
  expect(text).toMatch(/p50 \/ p95\s+\| 20 ms \/ 300 ms/);
  expect(text).not.toContain('speakers at once');
});
