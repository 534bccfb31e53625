// The operator's table of prices: what is read from it, and what is said where it cannot be used.
import { expect, test } from 'vitest';
import { Prices } from '../../src/usage/prices.ts';

const table = {
  currency: 'USD',
  'openai/gpt-4.1-mini': { input: 0.4, cached: 0.1, output: 1.6 },
  'deepgram/nova-3': { minute: 0.0078 },
  'elevenlabs/*': { characters: 50, per: 1_000_000 },
  'openai/*': { input: 2, output: 8, minute: 0.006, characters: 0.015, per: 1000 },
};

test('a model has its own price, else that of its provider, by what is used at its stage', () => {
  const prices = Prices.of(table);
  const none = { inputToken: 0, cachedToken: 0, outputToken: 0, second: 0, character: 0 };
  const of = (stage: 'llm' | 'stt' | 'tts', model: string) => prices.of({ stage, model });
  expect(of('llm', 'openai/gpt-4.1-mini')).toEqual({
    ...none,
    stage: 'llm',
    model: 'openai/gpt-4.1-mini',
    inputToken: 0.4 / 1e6,
    cachedToken: 0.1 / 1e6,
    outputToken: 1.6 / 1e6,
  });
  expect(of('stt', 'deepgram/nova-3')).toMatchObject({ ...none, second: 0.0078 / 60 });
  expect(of('tts', 'elevenlabs/flash')).toMatchObject({ ...none, character: 50 / 1e6 });
  expect(of('llm', 'openai/other')).toMatchObject({ ...none, inputToken: 0.002, cachedToken: 0.002, outputToken: 0.008 });
  expect(of('tts', 'openai/tts-1')).toMatchObject({ ...none, character: 0.015 / 1000, second: 0.006 / 60 });
});

test('what is not priced as it is used has no price, rather than none to pay', () => {
  const prices = Prices.of(table);
  expect(prices.of({ stage: 'llm', model: 'deepgram/nova-3' })).toBeUndefined();
  expect(prices.of({ stage: 'stt', model: 'openai/gpt-4.1-mini' })).toBeUndefined();
  expect(prices.of({ stage: 'llm', model: 'parley/offline' })).toBeUndefined();
  expect(Prices.none.of({ stage: 'llm', model: 'openai/gpt-4.1-mini' })).toBeUndefined();
});

test.each([
  [{}, /^currency: /],
  [{ currency: 'dollars' }, /^currency: must be three capital letters/],
  [{ currency: 'USD', 'openai/a': { input: -1, output: 1 } }, /^openai\/a\.input: /],
  [{ currency: 'USD', 'openai/a': { input: 1 } }, /^openai\/a: has input or output without the other/],
  [{ currency: 'USD', 'openai/a': {} }, /^openai\/a: has no price/],
  [{ currency: 'USD', 'openai/a': { input: 1, output: 1, minuet: 1 } }, /^openai\/a: .*minuet/],
  [{ currency: 'USD', 'gpt-4o': { minute: 1 } }, /models are named as provider\/model/],
  [[], /^the file: /],
])('%j is refused with the field', (content, message) => {
  expect(() => Prices.of(content)).toThrow(message);
});
