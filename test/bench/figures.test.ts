// The benchmark's own arithmetic: a wrong percentile would be believed.
import { describe, expect, test } from 'vitest';
import { maskedFrame } from '../../bench/frames.ts';
import { percentile } from '../../bench/statistics.ts';
import { wordErrors } from '../../bench/word-errors.ts';

describe('the benchmark', () => {
  test('takes percentiles by nearest rank, whatever the order', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([0.5, 0.95, 0.99, 1].map((share) => percentile(values, share))).toEqual([50, 95, 99, 100]);
    expect(percentile([7], 0.01)).toBe(7);
    expect(percentile([], 0.5)).toBeNaN();
  });

  test('counts words changed, left out and put in, without regard to case and punctuation', () => {
    expect(wordErrors('What is two plus three?', 'what is TWO plus three')).toEqual({ words: 5, errors: 0 });
    expect(wordErrors('What is two plus three?', 'What is to plus three?')).toEqual({ words: 5, errors: 1 });
    expect(wordErrors('an ill-disposed young man', 'an ill disposed man')).toEqual({ words: 5, errors: 1 });
    expect(wordErrors('one two', 'one and two or')).toEqual({ words: 2, errors: 2 });
    expect(wordErrors('one two', '')).toEqual({ words: 2, errors: 2 });
  });

  test('masks its frames like any client', () => {
    for (const length of [5, 125, 126, 1332]) {
      const payload = Buffer.alloc(length, 0x61);
      const frame = maskedFrame(0x1, payload);
      const body = frame.length - length;
      const mask = frame.subarray(body - 4, body);
      expect(mask.includes(0)).toBe(false);
      expect(Buffer.from(frame.subarray(body).map((byte, index) => byte ^ (mask[index & 3] ?? 0)))).toEqual(payload);
      expect((frame[1] ?? 0) & 0x7f).toBe(length < 126 ? length : 126);
    }
  });
});
