// The measure of loudness, by the recommendation's own test signal.
import { expect, test } from 'vitest';
import { loudness } from '../../src/media/loudness.ts';

function tone(hz: number, level: number, rateHz: number, seconds = 3): Int16Array {
  return Int16Array.from({ length: seconds * rateHz }, (_, i) => 32_767 * level * Math.sin((2 * Math.PI * hz * i) / rateHz));
}

test.each([16_000, 24_000, 48_000])('a tone of 997 Hz at full scale is -3.01 LUFS at %i Hz', (rateHz) => {
  expect(loudness({ samples: tone(997, 1, rateHz), rateHz })).toBeCloseTo(-3.01, 1);
  expect(loudness({ samples: tone(997, 0.1, rateHz), rateHz })).toBeCloseTo(-23.01, 1);
});

test('deep tones count for less, and silence does not count', () => {
  const rateHz = 24_000;
  expect(loudness({ samples: tone(40, 0.1, rateHz), rateHz })).toBeLessThan(-27);
  const half = new Int16Array(6 * rateHz);
  half.set(tone(997, 0.1, rateHz));
  expect(loudness({ samples: half, rateHz })).toBeCloseTo(-23.1, 0);
  expect(loudness({ samples: new Int16Array(rateHz), rateHz })).toBe(Number.NEGATIVE_INFINITY);
});
