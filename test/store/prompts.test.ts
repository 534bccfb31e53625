// The folder of prompts: which file a name means, and that no name leads out of it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { PromptFolder } from '../../src/store/prompts.ts';

const root = mkdtempSync(join(tmpdir(), 'parley-prompts-'));
const folder = join(root, 'prompts');
mkdirSync(folder);
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
afterAll(() => rmSync(root, { recursive: true }));
const faults: unknown[] = [];
const prompts = new PromptFolder(folder, (error) => faults.push(error));

test('F09 prompt: a name is a file, and a version is a file of its own', () => {
  write('ada.md', '\nYou are Ada.\n');
  write('ada@2.md', 'You are Ada, again.');
  expect(prompts.read('ada', undefined)).toBe('You are Ada.');
  expect(prompts.read('ada', '2')).toBe('You are Ada, again.');
  expect(prompts.read('ada', '3')).toBeUndefined();
  expect(prompts.read('eve', undefined)).toBeUndefined();
});

test('F09 prompt: without a version the highest is meant where no file is without one', () => {
  for (const version of ['2', '10', '9']) write(`bob@${version}.md`, `Version ${version}.`);
  write('bobby@99.md', 'Somebody else.');
  expect(prompts.read('bob', undefined)).toBe('Version 10.');
});

test('F09 prompt: what is written into a file holds at once', () => {
  write('new.md', 'First.');
  expect(prompts.read('new', undefined)).toBe('First.');
  write('new.md', 'Second.');
  expect(prompts.read('new', undefined)).toBe('Second.');
});

test('no name leads out of the folder', () => {
  writeFileSync(join(root, 'secret.md'), 'A secret.');
  for (const id of ['../secret', '..', '.', '', 'a/../../secret', '/etc/passwd', 'ada\0', 'a'.repeat(300)]) {
    expect([id, prompts.read(id, undefined)]).toEqual([id, undefined]);
  }
  expect(prompts.read('x', '/../../secret')).toBeUndefined();
});

test('a file that cannot be read is told of, and is no prompt', () => {
  mkdirSync(join(folder, 'folder.md'));
  expect(prompts.read('folder', undefined)).toBeUndefined();
  expect(faults).toMatchObject([{ code: 'EISDIR' }]);
});

test('a folder that is not there holds nothing', () => {
  expect(new PromptFolder(join(root, 'nowhere'), () => expect.unreachable()).read('ada', undefined)).toBeUndefined();
});
