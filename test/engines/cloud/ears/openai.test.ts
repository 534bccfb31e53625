// The adapter of OpenAI's transcriptions against servers that answer, stream, refuse, hang and break off.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Stt, SttOptions } from '../../../../src/engines/engine.ts';
import { type Clock, ManualClock } from '../../../../src/lib/clock.ts';
import { describeStt, hear, listen, recognised } from '../../../contract/stt.ts';
import { type Answers, FakeTranscriptions, json, mistralEvents, openAiEvents, refusing, vllmEvents } from './fake-transcriptions.ts';
import { KEY, openEar, rowOf } from './opening.ts';
import { first, second, speech } from './speech.ts';

const open = (prefix: string, server: FakeTranscriptions, defaultModel = rowOf(prefix).defaultModel, clock?: Clock) =>
  openEar(prefix, { baseUrl: `${server.origin}/v1`, defaultModel }, clock);

describe.each<[string, string, Answers]>([
  ['openai', 'gpt-transcribe', openAiEvents],
  ['openai', 'whisper-1', json],
  ['groq', 'whisper-large-v3-turbo', json],
  ['mistral', 'voxtral-mini-latest', mistralEvents],
  ['vllm', 'whisper', vllmEvents],
  ['custom', 'whisper-1', json],
])('%s/%s', (prefix, model, answers) => {
  const server = new FakeTranscriptions();
  server.answers = answers;
  beforeAll(() => server.listen());
  afterAll(() => server.close());
  describeStt(`${prefix}/${model}`, { open: () => open(prefix, server, model), speech: async () => speech });
});

describe('a request for a transcription', () => {
  let server: FakeTranscriptions;
  let stt: Stt;
  beforeEach(async () => {
    server = new FakeTranscriptions();
    await server.listen();
  });
  afterEach(async () => {
    await stt.close();
    await server.close();
  });
  const options: Partial<SttOptions> = { language: 'en', prompt: 'A radio talk.', vocabulary: ['Alpha Romeo', 'Alpha Romeo', 'Parley'] };
  const ask = async (prefix: string, model: string, more: Partial<SttOptions> = options) => {
    stt = open(prefix, server, model);
    await recognised(stt, first.samples, more);
    return server.requests[0]?.fields;
  };

  test('carries a WAV file, the model, the key, the language and the hints', async () => {
    server.answers = openAiEvents;
    expect(await ask('openai', 'gpt-transcribe')).toEqual({
      model: ['gpt-transcribe'],
      stream: ['true'],
      language: ['en'],
      'keywords[]': ['Alpha Romeo', 'Parley'],
      prompt: ['A radio talk.'],
    });
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(server.requests[0]?.lengthMs).toBe(first.samples.length / 16);
  });

  test('names several languages where a model takes them', async () => {
    server.answers = openAiEvents;
    expect(await ask('openai', 'gpt-transcribe', { languages: ['de', 'fr'], vocabulary: [] })).toMatchObject({
      'languages[]': ['de', 'fr'],
    });
  });

  test('puts what is worth knowing into the prompt where there is no other place', async () => {
    expect(await ask('groq', 'whisper-large-v3')).toEqual({
      model: ['whisper-large-v3'],
      response_format: ['verbose_json'],
      'timestamp_granularities[]': ['word'],
      language: ['en'],
      prompt: ['A radio talk. Alpha Romeo, Parley'],
    });
  });

  test('writes it as Mistral wants it, which knows no prompt', async () => {
    server.answers = mistralEvents;
    expect(await ask('mistral', 'voxtral-mini-latest')).toEqual({
      model: ['voxtral-mini-latest'],
      stream: ['true'],
      language: ['en'],
      context_bias: ['Alpha_Romeo', 'Parley'],
    });
  });

  test('asks for those who spoke where a model tells voices apart', async () => {
    server.answers = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          text: 'Hi there. Hello.',
          task: 'transcribe',
          duration: 2,
          segments: [
            { type: 'transcript.text.segment', id: 'seg_1', start: 0, end: 1, text: 'Hi there.', speaker: 'B' },
            { type: 'transcript.text.segment', id: 'seg_2', start: 1, end: 2, text: 'Hello.', speaker: 'A' },
          ],
        }),
      );
    };
    stt = open('openai', server, 'gpt-4o-transcribe-diarize');
    expect((await recognised(stt, first.samples, options)).segments).toEqual([
      { text: 'Hi there.', startMs: 0, endMs: 1000, speaker: 'speaker_0' },
      { text: 'Hello.', startMs: 1000, endMs: 2000, speaker: 'speaker_1' },
    ]);
    expect(server.requests[0]?.fields).toMatchObject({ response_format: ['diarized_json'], chunking_strategy: ['auto'] });
    expect(server.requests[0]?.fields).not.toHaveProperty('prompt');
  });

  test('is not made for silence, in which models hear what nobody said', async () => {
    stt = open('custom', server);
    expect((await recognised(stt, new Int16Array(16_000))).text).toBe('');
    expect(server.requests).toEqual([]);
  });

  test('is made once for a pause that turns out to be the end, and for the silence after it', async () => {
    stt = open('custom', server);
    const { recognition } = listen(stt);
    hear(recognition, first.samples);
    const words = await recognition.words('speculative');
    hear(recognition, new Int16Array(8000));
    expect(await recognition.words('final')).toEqual(words);
    expect(server.requests).toHaveLength(1);
  });

  test('leaves out what was settled long before, and says what was said in it', async () => {
    stt = open('custom', server);
    const { recognition } = listen(stt);
    const long = new Int16Array(9 * 16_000);
    long.set(first.samples);
    hear(recognition, long);
    await recognition.words('speculative');
    hear(recognition, second.samples);
    const { text } = await recognition.words('final');
    expect(text).toBe([...first.words, ...second.words].join(' '));
    expect(server.requests.map(({ lengthMs }) => lengthMs)).toEqual([9000, second.samples.length / 16]);
    expect(server.requests[1]?.fields['prompt']).toEqual([first.words.join(' ')]);
    recognition.close();
  });

  test('uses the connection of the one before', async () => {
    server.answers = openAiEvents;
    stt = open('openai', server);
    for (let count = 0; count < 5; count++) await recognised(stt, first.samples);
    expect(server.requests).toHaveLength(5);
    // A second one is opened where the last bytes of an answer were still on their way.
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  test('finds a connection that was made while somebody spoke', async () => {
    stt = open('custom', server);
    const { recognition } = listen(stt);
    await server.looked;
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    hear(recognition, first.samples);
    await recognition.words('final');
    expect(server.connections).toBe(1);
    recognition.close();
  });

  test('is dropped at the server when the recognition is closed', async () => {
    const asked = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    server.answers = (response) => {
      response.on('close', left.resolve);
      asked.resolve();
    };
    stt = open('custom', server);
    const { recognition } = listen(stt);
    hear(recognition, first.samples);
    const words = recognition.words('final');
    await asked.promise;
    recognition.close();
    await expect(words).rejects.toMatchObject({ reason: 'unavailable' });
    await left.promise;
    expect(server.dropped).toBe(1);
  });

  test('that went wrong when nobody waited is made again for whoever waits', async () => {
    server.answers = (response, request) => {
      server.answers = json;
      return refusing(503, 'overloaded')(response, request);
    };
    stt = open('custom', server);
    const { recognition } = listen(stt);
    hear(recognition, first.samples);
    void recognition.words('speculative');
    expect((await recognition.words('final')).text).toBe(first.words.join(' '));
    recognition.close();
  });
});

describe('what goes wrong with a transcription', () => {
  let server: FakeTranscriptions;
  let stt: Stt;
  let clock: ManualClock;
  beforeEach(async () => {
    clock = new ManualClock();
    server = new FakeTranscriptions();
    await server.listen();
    stt = open('openai', server, 'gpt-transcribe', clock);
  });
  afterEach(async () => {
    await stt.close();
    await server.close();
  });
  const failing = async (answers: Answers) => {
    server.answers = answers;
    return recognised(stt, first.samples).catch((error: unknown) => error);
  };
  const sse =
    (text: string): Answers =>
    (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text);
    };

  test.each<[string, Answers, object]>([
    ['a bad request', refusing(400, { error: { message: 'no such model' } }), { reason: 'rejected', retryable: false }],
    ['a bad key', refusing(401, { error: { message: `key ${KEY} is wrong` } }), { reason: 'unauthorized', retryable: false }],
    [
      'an empty purse',
      refusing(429, { error: { type: 'insufficient_quota', message: 'pay' } }),
      { reason: 'unauthorized', retryable: false },
    ],
    [
      'too many requests',
      refusing(429, 'slow down', { 'retry-after': '3' }),
      { reason: 'rate_limited', retryable: true, retryAfterMs: 3000 },
    ],
    ['a broken server', refusing(500, '<html>'), { reason: 'broken', retryable: true }],
    ['a redirect', refusing(302, '', { location: 'http://127.0.0.1/' }), { reason: 'broken', retryable: false }],
    ['nonsense', refusing(200, 'nonsense'), { reason: 'broken', retryable: true }],
    ['another JSON', refusing(200, { transcript: 'hi' }), { reason: 'broken', retryable: true }],
    ['an answer that is too large', refusing(200, { text: 'x'.repeat(3_000_000) }), { reason: 'broken', retryable: true }],
    ['events that are none', sse('data: nonsense\n\n'), { reason: 'broken', retryable: true }],
    [
      'events that end before the words do',
      sse('data: {"type":"transcript.text.delta","delta":"al"}\n\n'),
      { reason: 'broken', retryable: true },
    ],
    [
      'an error among the events',
      sse('data: {"error":{"message":"too busy","type":"rate_limit_error"}}\n\n'),
      { reason: 'rate_limited', retryable: true },
    ],
    ['a connection that is cut', (response) => void response.socket?.destroy(), { reason: 'unavailable', retryable: true }],
    [
      'a connection that is cut in mid-answer',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
        response.write('{"text":', () => response.socket?.destroy());
      },
      { reason: 'broken', retryable: true },
    ],
  ])('%s', async (_, answers, expected) => {
    const failure = await failing(answers);
    expect(failure).toMatchObject({ name: 'EngineError', engine: 'openai', ...expected });
    expect((failure as Error).message).not.toContain(KEY);
  });

  test('nobody there', async () => {
    await server.close();
    expect(await failing(json)).toMatchObject({ reason: 'unavailable', retryable: true });
    await server.listen();
  });

  test('no answer in time, which is as long as the speech and ten seconds', async () => {
    const asked = Promise.withResolvers<void>();
    server.answers = () => asked.resolve();
    const { recognition } = listen(stt);
    hear(recognition, first.samples);
    const words = recognition.words('final');
    await asked.promise;
    clock.advance(11_000);
    await Promise.resolve();
    clock.advance(300);
    await expect(words).rejects.toMatchObject({ reason: 'timeout', retryable: true });
    expect(recognition.words('final')).not.toBe(words);
    recognition.close();
  });

  test('nobody asks for ten minutes', async () => {
    const { recognition } = listen(stt);
    for (let minute = 0; minute < 11; minute++) recognition.hear(new Int16Array(60 * 16_000));
    await expect(recognition.words('final')).rejects.toMatchObject({ reason: 'timeout' });
  });
});
