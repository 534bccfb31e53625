// The rows of the manifest: that they can be fetched at all, and that everything they bring is credited.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { downloadBytes, findModel, manifest, neededModels } from '../../../src/engines/models/manifest.ts';

const notice = readFileSync(new URL('../../../NOTICE', import.meta.url), 'utf8').replace(/\s+/g, ' ');

describe.each(manifest.map((row) => [row.id, row] as const))('%s', (_, row) => {
  test('has files whose parts are in its packages, and no package in vain', () => {
    const used = new Set(row.files.flatMap(({ parts }) => parts.map((part) => part.package)));
    expect([...used].sort()).toEqual(row.packages.map(({ file }) => file).sort());
    for (const { sha256 } of [...row.files, ...row.packages]) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test('has names of files that stay in its folder', () => {
    for (const { name } of row.files) expect(name).toMatch(/^(?:[\w-]+\/)?[\w-][\w.-]*$/);
    expect(new Set(row.files.map(({ name }) => name)).size).toBe(row.files.length);
  });

  test('is credited in NOTICE, with its licence', () => {
    expect(notice).toContain(row.attribution);
    expect(notice).toContain(row.licence);
    for (const { name, version } of row.packages) expect(notice).toContain(`${name} ${version}`);
  });
});

test('a model is found by its id and by its short name', () => {
  for (const row of manifest) {
    expect(findModel(manifest, row.id)).toBe(row);
    expect(findModel(manifest, row.short)).toBe(row);
  }
  expect(findModel(manifest, 'nothing')).toBeUndefined();
});

test('what a first start fetches is under 110 MB', () => {
  const bytes = manifest.filter(({ id }) => neededModels.includes(id)).reduce((sum, row) => sum + downloadBytes(row), 0);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(110e6);
});
