// The benchmark's own arithmetic: a wrong percentile would be believed.
import { describe, expect, test } from 'vitest';
import { maskedFrame } from '../../bench/frames.ts';
import { percentile } from '../../bench/statistics.ts';
import { leastWordErrors, numbersByDigit, numbersInPairs, numbersSpoken, wordErrors } from '../../bench/word-errors.ts';

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

  test('takes titles for the same word, written or spelled out', () => {
    expect(wordErrors('Mr. Dashwood and Dr. Grant', 'mister dashwood and doctor grant')).toEqual({ words: 5, errors: 0 });
  });

  test('takes numbers for the same, in digits or in words, and no others', () => {
    const same: readonly [string, string][] = [
      ['Your balance is 1,284 dollars and 16 cents.', 'your balance is $1,284.16'],
      ['You owe $7.', 'you owe seven dollars'],
      ['Your order number is 7 4 9 2 0 3.', 'your order number is 749203.'],
      ['It was $3.2 billion, up 14%.', 'it was three point two billion dollars, up fourteen percent'],
      ['In 1969, for twenty five minutes', 'in nineteen sixty-nine for 25 minutes'],
      ['PIN 0142', 'pin zero one four two'],
    ];
    for (const [said, heard] of same) expect([said, wordErrors(numbersSpoken(said), numbersSpoken(heard)).errors]).toEqual([said, 0]);
    expect(wordErrors(numbersSpoken('for 15 minutes'), numbersSpoken('for fifty minutes')).errors).toBe(1);
    expect(wordErrors(numbersSpoken('gate 17'), numbersSpoken('gate 70')).errors).toBe(1);
  });

  test('takes a number for the same in each way that it may be said, and for no other number', () => {
    const readings = (text: string) => [text, numbersInPairs(text), numbersByDigit(text)].map(numbersSpoken);
    const errors = (said: string, heard: string) => leastWordErrors(readings(said), readings(heard)).errors;
    expect(errors('at three thirty pm', 'at 3.30 pm')).toBe(0);
    expect(errors('from nine fifteen to ten forty-five', 'from 9.15 to 10-45')).toBe(0);
    expect(errors('Your PIN is 8305.', 'your pin is 83.05')).toBe(0);
    expect(errors('lowercase k, nine, seven', 'lowercase k 97')).toBe(0);
    expect(errors('gate B17', 'gate B-17')).toBe(0);
    expect(errors('from nine fifteen', 'from 9.50')).toBe(1);
    expect(errors('nine seven', '96')).toBe(1);
  });

  test('masks its frames like any client', () => {
    for (const length of [5, 125, 126, 1332, 65_536]) {
      const payload = Buffer.alloc(length, 0x61);
      const frame = maskedFrame(0x1, payload);
      const body = frame.length - length;
      const mask = frame.subarray(body - 4, body);
      expect(mask.includes(0)).toBe(false);
      expect(Buffer.from(frame.subarray(body).map((byte, index) => byte ^ (mask[index & 3] ?? 0)))).toEqual(payload);
      expect((frame[1] ?? 0) & 0x7f).toBe(length < 126 ? length : length < 65_536 ? 126 : 127);
    }
  });
});
