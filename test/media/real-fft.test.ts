// The Fourier transform against its definition, there and back, in the lengths that speech needs.
import { describe, expect, test } from 'vitest';
import { RealFft } from '../../src/media/real-fft.ts';

function noise(length: number): Float64Array {
  let state = 1;
  return Float64Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 1_073_741_824 - 1;
  });
}

describe.each([2, 4, 6, 10, 12, 30, 400, 512, 1200])('of %i samples', (length) => {
  const bins = length / 2 + 1;
  const samples = noise(length);
  const [re, im] = [new Float64Array(bins), new Float64Array(bins)];
  new RealFft(length).forward(samples, re, im);

  test('each bin is the sum that defines it', () => {
    for (let k = 0; k < bins; k++) {
      let [sumRe, sumIm] = [0, 0];
      for (let n = 0; n < length; n++) {
        const angle = (-2 * Math.PI * ((k * n) % length)) / length;
        sumRe += (samples[n] as number) * Math.cos(angle);
        sumIm += (samples[n] as number) * Math.sin(angle);
      }
      expect(re[k]).toBeCloseTo(sumRe, 9);
      expect(im[k]).toBeCloseTo(sumIm, 9);
    }
  });

  test('the way back gives the samples again', () => {
    const back = new Float64Array(length);
    new RealFft(length).inverse(re, im, back);
    for (let n = 0; n < length; n++) expect(back[n]).toBeCloseTo(samples[n] as number, 12);
  });
});

test('lengths that it cannot do are refused', () => {
  expect(() => new RealFft(7)).toThrow('must be even, not 7');
  expect(() => new RealFft(14)).toThrow('14 has a prime factor');
});
