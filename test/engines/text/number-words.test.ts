import { expect, test } from 'vitest';
import { cardinal, decimal, ordinal, romanValue, year } from '../../../src/engines/text/number-words.ts';
import { numberWords } from '../../../src/engines/text/numbers.ts';

test.each([
  ['0', 'zero'],
  ['13', 'thirteen'],
  ['42', 'forty-two'],
  ['100', 'one hundred'],
  ['1284', 'one thousand two hundred eighty-four'],
  ['1000000', 'one million'],
  ['2000005', 'two million five'],
  ['12345678901234567890', 'one two three four five six seven eight nine zero one two three four five six seven eight nine zero'],
])('%s is %s', (digits, words) => {
  expect(cardinal(digits)).toBe(words);
});

test('ranks follow their last word', () => {
  expect(['1', '2', '12', '20', '21', '100', '103'].map(ordinal).join(', ')).toBe(
    'first, second, twelfth, twentieth, twenty-first, one hundredth, one hundred third',
  );
});

test('years are read in pairs, but not those about the millennium', () => {
  expect(['1984', '1900', '1905', '2000', '2005', '2026'].map(year)).toEqual([
    'nineteen eighty-four',
    'nineteen hundred',
    'nineteen oh five',
    'two thousand',
    'two thousand five',
    'twenty twenty-six',
  ]);
});

test('decimals keep each of their digits', () => {
  expect(decimal('3.140')).toBe('three point one four zero');
  expect(decimal('.75')).toBe('point seven five');
});

test('Roman numerals have their values', () => {
  expect(['IV', 'VIII', 'XIV', 'XLII', 'MCMXC'].map(romanValue)).toEqual([4, 8, 14, 42, 1990]);
});

const plain = { ending: '', currency: undefined, head: true };
const dollars = { ...plain, currency: ['dollar', 'cent'] as const };

test.each([
  ['42.75', dollars, 'forty two dollars and seventy five cents'],
  ['1', dollars, 'one dollar'],
  ['0.99', dollars, 'ninety nine cents'],
  ['2.5', dollars, 'two dollars and fifty cents'],
  ['1000', dollars, 'one thousand dollars'],
  ['1234', plain, 'twelve thirty four'],
  ['-7', plain, 'minus seven'],
  ['007', plain, 'zero zero seven'],
  ['4155550199', plain, 'four one five five five five zero one nine nine'],
  ['482913', plain, 'four eight two nine one three'],
  ['3000000', plain, 'three million'],
  ['2.0.1', plain, 'two point zero point one'],
  ['22', { ...plain, ending: 'nd' }, 'twenty second'],
  ['17', { ...plain, head: false }, 'seventeen'],
  ['328', { ...plain, head: false }, 'three twenty eight'],
  ['305', { ...plain, head: false }, 'three O five'],
])('%s is read by what it is', (written, context, words) => {
  expect(numberWords(written, context).join(' ')).toBe(words);
});
