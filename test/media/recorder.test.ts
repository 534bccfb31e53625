// Sound is addressed by its place since the start, whatever chunks it came in and however much of it is forgotten.
import { describe, expect, test } from 'vitest';
import { Recorder } from '../../src/media/recorder.ts';

const ramp = (from: number, to: number) => Int16Array.from({ length: to - from }, (_, index) => from + index);

function recorded(...lengths: number[]): Recorder {
  // Blocks of ten, so that chunks lie within, across and over several of them.
  const recorder = new Recorder(10);
  for (const length of lengths) recorder.append(ramp(recorder.end, recorder.end + length));
  return recorder;
}

describe('a recorder', () => {
  test('gives any stretch back, across the chunks it came in', () => {
    const recorder = recorded(1, 7, 100, 3, 0, 20);
    expect(recorder.end).toBe(131);
    for (const [from, to] of [
      [0, 131],
      [0, 1],
      [5, 9],
      [7, 8],
      [107, 112],
      [130, 131],
    ] as const) {
      expect(recorder.slice(from, to)).toEqual(ramp(from, to));
    }
  });

  test('gives what it has of a stretch that reaches beyond its ends', () => {
    const recorder = recorded(10, 10);
    expect(recorder.slice(-5, 3)).toEqual(ramp(0, 3));
    expect(recorder.slice(15, 99)).toEqual(ramp(15, 20));
    expect(recorder.slice(20, 30)).toEqual(new Int16Array(0));
    expect(recorder.slice(8, 8)).toEqual(new Int16Array(0));
    expect(recorder.slice(9, 4)).toEqual(new Int16Array(0));
  });

  test('forgets only blocks that lie wholly before a place', () => {
    const recorder = recorded(7, 20, 3);
    recorder.forgetBefore(19);
    expect(recorder.slice(0, 30)).toEqual(ramp(10, 30));
    recorder.forgetBefore(20);
    expect(recorder.slice(0, 30)).toEqual(ramp(20, 30));
    recorder.forgetBefore(5);
    expect(recorder.slice(0, 30)).toEqual(ramp(20, 30));
    recorder.forgetBefore(1000);
    expect(recorder.slice(0, 30)).toEqual(new Int16Array(0));
  });

  test('keeps a block that has only begun, and goes on filling it', () => {
    const recorder = recorded(14);
    recorder.forgetBefore(1000);
    recorder.append(ramp(14, 25));
    expect(recorder.end).toBe(25);
    expect(recorder.slice(0, 99)).toEqual(ramp(10, 25));
  });

  test('keeps counting when all is forgotten', () => {
    const recorder = recorded(10);
    recorder.forgetBefore(10);
    recorder.append(ramp(10, 14));
    expect(recorder.end).toBe(14);
    expect(recorder.slice(0, 99)).toEqual(ramp(10, 14));
  });

  test('hands out copies', () => {
    const recorder = recorded(10);
    recorder.slice(0, 10).fill(0);
    expect(recorder.slice(0, 10)).toEqual(ramp(0, 10));
  });
});
