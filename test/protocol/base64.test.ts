// Base64 in whatever way it is written, kept in one.
import { expect, test } from 'vitest';
import { isBase64, plainBase64 } from '../../src/protocol/base64.ts';
import { expectLinear } from '../linear.ts';

test.each([
  ['plain', 'Ab+/', 'Ab+/'],
  ['plain and not padded', 'Ab+/AA', 'Ab+/AA'],
  ['in the letters of URLs', 'Ab-_AA', 'Ab+/AA'],
  ['with line breaks', ' Ab+/\r\nAA==\n', 'Ab+/AA=='],
])('%s', (_, text, plain) => {
  expect(plainBase64(text)).toBe(plain);
});

test.each(['Ab-_A', 'Ab*_', 'A=b-', 'é-__', 'Ab-_==='])('%s is none and stays none', (text) => {
  expect(isBase64(plainBase64(text))).toBe(false);
});

test.each(['A-_b', 'A b ', '- \n', '=-'])('is read in time in proportion to its length: %j', (unit) => {
  expectLinear(plainBase64, unit);
  expectLinear(plainBase64, unit, '*');
});
