// What is particular to Cartesia's voices: its messages, contexts that expire, its errors; and how far text goes ahead of its listener.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeCartesia } from '../../../contract/voices/cartesia.ts';
import { KEY, WORD_MS } from '../../../contract/voices/fake-service.ts';
import { heard, speak, spoken } from '../../../contract/voices/spoken.ts';

let service: FakeCartesia;
beforeEach(async () => {
  service = new FakeCartesia();
  await service.listen();
});
afterEach(() => service.close());

test('each message of a context has all of its settings, and the last one no text', async () => {
  await spoken(service.open(), ['Hallo. '], { voice: 'v1', speed: 1.2, language: 'de-DE' });
  const settings = {
    model_id: 'sonic-3',
    voice: { mode: 'id', id: 'v1' },
    language: 'de',
    output_format: { container: 'raw', encoding: 'pcm_s16le', sample_rate: 24_000 },
    add_timestamps: true,
    use_normalized_timestamps: false,
    max_buffer_delay_ms: 0,
    generation_config: { speed: 1.2 },
    context_id: expect.stringMatching(/^ctx/) as string,
  };
  expect(service.generations).toEqual([
    { ...settings, transcript: 'Hallo. ', continue: true },
    { ...settings, transcript: '', continue: false },
  ]);
  expect(service.requests.find(({ method }) => method === 'UPGRADE')).toMatchObject({
    url: '/tts/websocket',
    headers: { 'x-api-key': KEY, 'cartesia-version': '2026-03-01' },
  });
});

test("where the session names no language it is the voice's", async () => {
  await spoken(service.open(), ['Hello.']);
  await spoken(service.open(), ['Hello.'], { voice: 'a clone' });
  expect(service.generations.filter(({ transcript }) => transcript !== '').map(({ language }) => language)).toEqual(['en', undefined]);
});

test.each([
  ['sonic-3', 0.25, 0.6],
  ['sonic-3', 1, undefined],
  ['sonic-3.5', 1.2, undefined],
  ['sonic-2', 1.2, undefined],
])('%s at speed %d is told %s', async (model, speed, told) => {
  await spoken(service.open(), ['Hello.'], { model, speed });
  expect(service.generations[0]?.generation_config?.speed).toBe(told);
});

test('text that comes when its context has expired is said in a new one, its words timed behind the others', async () => {
  service.expires = true;
  let goOn: () => void = () => {};
  async function* halting(): AsyncGenerator<string> {
    yield 'One two three. ';
    await new Promise<void>((resolve) => (goOn = resolve));
    yield 'Four five. ';
  }
  const words: number[] = [];
  let hasPaused = false;
  for await (const { words: some = [], pcm } of speak(service.open(), halting())) {
    expect(pcm.samples.length).toBeGreaterThan(0);
    words.push(...some.map(({ startMs }) => Math.round(startMs)));
    if (words.length === 3 && !hasPaused) {
      hasPaused = true;
      // Its `done` is read behind its sound.
      setImmediate(() => goOn());
    }
  }
  expect(words).toEqual([0, 1, 2, 3, 4].map((i) => i * WORD_MS));
  expect(new Set(service.generations.map(({ context_id: id }) => id)).size).toBe(2);
});

test.each([
  [{ status_code: 429, title: 'Too many', message: 'You have reached your concurrency limit.' }, 'rate_limited', true],
  [{ status_code: 402, title: 'Credits', message: 'You have run out of credits.' }, 'unauthorized', false],
  [{ status_code: 400, title: 'Bad', message: 'language is not supported' }, 'rejected', false],
  [{ status_code: 500, error: 'internal error' }, 'broken', true],
  [{}, 'broken', true],
])('%o is told as %s', async (error, reason, retryable) => {
  service.error = error;
  await expect(spoken(service.open(), ['Hello.'])).rejects.toMatchObject({ reason, retryable });
});

test('twenty speeches at once share a connection', async () => {
  const tts = service.open();
  const all = await Promise.all(Array.from({ length: 20 }, (_, i) => spoken(tts, [`One two ${i}. `])));
  expect(all.every(({ words }) => words.length === 3)).toBe(true);
  expect(service.sockets).toHaveLength(1);
});

test('text is not sent while half a minute of sound waits for its listener, and all of it is heard in the end', async () => {
  const tts = service.open();
  let goOn: () => void = () => {};
  async function* halting(): AsyncGenerator<string> {
    yield 'word '.repeat(250);
    await new Promise<void>((resolve) => (goOn = resolve));
    yield 'Afterwards. ';
  }
  const speech = speak(tts, halting())[Symbol.asyncIterator]();
  await speech.next();
  // Another on the same connection: what it hears comes behind all of the first one's sound.
  await spoken(tts, ['Meanwhile. ']);
  goOn();
  await spoken(tts, ['Again. ']);
  expect(service.texts).not.toContain('Afterwards. ');
  const rest = await heard({ [Symbol.asyncIterator]: () => speech });
  expect(rest.ms).toBeGreaterThan(245 * WORD_MS);
  expect(service.texts.at(-1)).toBe('Afterwards. ');
});

test('the list of voices is read page by page', async () => {
  const tts = service.open();
  await tts.warmUp(new AbortController().signal);
  expect(tts.voices()).toMatchObject([
    { name: 'Katie', language: 'en-US', gender: 'female', tags: ['friendly', 'young', 'middle-aged', 'support'] },
    { name: 'Barbershop Man', language: 'en-GB', gender: 'male', tags: ['old', 'warm'] },
  ]);
});
