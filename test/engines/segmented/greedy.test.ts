// The loop that writes transcripts, with a model that is a list of scores.
import { expect, test } from 'vitest';
import { circleOf, type DecodedToken, decodeGreedily, type TokenDecoder } from '../../../src/engines/local/segmented/greedy.ts';
import { KeyTerms } from '../../../src/engines/local/segmented/key-terms.ts';
import { BEGIN, END } from '../../../src/engines/local/moonshine/tokens.ts';

const SIZE = 40;
const none = new KeyTerms([]);

/** Wants these tokens in this order, and then the end; at each place there may be another that it nearly wants. */
function model(wanted: readonly number[], nearly: readonly { id: number; score: number }[] = []) {
  const given: number[][] = [];
  let read = 0;
  const decoder: TokenDecoder = {
    feed: async (tokens) => {
      given.push([...tokens]);
      return tokens.map(() => {
        const at = read++;
        const scores = new Float32Array(SIZE);
        const other = nearly[at];
        if (other) scores[other.id] = other.score;
        scores[wanted[at] ?? END] = 10;
        return { scores, attention: [Float32Array.of(at)] };
      });
    },
    keep: (count) => {
      read = count;
    },
  };
  return { decoder, given };
}

const options = { manner: { begin: [BEGIN], end: END, spokenFrames: 5 }, most: 65, keyTerms: none, aborted: () => false };

test('gives each step the token before, beginning with the begin token, until the end token', async () => {
  const { decoder, given } = model([5, 6, 7]);
  const decoded = await decodeGreedily(decoder, options);
  expect(decoded?.tokens.map(({ id }) => id)).toEqual([5, 6, 7]);
  expect(decoded?.ended).toBe('end');
  expect(given).toEqual([[BEGIN], [5], [6], [7]]);
  expect(decoded?.tokens[1]?.attention).toEqual([Float32Array.of(1)]);
});

test('says how likely each token is', async () => {
  const decoded = await decodeGreedily(model([5]).decoder, options);
  const likely = 10 - Math.log(Math.exp(10) + SIZE - 1);
  expect(decoded?.tokens[0]?.logprob).toBeCloseTo(likely, 5);
  expect(decoded?.meanLogprob).toBeCloseTo(likely, 5);
});

test('stops when it has said more than anybody can in this time', async () => {
  const endless = Array.from({ length: 100 }, (_, i) => 5 + ((i * 7 + Math.floor(i / 30)) % 30));
  const decoded = await decodeGreedily(model(endless).decoder, { ...options, most: 13 });
  expect(decoded?.tokens).toHaveLength(13);
  expect(decoded?.ended).toBe('length');
});

test('stops between two tokens when nobody wants the transcript any more', async () => {
  const { decoder, given } = model([5, 6, 7, 8]);
  expect(await decodeGreedily(decoder, { ...options, aborted: () => given.length === 2 })).toBeUndefined();
  expect(given).toHaveLength(2);
});

test('stops when the model turns in circles, and says the circle once', async () => {
  const twelve = [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
  const decoded = await decodeGreedily(model([20, ...twelve, ...twelve, ...twelve]).decoder, options);
  expect(decoded?.tokens.map(({ id }) => id)).toEqual([20, ...twelve]);
  expect(decoded?.ended).toBe('circle');
});

/** Tokens of which each attends to the frames after those of the one before, as in speech; or all to one place. */
const spoken = (...ids: number[]): DecodedToken[] => ids.map((id, i) => ({ id, logprob: 0, attention: [peak(6 * i)] }));
const stuck = (...ids: number[]): DecodedToken[] => ids.map((id) => ({ id, logprob: 0, attention: [peak(90)] }));

function peak(frame: number): Float32Array {
  const row = new Float32Array(200);
  row[frame] = 1;
  return row;
}

test('counts how much of the end is said again: one token seven times, two or three four times, from four on twice', () => {
  expect(circleOf(stuck(1, 9, 9, 9, 9, 9, 9, 9), 5)).toBe(6);
  expect(circleOf(stuck(1, 9, 9, 9, 9, 9, 9), 5)).toBe(0);
  expect(circleOf(stuck(5, 6, 5, 6, 5, 6, 5, 6), 5)).toBe(6);
  expect(circleOf(stuck(5, 6, 5, 6, 5, 6), 5)).toBe(0);
  expect(circleOf(stuck(4, 5, 6, 7, 4, 5, 6, 7), 5)).toBe(4);
});

test('lets people repeat themselves: then the attention moves on in the sound', () => {
  expect(circleOf(spoken(4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7), 5)).toBe(0);
  expect(circleOf(spoken(9, 9, 9, 9, 9, 9, 9, 9, 9), 5)).toBe(0);
  // What skims over the rest of the sound is none.
  const skimming = spoken(4, 5, 6, 7, 4, 5, 6, 7).map((token, i) => ({ ...token, attention: [peak(2 * i)] }));
  expect(circleOf(skimming, 5)).toBe(4);
});

test('refuses to make words of numbers that are none', async () => {
  const broken: TokenDecoder = {
    feed: async () => [{ scores: new Float32Array(SIZE).fill(Number.NaN), attention: [] }],
    keep: () => {},
  };
  await expect(decodeGreedily(broken, options)).rejects.toThrow(/numbers/);
});

test('chooses a term that was nearly likeliest, all of it, and tells how likely the model itself found it', async () => {
  const wants = model(
    [5, 6],
    [
      { id: 30, score: 8 },
      { id: 31, score: 6 },
    ],
  );
  const decoded = await decodeGreedily(wants.decoder, { ...options, keyTerms: new KeyTerms([[30, 31]]) });
  expect(decoded?.tokens.map(({ id }) => id)).toEqual([30, 31]);
  const sum = Math.exp(10) + Math.exp(8) + SIZE - 2;
  expect(decoded?.tokens[0]?.logprob).toBeCloseTo(8 - Math.log(sum), 4);
});

test('does not go on with a term that was not begun', async () => {
  const wants = model([5, 6], [{ id: 31, score: 6 }]);
  const decoded = await decodeGreedily(wants.decoder, { ...options, keyTerms: new KeyTerms([[30, 31]]) });
  expect(decoded?.tokens.map(({ id }) => id)).toEqual([5, 6]);
});

test('confirms a draft in one run, and goes on from where it ends', async () => {
  const { decoder, given } = model([5, 6, 7, 8]);
  const decoded = await decodeGreedily(decoder, { ...options, draft: [5, 6] });
  expect(decoded?.tokens.map(({ id }) => id)).toEqual([5, 6, 7, 8]);
  expect(given).toEqual([[BEGIN, 5, 6], [7], [8]]);
});

test('leaves a draft where the model wants something else', async () => {
  const { decoder, given } = model([5, 6, 7, 8]);
  const decoded = await decodeGreedily(decoder, { ...options, draft: [5, 20, 7, 9, 9] });
  expect(decoded?.tokens.map(({ id }) => id)).toEqual([5, 6, 7, 8]);
  expect(decoded?.tokens.map(({ attention }) => attention[0]?.[0])).toEqual([0, 1, 2, 3]);
  expect(given).toEqual([[BEGIN, 5, 20, 7, 9, 9], [6], [7], [8]]);
});

test('ends before the draft does when the model ends there', async () => {
  const decoded = await decodeGreedily(model([5, 6]).decoder, { ...options, draft: [5, 6, 7, 8] });
  expect(decoded?.tokens.map(({ id }) => id)).toEqual([5, 6]);
  expect(decoded?.ended).toBe('end');
});

test('a draft does not make a transcript longer than anybody can speak', async () => {
  const draft = Array.from({ length: 30 }, (_, i) => 5 + i);
  const decoded = await decodeGreedily(model(draft).decoder, { ...options, most: 7, draft });
  expect(decoded?.tokens).toHaveLength(7);
});
