// What is particular to ElevenLabs' voices: its address and messages, its contexts, its errors, words out of characters.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CharacterWords } from '../../../../src/engines/cloud/voices/character-words.ts';
import { clauses } from '../../../contract/tts.ts';
import { FakeElevenLabs } from '../../../contract/voices/elevenlabs.ts';
import { KEY, WORD_MS } from '../../../contract/voices/fake-service.ts';
import { heard, speak, spoken } from '../../../contract/voices/spoken.ts';

let service: FakeElevenLabs;
beforeEach(async () => {
  service = new FakeElevenLabs();
  await service.listen();
});
afterEach(() => service.close());

test('a connection is for a voice, a model, a language; the first message has the settings', async () => {
  await spoken(service.open(), ['Hallo.'], { voice: 'a/b', speed: 1.1, language: 'de-AT', deliveryMode: 'stable' });
  const [address] = service.sockets;
  expect(address?.pathname).toBe('/v1/text-to-speech/a%2Fb/multi-stream-input');
  expect(Object.fromEntries(address?.searchParams ?? [])).toEqual({
    model_id: 'eleven_flash_v2_5',
    output_format: 'pcm_24000',
    auto_mode: 'true',
    sync_alignment: 'true',
    inactivity_timeout: '180',
    language_code: 'de',
  });
  expect(service.requests[0]?.headers['xi-api-key']).toBe(KEY);
  expect(service.opened).toMatchObject([{ text: ' ', voice_settings: { speed: 1.1, stability: 0.8 } }]);
});

test('the usual speed and manner are not sent', async () => {
  await spoken(service.open(), ['Hello.']);
  expect(service.opened[0]).not.toHaveProperty('voice_settings');
});

test('speeds that the service lacks become the nearest that it has', async () => {
  await spoken(service.open(), ['Hello.'], { speed: 1.5 });
  await spoken(service.open(), ['Hello.'], { speed: 0.25 });
  expect(service.opened.map((message) => message.voice_settings?.speed)).toEqual([1.2, 0.7]);
});

test('a model that takes no language is told none', async () => {
  await spoken(service.open(), ['Hallo.'], { model: 'eleven_multilingual_v2', language: 'de-DE' });
  expect(service.sockets[0]?.searchParams.has('language_code')).toBe(false);
});

test('speeches of one voice share a connection; another voice has its own', async () => {
  const tts = service.open();
  const voices = ['Rachel', 'Rachel', 'Bill', 'Rachel'];
  await Promise.all(voices.map((voice) => spoken(tts, ['One two.'], { voice })));
  expect(service.sockets).toHaveLength(2);
});

test('words are timed from the beginning of the whole speech, though each sound has times of its own', async () => {
  const { words, ms } = await spoken(service.open(), ['One two three four. ', 'Five six seven eight.']);
  expect(words.map(({ text }) => text)).toEqual(['One', 'two', 'three', 'four.', 'Five', 'six', 'seven', 'eight.']);
  for (const [i, { startMs }] of words.entries()) expect(Math.abs(startMs - i * WORD_MS)).toBeLessThan(40);
  expect(words.at(-1)?.endMs).toBeLessThanOrEqual(ms);
});

test.each([
  [{ error: 'max_active_conversations', message: 'Maximum simultaneous contexts exceeded.' }, 'rate_limited', true],
  [{ error: 'quota_exceeded', message: 'This request exceeds your quota.' }, 'unauthorized', false],
  [{ error: 'invalid_request', message: 'output_format is not supported' }, 'rejected', false],
  [{ error: 'internal', message: 'Something went wrong.' }, 'broken', true],
])('%o is told as %s', async (error, reason, retryable) => {
  service.error = error;
  await expect(spoken(service.open(), ['Hello.'])).rejects.toMatchObject({ reason, retryable });
});

test('a caller who interrupts again and again never has more contexts open than a connection may', async () => {
  const tts = service.open();
  service.fault = 'silent';
  for (let i = 1; i <= 12; i += 1) {
    const leave = new AbortController();
    const speech = heard(speak(tts, clauses('Hello there. '), { voice: 'Rachel' }, leave.signal));
    await service.until(() => service.texts.length === i);
    leave.abort();
    await speech;
  }
  service.fault = 'none';
  // Their contexts are open still: two of the third connection's five.
  expect((await spoken(tts, ['One two.'], { voice: 'Rachel' })).words).toHaveLength(2);
  expect(service.sockets).toHaveLength(3);
});

test('the list of voices is read page by page, with accents as languages', async () => {
  const tts = service.open();
  await tts.warmUp(new AbortController().signal);
  expect(tts.voices()).toMatchObject([
    {
      id: '21m00Tcm4TlvDq8ikWAM',
      name: 'Rachel',
      language: 'en-GB',
      gender: 'female',
      tags: expect.arrayContaining(['calm', 'young', 'narration']),
    },
    { id: 'pqHfZKP75CvOlQylNhV4', name: 'Bill', language: 'de', gender: 'male', description: 'Wise.' },
  ]);
});

describe('words out of characters', () => {
  const push = (words: CharacterWords, text: string, eachMs = 10) =>
    words.push(
      [...text],
      [...text].map((_, i) => i * eachMs),
      [...text].map(() => eachMs),
    );

  test('a word that one sound ends in the middle of is whole in the next, and has begun before it', () => {
    const words = new CharacterWords();
    expect(push(words, 'Hello wor')).toEqual([{ text: 'Hello', startMs: 0, endMs: 50 }]);
    expect(push(words, 'ld. ')).toEqual([{ text: 'world.', startMs: -30, endMs: 30 }]);
    expect(words.end()).toEqual([]);
  });

  test('the last word needs no space behind it', () => {
    const words = new CharacterWords();
    expect(push(words, 'Bye')).toEqual([]);
    expect(words.end()).toEqual([{ text: 'Bye', startMs: 0, endMs: 30 }]);
  });

  test('what is no time is passed over', () => {
    const words = new CharacterWords();
    expect(words.push(['a', 'b', ' '], [0, 'x', 20], [10, 10, 10])).toEqual([{ text: 'a', startMs: 0, endMs: 10 }]);
    expect(words.push(undefined, null, 'times')).toEqual([]);
  });
});
