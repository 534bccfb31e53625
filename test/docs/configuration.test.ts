// docs/configuration.md is what `npm run docs` would write, and no setting is read that it does not list.
import { expect, test } from 'vitest';
import { configurationPage, metricsPage } from '../../src/cli/docs.ts';
import { pages, paths, read } from './pages.ts';

/** Whole names only: `PARLEY_LLM_` before a placeholder is none. */
function settingsIn(text: string): string[] {
  return [...text.matchAll(/\bPARLEY_[A-Z]+(?:_[A-Z]+)*\b(?!_)/g)].map(([name]) => name);
}

const listed = new Set([...configurationPage().matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name = '']) => name));

test('docs/configuration.md is up to date with the code (else: npm run docs)', () => {
  expect(read('docs/configuration.md')).toBe(configurationPage());
});

test('docs/metrics.md is up to date with the code (else: npm run docs)', () => {
  expect(read('docs/metrics.md')).toBe(metricsPage());
});

test('every PARLEY_ setting that the sources name is listed', () => {
  const read_ = new Set(paths('src/**/*.ts').flatMap((path) => settingsIn(read(path))));
  expect(read_.size).toBeGreaterThan(15);
  expect([...read_].filter((name) => !listed.has(name))).toEqual([]);
});

test('no page speaks of a PARLEY_ setting that there is not', () => {
  const unknown = pages.flatMap((page) => settingsIn(read(page)).flatMap((name) => (listed.has(name) ? [] : [`${page}: ${name}`])));
  expect(unknown).toEqual([]);
});
