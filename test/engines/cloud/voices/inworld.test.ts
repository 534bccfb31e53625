// What is particular to Inworld's voices: its messages, its contexts, its errors, when words are timed from.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clauses } from '../../../contract/tts.ts';
import { KEY, WORD_MS } from '../../../contract/voices/fake-service.ts';
import { FakeInworld } from '../../../contract/voices/inworld.ts';
import { heard, speak, spoken } from '../../../contract/voices/spoken.ts';

let service: FakeInworld;
beforeEach(async () => {
  service = new FakeInworld();
  await service.listen();
});
afterEach(() => service.close());

test('a context is made as the session wants it, over a connection with the key', async () => {
  await spoken(service.open(), ['Hallo.'], { voice: 'Johanna', speed: 1.2, language: 'de-DE', deliveryMode: 'creative' });
  expect(service.created).toEqual([
    {
      voiceId: 'Johanna',
      modelId: 'inworld-tts-2',
      audioConfig: { audioEncoding: 'PCM', sampleRateHertz: 24_000, speakingRate: 1.2 },
      autoMode: true,
      timestampType: 'WORD',
      timestampTransportStrategy: 'ASYNC',
      language: 'de-DE',
      deliveryMode: 'CREATIVE',
    },
  ]);
  expect(service.requests.find(({ method }) => method === 'UPGRADE')).toMatchObject({
    url: '/tts/v1/voice:streamBidirectional',
    headers: { authorization: `Basic ${KEY}` },
  });
});

test('speeds that the service lacks become the nearest that it has, and the usual one is not sent', async () => {
  await spoken(service.open(), ['Slow.'], { speed: 0.25 });
  await spoken(service.open(), ['Plain.']);
  expect(service.created.map(({ audioConfig }) => audioConfig.speakingRate)).toEqual([0.5, undefined]);
});

test('a model that is steered is sent the directions, again with each piece where they hold on', async () => {
  await spoken(service.open(), ['[whisper] Come here. ', 'Closer. [laugh] '], { steering: 'repeat_each_chunk' });
  expect(service.texts).toEqual(['[whisper] Come here. ', '[whisper] Closer. [laugh] ']);
});

test('a direction that is to be said once is', async () => {
  await spoken(service.open(), ['[whisper] Come here. ', 'Closer. '], { steering: 'emit_once' });
  expect(service.texts).toEqual(['[whisper] Come here. ', 'Closer. ']);
});

test('an older model would read directions out, and is sent none', async () => {
  await spoken(service.open(), ['[whisper] Come here. ', '[sigh] '], { model: 'inworld-tts-1.5-max', steering: 'repeat_each_chunk' });
  expect(service.texts).toEqual(['Come here. ']);
});

test('words are timed from the beginning of the whole speech, though the service begins anew', async () => {
  const { words, ms } = await spoken(service.open(), ['One, ', 'two three. ', 'Four five. ']);
  expect(words.map(({ text }) => text)).toEqual(['One,', 'two', 'three.', 'Four', 'five.']);
  expect(words.map(({ startMs }) => Math.round(startMs))).toEqual([0, 1, 2, 3, 4].map((i) => i * WORD_MS));
  expect(ms).toBeGreaterThanOrEqual(5 * WORD_MS);
});

test.each([
  [8, 'rate_limited', true],
  [16, 'unauthorized', false],
  [7, 'unauthorized', false],
  [3, 'rejected', false],
  [5, 'rejected', false],
  [4, 'timeout', true],
  [13, 'broken', true],
])('code %d of the service is %s', async (code, reason, retryable) => {
  service.status = { code, message: `refused for ${KEY}`, details: [] };
  const failed = spoken(service.open(), ['Hello.']);
  await expect(failed).rejects.toMatchObject({ reason, retryable });
  await expect(failed).rejects.toThrow(`code ${code}`);
  await expect(failed).rejects.not.toThrow(KEY);
});

test('eight speeches at once share two connections, no more than five on each', async () => {
  const tts = service.open();
  const all = await Promise.all(Array.from({ length: 8 }, () => spoken(tts, ['One two three.'])));
  expect(all.map(({ words }) => words.length)).toEqual(Array.from({ length: 8 }, () => 3));
  expect(service.sockets).toHaveLength(2);
});

test('one speech that fails leaves the others on its connection alone', async () => {
  const tts = service.open();
  let goOn: () => void = () => {};
  async function* halting(): AsyncGenerator<string> {
    yield 'One two. ';
    await new Promise<void>((resolve) => (goOn = resolve));
    yield 'Three four. ';
  }
  const long = heard(speak(tts, halting()));
  await service.until(() => service.texts.length === 1);
  service.status = { code: 3, message: 'Unknown voice', details: [] };
  await expect(spoken(tts, ['Hello.'])).rejects.toMatchObject({ reason: 'rejected' });
  goOn();
  expect((await long).words).toHaveLength(4);
  expect(service.sockets).toHaveLength(1);
});

test('a caller who interrupts again and again never has more contexts open than a connection may', async () => {
  const tts = service.open();
  service.fault = 'silent';
  for (let i = 1; i <= 12; i += 1) {
    const leave = new AbortController();
    const speech = heard(speak(tts, clauses('Hello there.'), {}, leave.signal));
    await service.until(() => service.texts.length === i);
    leave.abort();
    await speech;
  }
  await service.until(() => service.cancelled === 12);
  expect(service.sockets).toHaveLength(3);
  service.goOn();
  await service.until(() => service.openContexts === 0);
  expect((await spoken(tts, ['One two.'])).words).toHaveLength(2);
  expect(service.sockets).toHaveLength(3);
});

test("the list of voices is read page by page, and a clone's gender from its description", async () => {
  const tts = service.open();
  await tts.warmUp(new AbortController().signal);
  expect(tts.voices()).toEqual([
    {
      id: 'Alex',
      name: 'Alex',
      description: 'Energetic and expressive mid-range male voice, with a mildly nasal quality',
      language: 'en-US',
      gender: 'male',
      tags: ['middle-aged', 'friendly', 'expressive', 'energetic'],
    },
    expect.objectContaining({ id: 'ws__john', name: 'John', gender: 'female' }),
  ]);
});
