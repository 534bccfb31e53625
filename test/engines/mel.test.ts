// The front end of Smart Turn, against values of the one that it was trained with.
import { describe, expect, test } from 'vitest';
import { BANDS } from '../../src/engines/local/mel/log-mel.ts';
import { FRAMES, MelFrontEnd } from '../../src/engines/local/smart-turn/mel.ts';
import { risingTone } from './rising-tone.ts';

describe('the front end', () => {
  // Band, frame and value; then the mean of all values, and the root of the mean of their squares.
  test.each<[string, number, [number, number, number][], number, number]>([
    [
      'less than a frame of sound',
      400,
      [
        [0, 799, 1.684331],
        [0, 0, 0.507352],
        [5, 798, 2.221384],
        [20, 750, 0.253498],
        [79, 799, 1.292919],
        [60, 400, 0.253498],
      ],
      0.260629,
      0.270414,
    ],
    [
      'a second',
      16_000,
      [
        [0, 799, 1.230381],
        [0, 0, 0.7853],
        [5, 798, 0.972829],
        [20, 750, 0.888375],
        [79, 799, 0.90758],
        [60, 400, -0.09672],
      ],
      0.052212,
      0.372372,
    ],
    [
      'two and a half',
      40_000,
      [
        [0, 799, 1.079351],
        [0, 0, 0.884507],
        [5, 798, 0.600085],
        [20, 750, 0.689452],
        [79, 799, 0.880913],
        [60, 400, -0.196068],
      ],
      0.148539,
      0.52468,
    ],
    [
      'the last eight of nine seconds',
      150_000,
      [
        [0, 799, 0.645347],
        [0, 0, 0.886869],
        [5, 798, 0.805872],
        [20, 750, 0.662951],
        [79, 799, 1.493175],
        [60, 400, 0.654014],
      ],
      0.701672,
      0.719471,
    ],
  ])('of %s gives the original values', (_what, samples, probes, mean, root) => {
    const features = new MelFrontEnd().compute(risingTone(samples));
    expect(features).toHaveLength(BANDS * FRAMES);
    for (const [band, frame, value] of probes) expect(Math.abs((features[band * FRAMES + frame] ?? 0) - value)).toBeLessThan(1e-4);
    expect(Math.abs(features.reduce((sum, value) => sum + value, 0) / features.length - mean)).toBeLessThan(1e-5);
    expect(Math.abs(Math.sqrt(features.reduce((sum, value) => sum + value * value, 0) / features.length) - root)).toBeLessThan(1e-5);
  });

  test('hears each turn as if it were the first', () => {
    const frontEnd = new MelFrontEnd();
    frontEnd.compute(risingTone(150_000));
    expect(frontEnd.compute(risingTone(16_000))).toEqual(new MelFrontEnd().compute(risingTone(16_000)));
  });

  test.each([0, 1])('of %d samples, and of nothing but silence, gives numbers', (length) => {
    expect(new MelFrontEnd().compute(new Int16Array(length)).every(Number.isFinite)).toBe(true);
  });
});
