// Words in time, out of attention that is drawn by hand.
import { expect, test } from 'vitest';
import type { DecodedToken } from '../../../src/engines/local/segmented/greedy.ts';
import { alignTokens, timedWords, wordGroups } from '../../../src/engines/local/segmented/word-times.ts';
import { idOf, vocabulary } from '../moonshine/vocabulary.ts';

const pieces = ['▁turn', '▁light', 's', '▁off', '.', '▁', 'x'];
const tokens = vocabulary(pieces);
const FRAME_MS = 24;

/** A row of frames, with its weight around one place. */
function around(centre: number, frames: number, width = 2): Float32Array {
  const row = new Float32Array(frames);
  for (let j = 0; j < frames; j++) row[j] = Math.exp(-(((j - centre) / width) ** 2));
  return row.map((weight) => weight / row.reduce((sum, each) => sum + each, 0));
}

function heard(list: readonly [piece: string, centre: number][], frames = 60): DecodedToken[] {
  return list.map(([piece, centre]) => ({ id: idOf(pieces, piece), logprob: -0.25, attention: [around(centre, frames)] }));
}

test('gives each token the frames it attends to, in order', () => {
  const starts = alignTokens([5, 20, 40].map((centre) => [around(centre, 60)]));
  expect(starts[0]).toBe(0);
  expect(Math.abs((starts[1] as number) - 13)).toBeLessThan(4);
  expect(Math.abs((starts[2] as number) - 31)).toBeLessThan(4);
});

test('follows the heads that move on, not those that look at one place', () => {
  const still = () => Array.from({ length: 16 }, () => around(50, 60));
  const moving = (centre: number) => Array.from({ length: 8 }, () => around(centre, 60));
  const starts = alignTokens([5, 20, 40].map((centre) => [...still(), ...moving(centre)]));
  expect(Math.abs((starts[2] as number) - 31)).toBeLessThan(4);
});

test('keeps order when there are more tokens than frames, and answers when there are none', () => {
  const starts = alignTokens(Array.from({ length: 5 }, () => [new Float32Array(3).fill(1 / 3)]));
  expect(starts).toEqual([...starts].sort((a, b) => a - b));
  expect(starts.every((start) => start < 3)).toBe(true);
  expect(alignTokens([])).toEqual([]);
});

test('makes words of the tokens that belong together, as many as the text has', () => {
  const list = heard([
    ['▁turn', 5],
    ['▁light', 20],
    ['s', 25],
    ['▁off', 40],
    ['.', 42],
  ]);
  expect(wordGroups(list, tokens).map((group) => group.length)).toEqual([1, 2, 2]);
  // A space of its own belongs to the word that comes.
  expect(
    wordGroups(
      heard([
        ['▁', 5],
        ['x', 6],
        ['▁off', 20],
      ]),
      tokens,
    ).map((group) => group.length),
  ).toEqual([2, 1]);
});

test('times words from the onset to the end of the sound, without marks, each as likely as all its tokens', () => {
  const list = heard([
    ['▁turn', 8],
    ['▁light', 20],
    ['s', 25],
    ['▁off', 40],
    ['.', 42],
  ]);
  const words = timedWords(list, tokens, { fromMs: 100, toMs: 1200 }, () => true, FRAME_MS);
  expect(words.map(({ text }) => text)).toEqual(['turn', 'lights', 'off']);
  expect(words.map(({ logprob }) => logprob)).toEqual([-0.25, -0.5, -0.5]);
  expect(words[0]?.startMs).toBe(100);
  expect(words[2]?.endMs).toBe(1200);
  for (const [i, word] of words.entries()) {
    expect(word.endMs).toBeGreaterThan(word.startMs);
    expect(word.startMs).toBeGreaterThanOrEqual(words[i - 1]?.endMs ?? 0);
  }
});

test('ends a word where the sound ends before a pause', () => {
  const list = heard([
    ['▁turn', 5],
    ['▁off', 45],
  ]);
  const words = timedWords(list, tokens, { fromMs: 0, toMs: 60 * FRAME_MS }, (ms) => ms < 300 || ms > 900, FRAME_MS);
  expect(words[0]?.endMs).toBeLessThanOrEqual(310);
});
