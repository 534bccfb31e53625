// A folder of JSON files that people and the server write: what is told of it, and that a file is whole or not there.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { type FileContent, JsonFolder } from '../../src/store/json-folder.ts';

let place: string;
let folder: string;
const opened: JsonFolder[] = [];
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'parley-json-folder-'));
  folder = join(place, 'routers');
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
  rmSync(place, { recursive: true, force: true });
});

function rig() {
  const told: string[] = [];
  const faults: unknown[] = [];
  const clock = new ManualClock();
  const say = ([name, content]: [string, FileContent]) =>
    `${name} ${content.state === 'text' ? content.text : content.state === 'gone' ? 'gone' : content.problem}`;
  const files = new JsonFolder(folder, {
    clock,
    onChange: (changes) => told.push(...[...changes].map(say)),
    onFault: (error) => faults.push(error),
  });
  opened.push(files);
  return { files, clock, faults, heard: () => told.splice(0).sort() };
}

const put = (name: string, text: string) => writeFileSync(join(folder, name), text);

test('a folder that is not there holds nothing, and is looked at again every two seconds', async () => {
  const { files, clock, faults, heard } = rig();
  await files.open();
  expect(heard()).toEqual([]);
  mkdirSync(folder);
  put('a.json', 'one');
  clock.advance(2000);
  await files.look();
  expect([heard(), faults]).toEqual([['a one'], []]);
});

test('what is there is told, then what changes, and that something is gone; nothing else is', async () => {
  mkdirSync(folder);
  put('a.json', 'one');
  put('b.json', 'two');
  put('notes.md', 'x');
  put('.hidden.json', 'x');
  put('-x.json', 'x');
  const { files, heard } = rig();
  await files.open();
  expect(heard()).toEqual(['a one', 'b two']);
  await files.look();
  expect(heard()).toEqual([]);
  put('a.json', 'another');
  rmSync(join(folder, 'b.json'));
  await files.look();
  expect(heard()).toEqual(['a another', 'b gone']);
});

test('what is written is there at once and whole, and not told; a file is written over', async () => {
  const { files, heard } = rig();
  await files.open();
  await Promise.all([files.write('a', 'one'), files.write('a', 'two'), files.write('b', 'three')]);
  expect(readFileSync(join(folder, 'a.json'), 'utf8')).toBe('two');
  expect(readdirSync(folder).sort()).toEqual(['a.json', 'b.json']);
  await files.look();
  expect(heard()).toEqual([]);
  await files.remove('a');
  await files.look();
  expect([heard(), readdirSync(folder)]).toEqual([[], ['b.json']]);
});

test.each(['../x', 'a/b', '', '.x', 'x'.repeat(64)])('%j is no name', async (name) => {
  const { files } = rig();
  await expect(files.write(name, 'x')).rejects.toThrow('is no name of a file');
});

test('a file that is too large is told as such, and one that leads nowhere too', async () => {
  mkdirSync(folder);
  put('large.json', 'x'.repeat(256 * 1024 + 1));
  symlinkSync(join(place, 'nowhere'), join(folder, 'link.json'));
  const { files, heard } = rig();
  await files.open();
  expect(heard()).toEqual(['large it is larger than 262144 bytes', 'link gone']);
});

test('a folder that is none is a fault, told once until it is mended', async () => {
  writeFileSync(folder, 'a file');
  const { files, faults, heard } = rig();
  await files.open();
  await files.look();
  expect(faults).toHaveLength(1);
  rmSync(folder);
  mkdirSync(folder);
  put('a.json', 'one');
  await files.look();
  expect(heard()).toEqual(['a one']);
});

test('what cannot be written is said, and nothing is left behind', async () => {
  mkdirSync(folder);
  writeFileSync(join(place, 'file'), 'x');
  const blocked = new JsonFolder(join(place, 'file', 'routers'), { clock: new ManualClock(), onChange() {}, onFault() {} });
  await expect(blocked.write('a', 'x')).rejects.toMatchObject({ code: 'ENOTDIR' });
  expect(readdirSync(folder)).toEqual([]);
});
