// Resampling: length, level, aliases, and that the cut of the chunks is never heard.
import { expect, test } from 'vitest';
import { concat } from '../../src/media/pcm.ts';
import { Resampler, resample } from '../../src/media/resample.ts';

const rates = [8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
const pairs = rates.flatMap((from) => rates.map((to) => [from, to] as const)).filter(([from, to]) => from !== to);

function tone(hz: number, rateHz: number, length: number, amplitude = 20_000): Int16Array {
  return Int16Array.from({ length }, (_, i) => Math.round(amplitude * Math.sin((2 * Math.PI * hz * i) / rateHz)));
}

/** Level of the middle of a piece, where the filter has its whole span. */
function rms(samples: Int16Array): number {
  const middle = samples.subarray(samples.length >> 2, (samples.length * 3) >> 2);
  return Math.sqrt(middle.reduce((sum, sample) => sum + sample * sample, 0) / middle.length);
}

test.each(pairs)('from %i to %i Hz a tone keeps its place, its level and its length', (from, to) => {
  const hz = 440;
  const result = resample({ samples: tone(hz, from, from / 5), rateHz: from }, to);
  expect(result.rateHz).toBe(to);
  expect(Math.abs(result.samples.length - to / 5)).toBeLessThanOrEqual(1);
  const ideal = tone(hz, to, result.samples.length);
  const error = result.samples.map((sample, i) => sample - (ideal[i] as number));
  // 80 dB below the tone is a tenth of a percent of a percent of its power.
  expect(rms(error)).toBeLessThan(rms(ideal) / 10_000);
});

test.each(pairs)('from %i to %i Hz the result does not depend on how the input was cut', (from, to) => {
  const input = Int16Array.from({ length: 5000 }, (_, i) => Math.round(9000 * Math.sin(i * 0.11) + 9000 * Math.sin(i * i * 0.00007)));
  const whole = resample({ samples: input, rateHz: from }, to).samples;
  const resampler = new Resampler(from, to);
  const pieces: Int16Array[] = [];
  for (let at = 0, size = 1; at < input.length; at += size, size = (size * 7 + 3) % 641)
    pieces.push(resampler.process(input.slice(at, at + size)));
  pieces.push(resampler.flush());
  expect(concat(pieces)).toEqual(whole);
});

test('what the lower rate cannot carry is taken out and does not come back as an alias', () => {
  for (const [from, to] of [
    [24_000, 16_000],
    [48_000, 16_000],
    [24_000, 8000],
  ] as const) {
    const input = tone(to * 0.6, from, from / 2);
    expect(rms(resample({ samples: input, rateHz: from }, to).samples)).toBeLessThan(rms(input) / 5000);
  }
});

test('loud sound saturates and does not wrap round', () => {
  const square = Int16Array.from({ length: 4800 }, (_, i) => (Math.floor(i / 60) % 2 ? -32_768 : 32_767));
  const result = resample({ samples: square, rateHz: 48_000 }, 16_000).samples;
  // A square wave rings beyond its own level at every edge: a wrapped sample would have the other sign well inside a half.
  for (let half = 1; half < 79; half++) {
    const inside = result.subarray(half * 20 + 4, half * 20 + 16);
    expect(inside.every((sample) => (half % 2 ? sample < 0 : sample > 0))).toBe(true);
  }
  expect(Math.max(...result)).toBe(32_767);
});

test('the same rate passes through untouched', () => {
  const resampler = new Resampler(16_000, 16_000);
  const input = tone(300, 16_000, 320);
  expect(resampler.process(input)).toEqual(input);
  expect(resampler.flush()).toHaveLength(0);
});

test('sound comes out while it goes in: never more than the filter is held back', () => {
  const resampler = new Resampler(24_000, 16_000);
  let output = 0;
  for (let frame = 1; frame <= 10; frame++) {
    output += resampler.process(tone(200, 24_000, 480)).length;
    expect(frame * 320 - output).toBeLessThanOrEqual(17);
  }
});

test('after a flush a new stream begins with nothing of the old one', () => {
  const input = tone(700, 24_000, 1000);
  const resampler = new Resampler(24_000, 16_000);
  const first = concat([resampler.process(input), resampler.flush()]);
  const second = concat([resampler.process(input), resampler.flush()]);
  expect(second).toEqual(first);
});

test('an empty stream gives nothing', () => {
  expect(resample({ samples: new Int16Array(0), rateHz: 8000 }, 48_000).samples).toHaveLength(0);
});

test('a rate that is none is refused', () => {
  expect(() => new Resampler(0, 16_000)).toThrow(RangeError);
  expect(() => new Resampler(16_000, 22_050.5)).toThrow(RangeError);
});
