// From probabilities to onsets and pauses, and from a pause back to where the sound really ended.
import { describe, expect, test } from 'vitest';
import { acousticEnd, type Detected, SpeechDetector } from '../../src/pipeline/speech-detector.ts';
import { concat } from '../../src/media/pcm.ts';
import { noise, quiet, tone } from '../rig.ts';

function detect(threshold: number, ...probabilities: number[]): Detected[] {
  const detector = new SpeechDetector(threshold);
  return probabilities.flatMap((probability, window) => detector.feed(probability, window) ?? []);
}

describe('speech begins', () => {
  test('with one window that is certain', () => {
    expect(detect(0.5, 0, 0.2, 0.86)).toEqual([{ kind: 'began', window: 2 }]);
  });

  test('with two windows in a row that are likely, at the first of the two', () => {
    expect(detect(0.5, 0, 0.6, 0.6)).toEqual([{ kind: 'began', window: 1 }]);
  });

  test('not with single windows that are only likely', () => {
    expect(detect(0.5, 0.6, 0.1, 0.84, 0.4, 0.84, 0.49)).toEqual([]);
  });

  test('F24: never below the threshold, however certain that would be by default', () => {
    expect(detect(0.95, 0.9, 0.94, 0.94, 0.94)).toEqual([]);
    expect(detect(0.95, 0.96)).toEqual([{ kind: 'began', window: 0 }]);
  });

  test('at the likely window before a certain one', () => {
    expect(detect(0.5, 0.6, 0.99)).toEqual([{ kind: 'began', window: 0 }]);
  });

  test('once', () => {
    expect(detect(0.5, 0.9, 0.9, 0.9, 0.9)).toHaveLength(1);
  });
});

describe('speech pauses', () => {
  test('after three windows of silence, at the first of them', () => {
    expect(detect(0.5, 0.9, 0.9, 0.1, 0.1, 0.1)).toEqual([
      { kind: 'began', window: 0 },
      { kind: 'paused', window: 2 },
    ]);
  });

  test('not while a window is between silence and speech', () => {
    expect(detect(0.5, 0.9, 0.1, 0.1, 0.36, 0.1, 0.1, 0.4)).toEqual([{ kind: 'began', window: 0 }]);
  });

  test('even where the threshold is so low that nothing could be below it', () => {
    expect(detect(0.05, 0.9, 0, 0, 0)).toEqual([
      { kind: 'began', window: 0 },
      { kind: 'paused', window: 1 },
    ]);
  });

  test('and begins again by the same rules', () => {
    expect(detect(0.5, 0.9, 0, 0, 0, 0.6, 0, 0.9)).toEqual([
      { kind: 'began', window: 0 },
      { kind: 'paused', window: 1 },
      { kind: 'began', window: 6 },
    ]);
  });

  test('and tells meanwhile whether it is going on', () => {
    const detector = new SpeechDetector(0.5);
    const states = [0.9, 0, 0, 0].map((probability, window) => {
      detector.feed(probability, window);
      return detector.speaking;
    });
    expect(states).toEqual([true, true, true, false]);
  });
});

describe('the acoustic end', () => {
  const window = 512;
  const silent = 3 * window;

  /** A burst that ends `beforeMs` before the detector's first silent window, with what is known by then behind it. */
  function heard(burst: Int16Array, beforeMs: number, level: number): Int16Array {
    const endsAt = silent - beforeMs * 16;
    const sound = concat([burst.subarray(burst.length - endsAt), quiet(400).subarray(0, 6 * window - endsAt)]);
    const hiss = noise(200, 16_000, 9);
    return sound.map((sample, index) => sample + Math.round(((hiss[index] ?? 0) / 17_000) * level));
  }

  for (const [name, level] of [
    ['in silence', 0],
    ['in a quiet room', 60],
    ['in a noisy room', 300],
  ] as const) {
    for (const beforeMs of [64, 30, 10, 0, -8, -20]) {
      test(`is found within 5 ms of a burst that ended ${beforeMs} ms before the first silent window, ${name}`, () => {
        const end = acousticEnd(heard(tone(300), beforeMs, level), silent);
        expect(Math.abs(end - (silent - beforeMs * 16))).toBeLessThanOrEqual(5 * 16);
      });
    }
  }

  test('is where the detector says when there was no sound at all', () => {
    expect(acousticEnd(quiet(192), silent)).toBe(silent);
  });

  test('is where the detector says when the noise behind is as loud as what was before', () => {
    expect(
      acousticEnd(
        noise(192).map((sample) => sample >> 5),
        silent,
      ),
    ).toBe(silent);
  });

  test('is not drawn out by a click late in the silence', () => {
    const sound = heard(tone(300), 32, 0);
    sound[5 * window] = 20_000;
    expect(acousticEnd(sound, silent)).toBeLessThanOrEqual(silent);
  });
});
