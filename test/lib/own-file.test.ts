// Small files that are made once, where somebody else makes the same one at the same moment.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { keepFile } from '../../src/lib/own-file.ts';

const disk = vi.hoisted(() => ({ knowsLinks: true }));
vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  const linkSync: typeof fs.linkSync = (from, to) => {
    if (!disk.knowsLinks) throw Object.assign(new Error('no links here'), { code: 'EPERM' });
    fs.linkSync(from, to);
  };
  return { ...fs, linkSync };
});

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-own-'));
  path = join(folder, 'master-key');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.each([true, false])('on a disk that knows links: %s', (knowsLinks) => {
  beforeEach(() => {
    disk.knowsLinks = knowsLinks;
  });

  test('the file is made whole, and nothing else is left', () => {
    expect(keepFile(path, () => 'mine')).toEqual({ text: 'mine', made: true });
    expect(keepFile(path, () => 'another')).toEqual({ text: 'mine', made: false });
    expect(readdirSync(folder)).toEqual(['master-key']);
  });

  test('who comes second takes what the first has made', () => {
    const make = () => {
      writeFileSync(path, 'theirs');
      return 'mine';
    };
    expect(keepFile(path, make)).toEqual({ text: 'theirs', made: false });
    expect(readdirSync(folder)).toEqual(['master-key']);
  });

  test('two processes of the same number, in two containers, do not write into the same draft', () => {
    const drafts: string[] = [];
    // The other comes while the first has not placed its own yet.
    const other = () => {
      const theirs = join(folder, `master-key.${process.pid}`);
      writeFileSync(theirs, 'half of th');
      drafts.push(theirs);
      return 'mine';
    };
    expect(keepFile(path, other)).toEqual({ text: 'mine', made: true });
    expect(drafts.map((draft) => readFileSync(draft, 'utf8'))).toEqual(['half of th']);
  });
});
