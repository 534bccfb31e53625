// The tones of a telephone's keys, listened to as an exchange does: by the strength of the eight frequencies (Goertzel), and of their neighbours.
import { expect, test } from 'vitest';
import { areDigits, dtmfTones } from '../../src/media/dtmf-tones.ts';
import { decodeMuLaw, encodeMuLaw } from '../../src/media/g711.ts';

const keys: Record<string, [lowHz: number, highHz: number]> = {
  '1': [697, 1209],
  '2': [697, 1336],
  '3': [697, 1477],
  A: [697, 1633],
  '4': [770, 1209],
  '5': [770, 1336],
  '6': [770, 1477],
  B: [770, 1633],
  '7': [852, 1209],
  '8': [852, 1336],
  '9': [852, 1477],
  C: [852, 1633],
  '*': [941, 1209],
  '0': [941, 1336],
  '#': [941, 1477],
  D: [941, 1633],
};

/** The amplitude of one frequency in the samples. */
function strength(samples: Int16Array, hz: number, rateHz: number): number {
  let re = 0;
  let im = 0;
  for (const [at, sample] of samples.entries()) {
    re += sample * Math.cos((2 * Math.PI * hz * at) / rateHz);
    im += sample * Math.sin((2 * Math.PI * hz * at) / rateHz);
  }
  return (2 * Math.hypot(re, im)) / samples.length;
}

test.each(Object.entries(keys))('key %s is its two tones and none of the other six, at every rate and through mu-law', (key, wanted) => {
  for (const rateHz of [8000, 16_000, 24_000]) {
    const tone = dtmfTones(key, rateHz).subarray(0, rateHz / 10);
    for (const heard of rateHz === 8000 ? [tone, decodeMuLaw(encodeMuLaw(tone))] : [tone]) {
      const strengths = [697, 770, 852, 941, 1209, 1336, 1477, 1633].map((hz) => ({ hz, by: strength(heard, hz, rateHz) }));
      const strongest = strengths.toSorted((one, other) => other.by - one.by);
      expect(
        strongest
          .slice(0, 2)
          .map(({ hz }) => hz)
          .toSorted((one, other) => one - other),
      ).toEqual(wanted);
      // Within 4 dB of each other, and 20 dB above everything else.
      expect((strongest[0]?.by ?? 0) / (strongest[1]?.by ?? 1)).toBeLessThan(1.58);
      expect((strongest[1]?.by ?? 0) / (strongest[2]?.by ?? 1)).toBeGreaterThan(10);
    }
  }
});

test('keys last 100 ms with 100 ms of silence after them, and `w` is half a second of it', () => {
  const samples = dtmfTones('1w#', 8000);
  expect(samples).toHaveLength(800 * 2 + 4000 + 800 * 2);
  const isSilent = (fromMs: number, toMs: number) => samples.subarray(fromMs * 8, toMs * 8).every((sample) => sample === 0);
  expect(isSilent(0, 100)).toBe(false);
  expect(isSilent(100, 700)).toBe(true);
  expect(isSilent(700, 800)).toBe(false);
  expect(isSilent(800, 900)).toBe(true);
});

test('a tone never clips, and begins and ends softly', () => {
  const samples = dtmfTones('D', 16_000);
  expect(Math.max(...samples)).toBeLessThan(12_000);
  expect(Math.min(...samples)).toBeGreaterThan(-12_000);
  expect(Math.abs(samples[1] ?? 0)).toBeLessThan(500);
  expect(Math.abs(samples[1598] ?? 0)).toBeLessThan(500);
});

test('letters are keys in either case, and what is no key makes no sound', () => {
  expect(dtmfTones('d', 8000)).toEqual(dtmfTones('D', 8000));
  expect(dtmfTones('x +', 8000)).toHaveLength(0);
  expect(['12*#ABCDabcdw', '5'].every(areDigits)).toBe(true);
  expect(['', '1 2', '+1', 'E', '1,2'].some(areDigits)).toBe(false);
});
