// What is particular to voices over POST /audio/speech: what is asked for, and what comes of each server's ways.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readVoices } from '../../../../src/engines/cloud/voices/openai.ts';
import { type VoiceRow, voiceRows } from '../../../../src/engines/cloud/voices/rows.ts';
import { ManualClock } from '../../../../src/lib/clock.ts';
import { silentLog } from '../../../../src/lib/log.ts';
import { clauses } from '../../../contract/tts.ts';
import { KEY, WORD_MS } from '../../../contract/voices/fake-service.ts';
import { FakeOpenAi } from '../../../contract/voices/openai.ts';
import { speak, spoken } from '../../../contract/voices/spoken.ts';

let service: FakeOpenAi;
beforeEach(async () => {
  service = new FakeOpenAi();
  await service.listen();
});
afterEach(() => service.close());

const instructed = { instructed: /^gpt-/ };

test('a plain speech asks for what is needed and for nothing else', async () => {
  await spoken(service.open(), ['Hello there.'], { voice: 'marin' });
  expect(service.bodies).toEqual([{ model: 'gpt-4o-mini-tts', voice: 'marin', input: 'Hello there.', response_format: 'pcm' }]);
  expect(service.requests[0]).toMatchObject({ method: 'POST', url: '/v1/audio/speech', headers: { authorization: `Bearer ${KEY}` } });
});

test('a server that wants no key is sent none', async () => {
  await spoken(service.open(undefined, { apiKey: undefined }), ['Hello.']);
  expect(service.requests[0]?.headers).not.toHaveProperty('authorization');
});

test('a session may choose the model and the speed, which is brought to what the server has', async () => {
  service.dialect = { leastSpeed: 0.5 };
  await spoken(service.open(), ['Slow.'], { model: 'tts-1-hd', speed: 0.25 });
  await spoken(service.open(), ['Fast.'], { speed: 1.5 });
  expect(service.bodies).toMatchObject([
    { model: 'tts-1-hd', speed: 0.5 },
    { model: 'gpt-4o-mini-tts', speed: 1.5 },
  ]);
});

test('directions in brackets and the manner of delivery become instructions, and are not read out', async () => {
  service.dialect = instructed;
  await spoken(service.open(), ['[say excitedly] Hello! [laugh] You did it.'], { deliveryMode: 'creative' });
  expect(service.bodies).toEqual([
    expect.objectContaining({
      input: 'Hello! You did it.',
      instructions: 'Speak like this: say excitedly. Vary your delivery freely with what is said.',
    }),
  ]);
});

test('a model that takes no instructions is spared the directions', async () => {
  service.dialect = instructed;
  await spoken(service.open(), ['[say excitedly] Hello!'], { model: 'tts-1', deliveryMode: 'stable' });
  expect(service.bodies).toEqual([{ model: 'tts-1', voice: 'alloy', input: 'Hello!', response_format: 'pcm' }]);
});

test('a text of directions alone is not asked for', async () => {
  service.dialect = instructed;
  expect(await spoken(service.open(), ['[say excitedly] ', '[sigh]'])).toMatchObject({ ms: 0 });
  expect(service.bodies).toEqual([]);
});

test.each([
  ['repeat_each_chunk', ['Speak like this: whisper.', 'Speak like this: whisper.']],
  ['emit_once', ['Speak like this: whisper.', undefined]],
] as const)('a direction holds as %s has it', async (steering, instructions) => {
  service.dialect = { ...instructed, mostCharacters: 20 };
  await spoken(service.open(), ['[whisper] One. ', 'And two behind it.'], { steering });
  expect(service.bodies.map((body) => body.instructions)).toEqual(instructions);
});

test('a long text is asked for in pieces that the server takes, and all of it is heard', async () => {
  service.dialect = { mostCharacters: 40 };
  const text = 'One two three four five six seven eight nine ten eleven twelve thirteen fourteen.';
  expect(Math.round((await spoken(service.open(), [text])).ms)).toBe(14 * WORD_MS);
  expect(service.texts.every(({ length }) => length <= 40)).toBe(true);
  expect(service.texts.join('')).toBe(text);
});

test('the next piece is asked for while the one before it is still to be heard', async () => {
  service.dialect = { mostCharacters: 10 };
  const speech = speak(service.open(), clauses('One two. ', 'Three four.'))[Symbol.asyncIterator]();
  await speech.next();
  await service.until(() => service.texts.length === 2);
  expect(service.texts).toEqual(['One two. ', 'Three ']);
  await speech.return?.(undefined);
});

test('a rate that the server tells is believed', async () => {
  service.contentType = 'audio/L16; rate=16000; channels=1';
  const speech = speak(service.open(), clauses('Hello.'))[Symbol.asyncIterator]();
  expect((await speech.next()).value?.pcm.rateHz).toBe(16_000);
});

test('an answer of another kind is told as what it is', async () => {
  service.contentType = 'application/json';
  await expect(spoken(service.open(), ['Hello.'])).rejects.toMatchObject({ reason: 'broken' });
});

test('a request that is refused says which field is wrong', async () => {
  service.fault = 'unknown voice';
  await expect(spoken(service.open(), ['Hello.'])).rejects.toThrow("Invalid value: 'nobody'.");
});

test('a connection that the service ends between two speeches is made anew at once', async () => {
  const clock = new ManualClock();
  const tts = service.open(clock);
  service.pages.set('/v1/models', { data: [] });
  await tts.warmUp(new AbortController().signal);
  expect(service.handshakes).toBe(1);
  clock.advance(10_000);
  service.hangUp();
  await service.until(() => service.handshakes === 2);
  await service.until(() => service.requests.filter(({ url }) => url === '/v1/models').length === 2);
  expect(service.handshakes).toBe(2);
});

test('a service that keeps no connection is not connected to for ever', async () => {
  const clock = new ManualClock();
  const tts = service.open(clock);
  service.pages.set('/v1/models', { data: [] });
  await tts.warmUp(new AbortController().signal);
  service.hangUp();
  await service.until(() => service.connections === 0);
  // Its next request is the first to connect again, and has a second one made.
  await spoken(tts, ['Hello.']);
  await service.until(() => service.requests.length === 3);
  expect(service.handshakes).toBe(3);
});

test("the list of voices is the server's where it tells one", async () => {
  service.dialect = { voicesAt: ['/audio/voices', '/voices'] };
  service.pages.set('/v1/audio/voices', { voices: ['af_heart', 'bm_george'] });
  const tts = service.open();
  expect(tts.voices()[0]?.id).toBe('alloy');
  await tts.warmUp(new AbortController().signal);
  expect(tts.voices()).toMatchObject([
    { id: 'af_heart', name: 'Heart', language: 'en-US', gender: 'female' },
    { id: 'bm_george', name: 'George', language: 'en-GB', gender: 'male' },
  ]);
});

test('a server may tell its voices at another place', async () => {
  service.dialect = { voicesAt: ['/audio/voices', '/voices'] };
  service.pages.set('/v1/voices', { data: [{ id: 'amy' }] });
  const tts = service.open();
  await tts.warmUp(new AbortController().signal);
  expect(tts.voices().map(({ id }) => id)).toEqual(['amy']);
});

test('without a list of the server the documented voices are there', async () => {
  service.dialect = { voicesAt: ['/audio/voices', '/voices'] };
  const tts = service.open();
  await tts.warmUp(new AbortController().signal);
  expect(tts.voices().map(({ id }) => id)).toContain('marin');
});

test.each([
  ['Kokoro-FastAPI', { voices: [{ id: 'zf_xiaobei', name: 'zf_xiaobei' }] }, { id: 'zf_xiaobei', language: 'zh-CN', gender: 'female' }],
  [
    'speaches',
    { voices: [{ voice_id: 'en_US-amy', name: 'amy', language: 'en_US', gender: 'female' }] },
    { id: 'en_US-amy', name: 'Amy', language: 'en-US', gender: 'female' },
  ],
  ['LocalAI', { data: [{ id: 'voice-en', name: 'Voice' }] }, { id: 'voice-en', name: 'Voice', gender: 'neutral' }],
  [
    'another Parley',
    { voices: [{ voiceId: 'Dennis', displayName: 'Dennis', langCode: 'en-US', gender: 'male', tags: ['calm'], description: 'Friendly.' }] },
    { id: 'Dennis', gender: 'male', tags: ['friendly', 'calm'] },
  ],
  ['a bare list', ['alice', { name: 'Bob' }, 7, null, {}], { id: 'alice', name: 'Alice' }],
])('the voices of %s are read', (_, body, first) => {
  expect(readVoices(body)[0]).toMatchObject(first);
});

test('what is no list of voices has none', () => {
  expect(readVoices({ error: 'no' })).toEqual([]);
  expect(readVoices('voices')).toEqual([]);
});

test('Groq is asked for WAVE, no more than 200 characters at a time', async () => {
  const row = voiceRows.find(({ prefix }) => prefix === 'groq') as VoiceRow;
  const groq = row.create({
    id: row.prefix,
    name: row.name,
    baseUrl: `${service.url}/v1`,
    apiKey: KEY,
    defaultModel: row.defaultModel ?? '',
    firstSoundMs: 5000,
    clock: new ManualClock(),
    log: silentLog,
  });
  expect(Math.round((await spoken(groq, ['A sentence of five words. '.repeat(12)])).ms)).toBe(60 * WORD_MS);
  expect(service.bodies.every(({ response_format: format, input }) => format === 'wav' && input.length <= 200)).toBe(true);
  await groq.close();
});
