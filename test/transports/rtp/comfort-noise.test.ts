// Noise in place of a silence that a sender only tells of (RFC 3389).
import { expect, test } from 'vitest';
import { ComfortNoise } from '../../../src/transports/rtp/comfort-noise.ts';

/** In dB below a full-scale square wave. */
function level(samples: Int16Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  return -10 * Math.log10(power / 32_768 ** 2);
}

test('it is as loud as was said, whatever else was said', () => {
  const noise = new ComfortNoise();
  for (const dbBelow of [45, 60, 70]) {
    noise.hear(Uint8Array.of(dbBelow, 1, 2, 3));
    expect(Math.abs(level(noise.next(24_000)) - dbBelow)).toBeLessThan(1);
  }
});

test('nobody can be made to hear loud noise, and nothing is heard before any was told of', () => {
  const noise = new ComfortNoise();
  expect(noise.next(480).every((sample) => sample === 0)).toBe(true);
  noise.hear(Uint8Array.of(0));
  expect(level(noise.next(24_000))).toBeGreaterThan(39);
  noise.hear(new Uint8Array(0));
  expect(noise.next(480).every((sample) => sample === 0)).toBe(true);
});
