// What each service is sent beside the sound, and what of its messages is beyond words.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Stt, SttOptions } from '../../../../src/engines/engine.ts';
import { hear, listen, recognised } from '../../../contract/stt.ts';
import { FakeService, type Speaks } from './fake-service.ts';
import { assemblyAi, cartesia, deepgram, deepgramFlux, inworld, soniox } from './fakes.ts';
import { openEar } from './opening.ts';
import { first, second } from './speech.ts';

let service: FakeService;
let stt: Stt;

async function open(prefix: string, speaks: Speaks): Promise<void> {
  service = new FakeService(speaks);
  await service.listen();
  stt = openEar(prefix, { baseUrl: service.baseUrl, apiKey: 'the-key' });
}
afterEach(async () => {
  await stt.close();
  await service.close();
});
const ask = async (options: Partial<SttOptions> = {}) => {
  const transcript = await recognised(stt, first.samples, options);
  const connection = service.connections.at(-1);
  if (!connection) throw new Error('nobody came');
  const query = Object.fromEntries(
    [...new Set(connection.url.searchParams.keys())].map((name) => [name, connection.url.searchParams.getAll(name)]),
  );
  return { transcript, connection, query };
};
const hints: Partial<SttOptions> = { language: 'en', prompt: 'A radio talk.', vocabulary: ['Alpha Romeo', 'Parley', 'Parley'] };

describe('Deepgram', () => {
  beforeEach(() => open('deepgram', deepgram));

  test('is asked at /v1/listen, with the key in the header and everything else in the address', async () => {
    const { connection, query } = await ask(hints);
    expect(connection.url.pathname).toBe('/v1/listen');
    expect(connection.headers.authorization).toBe('Token the-key');
    expect(query).toEqual({
      model: ['nova-3'],
      encoding: ['linear16'],
      sample_rate: ['16000'],
      channels: ['1'],
      interim_results: ['true'],
      smart_format: ['true'],
      no_delay: ['true'],
      endpointing: ['false'],
      language: ['en'],
      keyterm: ['Alpha Romeo', 'Parley'],
    });
    expect(connection.texts).toEqual(['{"type":"Finalize"}']);
  });

  test('is told that the language may be any of several', async () => {
    expect((await ask({ languages: ['de', 'fr'] })).query['language']).toEqual(['multi']);
    expect((await ask({})).query['language']).toBeUndefined();
  });

  test('is asked with the words of older models as those know them', async () => {
    expect((await ask({ model: 'nova-2', vocabulary: ['Parley'] })).query).toMatchObject({ model: ['nova-2'], keywords: ['Parley'] });
  });
});

describe('Deepgram Flux', () => {
  beforeEach(() => open('deepgram', deepgramFlux));

  test('is asked at /v2/listen to leave the ends of turns to us, and is told of hints by message', async () => {
    const { connection, query } = await ask({ ...hints, model: 'flux-general-multi' });
    expect(connection.url.pathname).toBe('/v2/listen');
    expect(query).toEqual({
      model: ['flux-general-multi'],
      encoding: ['linear16'],
      sample_rate: ['16000'],
      eot_threshold: ['1.0'],
      eot_timeout_ms: ['60000'],
    });
    expect(connection.messages).toEqual([
      { type: 'Configure', keyterms: ['Alpha Romeo', 'Parley'], language_hints: ['en'] },
      { type: 'ForceEndTurn' },
    ]);
  });

  test('is told to end a turn only when it has transcribed the sound, and is not where there is no turn', async () => {
    const { recognition } = listen(stt, { model: 'flux-general-en' });
    hear(recognition, new Int16Array(16_000));
    expect((await recognition.words('final')).text).toBe('');
    expect(service.connections[0]?.messages).toEqual([]);
    recognition.close();
  });
});

describe('AssemblyAI', () => {
  beforeEach(() => open('assemblyai', assemblyAi));

  test('is asked at /v3/ws to leave the ends of turns to us', async () => {
    const { connection, query } = await ask();
    expect(connection.url.pathname).toBe('/v3/ws');
    expect(connection.headers.authorization).toBe('the-key');
    expect(query).toEqual({
      sample_rate: ['16000'],
      encoding: ['pcm_s16le'],
      speech_model: ['universal-streaming-multilingual'],
      format_turns: ['true'],
      end_of_turn_confidence_threshold: ['1.0'],
      min_turn_silence: ['5000'],
      max_turn_silence: ['5000'],
      language_detection: ['true'],
    });
    expect(connection.messages).toEqual([{ type: 'ForceEndpoint' }]);
  });

  test('is told of hints on a standing connection, when they change', async () => {
    await ask();
    await ask(hints);
    await ask(hints);
    const { connection } = await ask();
    expect(service.connections).toHaveLength(1);
    const end = { type: 'ForceEndpoint' };
    expect(connection.messages).toEqual([
      end,
      { type: 'UpdateConfiguration', keyterms_prompt: ['Alpha Romeo', 'Parley'] },
      end,
      end,
      { type: 'UpdateConfiguration', keyterms_prompt: [] },
      end,
    ]);
  });

  test('is told of languages and a prompt where a model takes them', async () => {
    const { connection, query } = await ask({ ...hints, model: 'universal-3-5-pro' });
    expect(query).not.toHaveProperty('format_turns');
    expect(connection.messages[0]).toEqual({
      type: 'UpdateConfiguration',
      keyterms_prompt: ['Alpha Romeo', 'Parley'],
      language_codes: ['en'],
      prompt: 'A radio talk.',
    });
  });
});

describe('Inworld', () => {
  beforeEach(() => open('inworld', inworld));

  test('is told everything in its first message, and hears sound in text', async () => {
    const { connection } = await ask(hints);
    expect(connection.url.pathname).toBe('/stt/v1/transcribe:streamBidirectional');
    expect(connection.headers.authorization).toBe('Basic the-key');
    expect(connection.messages[0]).toEqual({
      transcribeConfig: {
        modelId: 'inworld/inworld-stt-1',
        audioEncoding: 'LINEAR16',
        sampleRateHertz: 16_000,
        numberOfChannels: 1,
        language: 'en',
        includeWordTimestamps: true,
        endOfTurnConfidenceThreshold: 1,
        prompts: ['A radio talk.', 'Alpha Romeo', 'Parley'],
      },
    });
    expect(connection.frames).toEqual([]);
    expect(connection.messages.at(-1)).toEqual({ endTurn: {} });
  });

  test('is asked for the models of others by their whole names', async () => {
    const { connection } = await ask({ model: 'soniox/stt-rt-v5' });
    expect(connection.messages[0]).toMatchObject({ transcribeConfig: { modelId: 'soniox/stt-rt-v5' } });
  });

  test('tells what the voice is like, if somebody wants to know', async () => {
    expect((await ask()).transcript).not.toHaveProperty('voiceProfile');
    const { transcript } = await ask({ voiceProfile: true });
    expect(transcript.voiceProfile).toEqual({
      age: [{ label: 'young', confidence: 0.8 }],
      gender: [{ label: 'female', confidence: 0.7 }],
      emotion: [{ label: 'calm', confidence: 0.6 }],
      vocalStyle: [{ label: 'normal', confidence: 0.5 }],
    });
  });
});

describe('Soniox', () => {
  beforeEach(() => open('soniox', soniox));

  test('is told everything in its first message, but the key, which is in the header', async () => {
    const { connection } = await ask(hints);
    expect(connection.url.pathname).toBe('/transcribe-websocket');
    expect(connection.headers.authorization).toBe('Bearer the-key');
    expect(connection.messages).toEqual([
      {
        model: 'stt-rt-v5',
        audio_format: 'pcm_s16le',
        sample_rate: 16_000,
        num_channels: 1,
        enable_language_identification: true,
        enable_speaker_diarization: true,
        language_hints: ['en'],
        context: { text: 'A radio talk.', terms: ['Alpha Romeo', 'Parley'] },
      },
      { type: 'finalize' },
    ]);
  });

  test('tells the language and who spoke, and words that came in halves as one, with the probability of both', async () => {
    const { transcript } = await ask();
    expect(transcript.languages).toEqual(['en']);
    expect(transcript.segments).toEqual([
      { text: first.words.join(' '), speaker: 'speaker_0', startMs: expect.any(Number), endMs: expect.any(Number) },
    ]);
    expect(transcript.words.map(({ text }) => text)).toEqual(first.words);
    expect(transcript.words[0]?.logprob).toBeCloseTo(2 * Math.log(0.9));
  });

  test('is not asked to finish twice within a second, unless somebody waits', async () => {
    const { recognition } = listen(stt);
    hear(recognition, first.samples);
    await recognition.words('speculative');
    hear(recognition, second.samples);
    await expect(recognition.words('speculative')).rejects.toMatchObject({ reason: 'rate_limited' });
    expect((await recognition.words('final')).text).toBe([...first.words, ...second.words].join(' '));
    recognition.close();
  });
});

describe('Cartesia', () => {
  beforeEach(() => open('cartesia', cartesia));

  test('is asked at /stt/websocket for its documented version, and told in plain words to finish', async () => {
    const { connection, query } = await ask(hints);
    expect(connection.url.pathname).toBe('/stt/websocket');
    expect(connection.headers).toMatchObject({ 'x-api-key': 'the-key', 'cartesia-version': '2026-03-01' });
    expect(query).toEqual({ model: ['ink-whisper'], encoding: ['pcm_s16le'], sample_rate: ['16000'], language: ['en'] });
    expect(connection.texts).toEqual(['finalize']);
  });

  test('is told key terms where a model takes them', async () => {
    expect((await ask({ ...hints, model: 'ink-2' })).query['keyterm']).toEqual(['Alpha Romeo', 'Parley']);
  });
});
