import { expect, test } from 'vitest';
import { packSections, packTable, unpackSections, WordTable } from '../../../src/engines/text/word-table.ts';

const words = Array.from({ length: 500 }, (_, i) => `${i % 3 === 0 ? 'é' : 'w'}${(i * 7919) % 997}`);

test('every word is found with its own bytes, and no other', () => {
  const table = new WordTable(packTable(new Map(words.map((word, i) => [word, Uint8Array.of(i & 0xff, i >> 8)]))));
  expect(table.size).toBe(words.length);
  words.forEach((word, i) => expect([...(table.get(word) ?? [])]).toEqual([i & 0xff, i >> 8]));
  for (const word of ['', 'w', 'z9', 'é', `${words[0]}x`, 'w'.repeat(5000)]) expect(table.get(word)).toBeUndefined();
});

test('a table may be empty, and have words without bytes', () => {
  expect(new WordTable(packTable(new Map())).has('x')).toBe(false);
  expect(new WordTable(packTable(new Map([['x', new Uint8Array()]]))).has('x')).toBe(true);
});

test('sections come back wherever the bytes begin, and what is cut off or something else is refused', () => {
  const packed = packSections(
    new Map([
      ['a', Uint8Array.of(1, 2, 3)],
      ['b', Uint8Array.of(4)],
    ]),
  );
  const shifted = new Uint8Array(packed.length + 1);
  shifted.set(packed, 1);
  const section = unpackSections(shifted.subarray(1));
  expect([...section('a'), ...section('b')]).toEqual([1, 2, 3, 4]);
  expect(() => section('c')).toThrow("no 'c'");
  expect(() => unpackSections(packed.subarray(0, packed.length - 4))('b')).toThrow('cut off');
  expect(() => unpackSections(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))).toThrow('no word lists');
  expect(() => unpackSections(new Uint8Array())).toThrow('no word lists');
});
