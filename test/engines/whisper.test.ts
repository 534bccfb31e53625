// Whisper without its weights: what it hears, which language it takes it for, and when it says nothing.
import { describe, expect, test } from 'vitest';
import { BANDS } from '../../src/engines/local/mel/log-mel.ts';
import type { TokenDecoder } from '../../src/engines/local/segmented/greedy.ts';
import { KeyTerms } from '../../src/engines/local/segmented/key-terms.ts';
import { languageIndex, languages } from '../../src/engines/local/whisper/languages.ts';
import { spectrogramOf } from '../../src/engines/local/whisper/mel.ts';
import { decodeSpeech } from '../../src/engines/local/whisper/model.ts';
import { BEGIN, END, FIRST_LANGUAGE, NO_SPEECH, NO_TIMES, TRANSCRIBE } from '../../src/engines/local/whisper/tokens.ts';

const tone = (hz: number, samples: number) =>
  Float32Array.from({ length: samples }, (_, n) => 0.5 * Math.sin((2 * Math.PI * hz * n) / 16_000));

describe('the spectrogram', () => {
  test('is six seconds long at least, ends half a second after the sound, and holds thirty at most', () => {
    expect(spectrogramOf(new Float32Array(16_000)).frames).toBe(600);
    expect(spectrogramOf(new Float32Array(160_000)).frames).toBe(1050);
    expect(spectrogramOf(new Float32Array(800_000)).frames).toBe(3000);
  });

  test('of a tone is loudest in the band of its frequency, and silence is eighty decibels below', () => {
    const { features, frames } = spectrogramOf(tone(1000, 16_000));
    const at = (frame: number) => Array.from({ length: BANDS }, (_, band) => features[band * frames + frame] as number);
    const loud = at(50);
    // The 28th of 82 corners on Slaney's scale is 1,008 Hz.
    expect(loud.indexOf(Math.max(...loud))).toBe(26);
    // A Hann window of 400 samples over an amplitude of a half: a power of 50² in its bin, by bands of unit area.
    expect(Math.max(...loud)).toBeCloseTo((Math.log10(2500 * 0.0253) + 4) / 4, 1);
    for (const value of at(400)) expect(value).toBeCloseTo(Math.max(...features) - 2, 5);
  });
});

/** Scores the steps get: after the begin token those of `first`, then each of the words, then the end; `logprob` of each. */
function model(first: Readonly<Record<number, number>>, words: readonly number[], logprob = -1e-9) {
  const share = Math.exp(logprob);
  const score = Math.log((51_864 * share) / (1 - share));
  const given: number[] = [];
  const decoder: TokenDecoder = {
    feed: async (tokens) =>
      tokens.map((token) => {
        given.push(token);
        const scores = new Float32Array(51_865);
        if (token === BEGIN) for (const [id, score] of Object.entries(first)) scores[Number(id)] = score;
        else scores[words[given.length - 4] ?? END] = score;
        return { scores, attention: [] };
      }),
    keep: () => {},
  };
  return { decoder, given };
}

const german = FIRST_LANGUAGE + 2;
const french = FIRST_LANGUAGE + 6;
const settings = { draft: [], aborted: () => false, tokens: { bar() {} }, most: 50, keyTerms: new KeyTerms([]) };
const hears = (decoder: TokenDecoder, hints = {}) => decodeSpeech(decoder, { ...settings, hints: { vocabulary: [], ...hints } });

describe('what is spoken', () => {
  const first = { [FIRST_LANGUAGE]: 31, [german]: 30, [french]: 29 };

  test('is told by the model where nobody says it', async () => {
    const { decoder, given } = model(first, [400, 401]);
    const heard = await hears(decoder);
    expect(heard?.language).toBe('en');
    expect(heard?.tokens.map(({ id }) => id)).toEqual([400, 401]);
    expect(given.slice(0, 4)).toEqual([BEGIN, FIRST_LANGUAGE, TRANSCRIBE, NO_TIMES]);
  });

  test('is the one that the client names, whatever its region', async () => {
    const { decoder, given } = model(first, [400]);
    expect((await hears(decoder, { language: 'fr-CA' }))?.language).toBe('fr');
    expect(given[1]).toBe(french);
  });

  test('is the likeliest of several that the client names', async () => {
    expect((await hears(model(first, [400]).decoder, { languages: ['fr', 'de'] }))?.language).toBe('de');
  });

  test('is looked for among all when the client names one that the model does not know', async () => {
    expect((await hears(model(first, [400]).decoder, { language: 'tlh' }))?.language).toBe('en');
  });
});

test.each([
  [0.44, -0.6, 1],
  [0.46, -0.6, 0],
  [0.46, -0.4, 1],
  [0.21, -1.1, 0],
  [0.19, -1.1, 1],
  [0.21, -0.9, 1],
])(
  'when it is likely with %d that nobody speaks, and the words with a logarithm of %d, there are %d of them',
  async (probability, logprob, words) => {
    // All others are the end token's.
    const first = { [NO_SPEECH]: 20 + Math.log(probability / (1 - probability)), [END]: 20 };
    const heard = await hears(model(first, [400], logprob).decoder);
    expect(heard?.tokens).toHaveLength(words);
    expect(heard?.language).toBe(words === 0 ? undefined : 'en');
  },
);

test('there are 99 languages, and some have two names', () => {
  expect(new Set(languages).size).toBe(99);
  expect([languageIndex('en'), languageIndex('de-AT'), languageIndex('auto')]).toEqual([0, 2, undefined]);
  expect(languageIndex('nb')).toBe(languageIndex('no'));
});
