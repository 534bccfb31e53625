// Tokens to text and text to tokens.
import { expect, test } from 'vitest';
import { Tokens } from '../../../src/engines/local/moonshine/tokens.ts';
import { FIRST_PIECE, idOf, vocabulary, vocabularyFile } from './vocabulary.ts';

const long = 'x'.repeat(200);
const pieces = ['▁d', 'ol', '▁dol', 'ph', 'in', 'phin', '▁do', 'l', '▁', 'd', 'o', 'p', 'h', 'i', 'n', 's', long];
const tokens = vocabulary(pieces);
const id = (piece: string) => idOf(pieces, piece);

test('joins pieces, and spaces come where words begin', () => {
  expect(tokens.text([1, id('▁dol'), id('phin'), id('s'), id('▁do'), 2])).toBe('dolphins do');
});

test('reads entries of more than 127 bytes and what comes after them', () => {
  expect(tokens.text([id(long)])).toBe(long);
  expect(new Tokens(vocabularyFile([long, '▁after'])).text([FIRST_PIECE + 1])).toBe('after');
});

test('puts characters together that came byte by byte', () => {
  const bytes = [...Buffer.from('ß')].map((byte) => 3 + byte);
  expect(tokens.text([id('▁do'), ...bytes])).toBe('doß');
});

test('leaves out what is no text', () => {
  expect(tokens.text([0, 1, id('▁do'), 31_999, 2])).toBe('do');
});

test('merges the commonest pair first, wherever it stands', () => {
  // `▁do` and `l` would be a longer beginning, but `ol` is merged before it.
  expect(tokens.encode('dolphins')).toEqual([id('▁dol'), id('phin'), id('s')]);
});

test('writes what has no piece in bytes, and reads it again', () => {
  expect(tokens.text(tokens.encode('do ß'))).toBe('do ß');
  expect(tokens.encode('ß')).toEqual([id('▁'), ...[...Buffer.from('ß')].map((byte) => 3 + byte)]);
});

test('knows where words begin', () => {
  expect([id('▁dol'), id('phin'), 100].map((each) => tokens.beginsWord(each))).toEqual([true, false, false]);
});

test('refuses a file that breaks off', () => {
  const file = vocabularyFile(pieces);
  expect(() => new Tokens(file.subarray(0, -5))).toThrow(/breaks off/);
  expect(() => new Tokens(file.subarray(0, 100))).toThrow(/too few|breaks off/);
});
