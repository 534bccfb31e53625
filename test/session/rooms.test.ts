// The session can be read: its files are small, and it holds nothing that could not be written down.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const folder = new URL('../../src/session/', import.meta.url);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');

test('no file has more than 250 lines', () => {
  expect(files.length).toBeGreaterThan(40);
  expect(files.filter((name) => read(name).split('\n').length > 251)).toEqual([]);
});

test('nothing is kept by an identity that JSON does not have', () => {
  expect(files.filter((name) => /\bnew Weak(?:Map|Set)\b|\bSymbol\(/.test(read(name)))).toEqual([]);
});
