// Where sound is, and where it pauses.
import { expect, test } from 'vitest';
import { bestPause, FRAME, levelsOf, soundSpan } from '../../../src/engines/local/segmented/levels.ts';
import { noise, vowels } from '../../contract/vowels.ts';
import { concat } from '../../../src/media/pcm.ts';

const hiss = (ms: number) => noise(ms, 30);
const voice = (ms: number) => vowels(ms);

test('finds the beginning and the end of sound over a background', () => {
  const levels = levelsOf(concat([hiss(500), voice(1000), hiss(700)]));
  const span = soundSpan(levels);
  expect(Math.abs((span?.from ?? 0) - 50)).toBeLessThan(5);
  expect(Math.abs((span?.to ?? 0) - 150)).toBeLessThan(5);
});

test('finds none in digital silence, not even with an offset', () => {
  expect(soundSpan(levelsOf(new Int16Array(16_000)))).toBeUndefined();
  expect(soundSpan(levelsOf(new Int16Array(16_000).fill(300)))).toBeUndefined();
  expect(soundSpan(levelsOf(new Int16Array(10)))).toBeUndefined();
});

test('pauses in the middle of the longest stretch of background, if that begins where it may', () => {
  const levels = levelsOf(concat([voice(1000), hiss(200), voice(1000), hiss(400), voice(1000), hiss(900), voice(500)]));
  expect(Math.abs(bestPause(levels, 50, 300) - 240)).toBeLessThan(5);
  expect(Math.abs(bestPause(levels, 50, 150) - 110)).toBeLessThan(5);
});

test('pauses where it is quietest when nobody pauses', () => {
  const quiet = voice(200).map((sample) => sample / 4);
  const levels = levelsOf(concat([voice(1500), quiet, voice(1500)]));
  expect(Math.abs(bestPause(levels, 50, 300) - 160)).toBeLessThan(15);
});

test('a frame is ten milliseconds', () => {
  expect(levelsOf(new Int16Array(FRAME * 7 + 5))).toHaveLength(7);
});
