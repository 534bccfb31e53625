// Which services' voices the settings open, under which names, and which servers are found.
import { afterEach, describe, expect, test } from 'vitest';
import { type CloudVoice, openVoices, searchVoices, voiceSettings } from '../../../../src/engines/cloud/voices/discover.ts';
import { voiceRows } from '../../../../src/engines/cloud/voices/rows.ts';
import { providerSettings } from '../../../../src/engines/cloud/providers.ts';
import { noModels } from '../../../../src/engines/engine.ts';
import { ManualClock } from '../../../../src/lib/clock.ts';
import { silentLog } from '../../../../src/lib/log.ts';
import { FakeCartesia } from '../../../contract/voices/cartesia.ts';
import { type FakeService, KEY } from '../../../contract/voices/fake-service.ts';
import { FakeOpenAi } from '../../../contract/voices/openai.ts';
import { spoken } from '../../../contract/voices/spoken.ts';

const services: FakeService[] = [];
const opened: CloudVoice[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ tts }) => tts.close()));
  await Promise.all(services.splice(0).map((service) => service.close()));
});

/** Those that the settings open, and those that a look at this machine finds. Nothing takes too long unless a test says so. */
async function open(settings: Record<string, string>, clock = new ManualClock()): Promise<CloudVoice[]> {
  const environment = { dataDir: '', settings: { PARLEY_TTS_PROBE: 'off', ...settings }, log: silentLog, clock, models: noModels };
  const configured = await openVoices(environment);
  const seen = (await searchVoices(environment)?.look()) ?? [];
  const voices = [...configured, ...(await Promise.all(seen.map((sighting) => sighting.open())))];
  opened.push(...voices);
  return voices;
}

/** The first of them, which is there. */
async function first(settings: Record<string, string>, clock?: ManualClock): Promise<CloudVoice> {
  const [voice] = await open(settings, clock);
  if (!voice) throw new Error('nothing was opened');
  return voice;
}

async function listening<S extends FakeService>(service: S, port?: number): Promise<S> {
  await service.listen(port);
  services.push(service);
  return service;
}

async function server(pages: Record<string, unknown>, port?: number): Promise<FakeOpenAi> {
  const service = await listening(new FakeOpenAi(), port);
  for (const [path, body] of Object.entries(pages)) service.pages.set(path, body);
  return service;
}

const models = (...ids: string[]) => ({ object: 'list', data: ids.map((id) => ({ id, object: 'model' })) });
/** Nobody listens there. */
const nobody = 'http://127.0.0.1:9';
const nobodyElse = Object.fromEntries(voiceRows.flatMap(({ local, settings }) => (local ? [] : [[`${settings}_BASE_URL`, nobody]])));

describe('services are opened by their keys', () => {
  test('OpenAI with the key that its language models have', async () => {
    const [openai, ...others] = await open({ ...nobodyElse, OPENAI_API_KEY: KEY });
    expect(others).toEqual([]);
    expect(openai).toMatchObject({ prefix: 'openai', name: 'OpenAI', defaultModel: 'gpt-4o-mini-tts', source: 'configured' });
    expect(openai?.models()).toEqual(['gpt-4o-mini-tts', 'tts-1', 'tts-1-hd']);
    expect(openai?.tts.voices().map(({ id }) => id)).toContain('marin');
  });

  test('all of them, in the order of the table', async () => {
    const keys = {
      INWORLD_RUNTIME_BASE64_CREDENTIAL: 'a',
      GROQ_API_KEY: 'b',
      ELEVEN_API_KEY: 'c',
      CARTESIA_API_KEY: 'd',
      DEEPGRAM_API_KEY: 'e',
    };
    expect((await open({ ...nobodyElse, ...keys })).map(({ prefix }) => prefix)).toEqual([
      'inworld',
      'elevenlabs',
      'cartesia',
      'deepgram',
      'groq',
    ]);
  });

  test('none without one, and an empty one is none', async () => {
    expect(await open({ OPENAI_API_KEY: '', INWORLD_API_KEY: ' ', CARTESIA_BASE_URL: nobody })).toEqual([]);
  });

  test('with the voices that they tell of, in names without a prefix', async () => {
    const service = await listening(new FakeCartesia());
    const cartesia = await first({ CARTESIA_API_KEY: KEY, CARTESIA_BASE_URL: `${service.url}/`, CARTESIA_TTS_MODEL: 'sonic-9' });
    expect(cartesia.tts.voices().map(({ name }) => name)).toEqual(['Katie', 'Barbershop Man']);
    expect(cartesia.models()[0]).toBe('sonic-9');
    await spoken(cartesia.tts, ['Hello.']);
    expect(service.generations[0]?.model_id).toBe('sonic-9');
  });

  test('an address that is none leaves a service out', async () => {
    expect(await open({ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: 'not an address' })).toEqual([]);
    expect(await open({ PARLEY_TTS_BASE_URL: 'ftp://host' })).toEqual([]);
  });

  test('a service that is down is there all the same, with its documented voices', async () => {
    const inworld = await first({ INWORLD_API_KEY: KEY, INWORLD_BASE_URL: nobody });
    expect(inworld.tts.voices().length).toBeGreaterThan(50);
  });

  test('a service that does not answer holds the start up for no more than a moment', async () => {
    const service = await listening(new FakeCartesia());
    service.silentLists = true;
    const clock = new ManualClock();
    const opening = open({ CARTESIA_API_KEY: KEY, CARTESIA_BASE_URL: service.url }, clock);
    await service.until(() => service.requests.length > 0);
    clock.advance(300);
    expect(await opening).toHaveLength(1);
  });
});

describe('any other server', () => {
  test('is `custom`, with its own voices and the first model that speaks', async () => {
    const service = await server({
      '/v1/models': models('llama-3', 'whisper-1', 'orpheus-3b', 'kokoro'),
      '/v1/audio/voices': { voices: ['tara', 'leo'] },
    });
    const custom = await first({ PARLEY_TTS_BASE_URL: `${service.url}/v1/`, PARLEY_TTS_API_KEY: KEY });
    expect(custom).toMatchObject({ prefix: 'custom', defaultModel: 'orpheus-3b', source: 'configured' });
    expect(custom.models()).toEqual(['orpheus-3b', 'kokoro']);
    expect(custom.tts.voices().map(({ id }) => id)).toEqual(['tara', 'leo']);
    await spoken(custom.tts, ['Hello.']);
    expect(service.bodies).toMatchObject([{ model: 'orpheus-3b', voice: 'tara' }]);
    expect(service.requests.every(({ headers }) => headers.authorization === `Bearer ${KEY}`)).toBe(true);
  });

  test('needs no key, gets the version of the path where the address has none, and a model by the settings', async () => {
    const service = await server({});
    const custom = await first({ PARLEY_TTS_BASE_URL: service.url, PARLEY_TTS_MODEL: 'my-model' });
    await spoken(custom.tts, ['Hello.']);
    expect(service.bodies).toMatchObject([{ model: 'my-model' }]);
    expect(service.requests.every(({ headers, url }) => headers.authorization === undefined && url.startsWith('/v1/'))).toBe(true);
  });

  test('without a list of models is asked for the one that everybody has', async () => {
    const service = await server({});
    expect((await first({ PARLEY_TTS_BASE_URL: service.url })).defaultModel).toBe('tts-1');
  });

  test('is given as long for its first sound as the settings say', async () => {
    const service = await server({});
    service.fault = 'silent';
    const clock = new ManualClock();
    const custom = await first({ PARLEY_TTS_BASE_URL: service.url, PARLEY_TTS_FIRST_SOUND_MS: '30' }, clock);
    const speech = spoken(custom.tts, ['Hello.']);
    await service.until(() => service.texts.length > 0);
    clock.advance(30);
    await expect(speech).rejects.toMatchObject({ reason: 'timeout' });
  });

  test('that is started later is asked again, and its model is then the default', async () => {
    const service = await server({});
    const clock = new ManualClock();
    const custom = await first({ PARLEY_TTS_BASE_URL: service.url }, clock);
    expect(custom.models()).toEqual(['tts-1']);
    service.pages.set('/v1/models', models('orpheus-3b'));
    clock.advance(30_000);
    // Its answer is read a moment later.
    while (custom.defaultModel !== 'orpheus-3b') await new Promise((resolve) => setImmediate(resolve));
    await spoken(custom.tts, ['Hello.']);
    expect(service.bodies).toMatchObject([{ model: 'orpheus-3b' }]);
  });
});

describe("servers of one's own", () => {
  test('Kokoro-FastAPI by its address', async () => {
    const service = await server({ '/v1/models': models('tts-1', 'tts-1-hd', 'kokoro'), '/v1/audio/voices': { voices: ['af_heart'] } });
    const kokoro = await first({ KOKORO_FASTAPI_BASE_URL: service.url });
    expect(kokoro).toMatchObject({ prefix: 'kokoro-fastapi', defaultModel: 'kokoro' });
    expect(kokoro.tts.voices()).toMatchObject([{ id: 'af_heart', gender: 'female' }]);
  });

  test('speaches, whose models say what they are for, is asked for one rate', async () => {
    const data = [
      { id: 'Systran/faster-whisper-small', task: 'automatic-speech-recognition' },
      { id: 'speaches-ai/piper-en_US-amy-low', task: 'text-to-speech' },
    ];
    const service = await server({ '/v1/models?task=text-to-speech': { data } });
    const speaches = await first({ SPEACHES_BASE_URL: service.url });
    expect(speaches).toMatchObject({ prefix: 'speaches', defaultModel: 'speaches-ai/piper-en_US-amy-low' });
    await spoken(speaches.tts, ['Hello.']);
    expect(service.bodies).toMatchObject([{ sample_rate: 24_000 }]);
  });

  test('LocalAI is asked for WAVE, with a model that speaks', async () => {
    const service = await server({ '/v1/models': models('gpt-4', 'whisper-1', 'voice-en-us-amy-tts'), '/.well-known/localai.json': {} });
    const localai = await first({ LOCALAI_BASE_URL: service.url });
    expect(localai).toMatchObject({ prefix: 'localai', defaultModel: 'voice-en-us-amy-tts' });
    await spoken(localai.tts, ['Hello.']);
    expect(service.bodies).toMatchObject([{ response_format: 'wav' }]);
  });

  test('are found by their port when they answer as themselves, unless that is our own', async ({ skip }) => {
    const free = await server({}, 8880).then(
      () => true,
      () => false,
    );
    skip(!free, 'a Kokoro-FastAPI of its own runs on this machine');
    const [service] = services as [FakeOpenAi];
    // Whatever else runs on this machine is left alone.
    const probing = { PARLEY_TTS_PROBE: '', SPEACHES_BASE_URL: nobody, LOCALAI_BASE_URL: nobody };
    const found = async (settings = {}) => (await open({ ...probing, ...settings })).filter(({ prefix }) => prefix === 'kokoro-fastapi');

    service.pages.set('/v1/models', models('llama-3'));
    expect(await found()).toEqual([]);
    service.pages.set('/v1/models', models('kokoro'));
    expect(await found()).toMatchObject([{ source: 'found', defaultModel: 'kokoro' }]);
    expect(await found({ PORT: '8880' })).toEqual([]);
    expect(await found({ PARLEY_TTS_PROBE: 'off' })).toEqual([]);
    // It comes behind those that the settings name.
    const all = await open({ ...probing, ...nobodyElse, DEEPGRAM_API_KEY: KEY });
    expect(all.map(({ prefix }) => prefix)).toEqual(['deepgram', 'speaches', 'localai', 'kokoro-fastapi']);
  });
});

describe('the settings', () => {
  test('are described once each, in a line, those aside that the language models have', () => {
    const names = [...providerSettings, ...voiceSettings].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      expect.arrayContaining([
        'OPENAI_API_KEY',
        'OPENAI_TTS_MODEL',
        'INWORLD_API_KEY',
        'PARLEY_TTS_BASE_URL',
        'PARLEY_TTS_MODEL',
        'PARLEY_TTS_PROBE',
      ]),
    );
    for (const { description } of voiceSettings) expect(description).toMatch(/^[^\n]+\.$/);
  });
});
