// Which recognisers there are: those that settings open, and those that are found.
import { afterEach, describe, expect, test } from 'vitest';
import { noModels } from '../../../../src/engines/engine.ts';
import { type CloudEar, earSettings, openEars, searchEars } from '../../../../src/engines/cloud/ears/discover.ts';
import { earTable } from '../../../../src/engines/cloud/ears/rows.ts';
import { providerSettings } from '../../../../src/engines/cloud/providers.ts';
import { type Clock, ManualClock, systemClock } from '../../../../src/lib/clock.ts';
import { silentLog } from '../../../../src/lib/log.ts';
import { recognised } from '../../../contract/stt.ts';
import { FakeTranscriptions } from './fake-transcriptions.ts';
import { first } from './speech.ts';

/** On a machine with much else to do, a server may take its time to tell its models. */
const clock: Clock = { ...systemClock, after: (delayMs, task) => systemClock.after(delayMs * 20, task) };
const servers: FakeTranscriptions[] = [];
const opened: CloudEar[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ stt }) => stt.close()));
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
async function server(pages: Record<string, object> = {}, port = 0): Promise<FakeTranscriptions> {
  const fake = new FakeTranscriptions();
  servers.push(fake);
  for (const [path, page] of Object.entries(pages)) fake.pages.set(path, page);
  await fake.listen(port);
  return fake;
}
/** Those that the settings open, and those that a look at this machine finds. */
async function open(settings: Record<string, string | undefined>, ofClock = clock): Promise<CloudEar[]> {
  const environment = {
    dataDir: '',
    settings: { PARLEY_STT_PROBE: 'off', ...settings },
    log: silentLog,
    clock: ofClock,
    models: noModels,
  };
  const configured = await openEars(environment);
  const seen = (await searchEars(environment, configured)?.look()) ?? [];
  const ears = [...configured, ...(await Promise.all(seen.map((sighting) => sighting.open())))];
  opened.push(...ears);
  return ears;
}
const speaches = {
  object: 'list',
  data: [
    {
      id: 'Systran/faster-whisper-small',
      created: 0,
      object: 'model',
      owned_by: 'Systran',
      language: ['en'],
      task: 'automatic-speech-recognition',
    },
    {
      id: 'speaches-ai/Kokoro-82M-v1.0-ONNX',
      created: 0,
      object: 'model',
      owned_by: 'speaches-ai',
      language: ['en'],
      task: 'text-to-speech',
    },
  ],
};
const vllm = (id: string) => ({
  object: 'list',
  data: [{ id, object: 'model', created: 1, owned_by: 'vllm', root: id, max_model_len: 448 }],
});

describe('recognition services', () => {
  test('are configured by their keys, which are those of the language models where they are the same', async () => {
    const ears = await open({ OPENAI_API_KEY: 'a', DEEPGRAM_API_KEY: 'b', SONIOX_API_KEY: '  ', MISTRAL_API_KEY: 'c' });
    expect(ears.map(({ prefix, defaultModel }) => `${prefix}/${defaultModel}`)).toEqual([
      'openai/gpt-transcribe',
      'mistral/voxtral-mini-latest',
      'deepgram/nova-3',
    ]);
    expect(ears[2]?.models()).toEqual(['nova-3', 'nova-3-medical', 'nova-2', 'flux-general-en', 'flux-general-multi']);
    expect(ears[2]).toMatchObject({ name: 'Deepgram', alsoKnownAs: [], stt: { info: { id: 'deepgram', kind: 'stt' } } });
  });

  test('know the ids that clients use', async () => {
    const ears = await open({ ASSEMBLYAI_API_KEY: 'a', INWORLD_API_KEY: 'b' });
    const ids = ears.flatMap(({ prefix, models }) => models().map((model) => `${prefix}/${model}`));
    expect(ids).toContain('assemblyai/universal-streaming-multilingual');
    expect(ids).toContain('inworld/inworld-stt-1');
  });

  test('take the model that the settings name, known or not', async () => {
    const [deepgram] = await open({ DEEPGRAM_API_KEY: 'b', DEEPGRAM_STT_MODEL: 'nova-9' });
    expect(deepgram?.defaultModel).toBe('nova-9');
    expect(deepgram?.models()[0]).toBe('nova-9');
  });

  test('are asked at the address that the settings give', async () => {
    const fake = await server();
    const [openai] = await open({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: `${fake.origin}/v1/`, OPENAI_STT_MODEL: 'whisper-1' });
    expect((await recognised(openai?.stt as CloudEar['stt'], first.samples)).text).toBe(first.words.join(' '));
    expect(fake.requests[0]?.headers.authorization).toBe('Bearer k');
  });

  test('are left out when their address is none', async () => {
    expect(await open({ DEEPGRAM_API_KEY: 'a', DEEPGRAM_BASE_URL: 'no address', PARLEY_STT_BASE_URL: 'file:///etc' })).toEqual([]);
  });

  test('may be any server, whose first model for recognition is the default', async () => {
    const fake = await server({ '/v1/models': { object: 'list', data: [{ id: 'qwen' }, { id: 'whisper-large' }] } });
    const [custom] = await open({ PARLEY_STT_BASE_URL: fake.origin, PARLEY_STT_API_KEY: 'k' });
    expect(custom).toMatchObject({ prefix: 'custom', defaultModel: 'whisper-large' });
    await recognised(custom?.stt as CloudEar['stt'], first.samples);
    expect(fake.requests[0]?.fields['model']).toEqual(['whisper-large']);
    expect(fake.requests[0]?.headers.authorization).toBe('Bearer k');
  });

  test('serve by the usual name when such a server tells no models, and are there though it is not yet', async () => {
    const fake = await server();
    expect((await open({ PARLEY_STT_BASE_URL: fake.origin }))[0]?.defaultModel).toBe('whisper-1');
    expect((await open({ SPEACHES_BASE_URL: 'http://127.0.0.1:1' }))[0]).toMatchObject({ prefix: 'speaches', defaultModel: 'whisper-1' });
    const [named] = await open({ PARLEY_STT_BASE_URL: fake.origin, PARLEY_STT_MODEL: 'tiny' });
    expect(named?.defaultModel).toBe('tiny');
    await recognised(named?.stt as CloudEar['stt'], first.samples);
    expect(fake.requests[0]?.headers.authorization).toBeUndefined();
  });

  test('that are started later are asked again for their models', async () => {
    const fake = await server();
    const manual = new ManualClock();
    const [ear] = await open({ SPEACHES_BASE_URL: fake.origin }, manual);
    expect(ear?.models()).toEqual(['whisper-1']);
    fake.pages.set('/v1/models', speaches);
    manual.advance(30_000);
    // Its answer is read a moment later.
    const usual = () => ear?.defaultModel;
    while (usual() !== 'Systran/faster-whisper-small') await new Promise((resolve) => setImmediate(resolve));
    expect(ear?.models()).toEqual(['Systran/faster-whisper-small']);
  });

  test('are not what serves language models only', async () => {
    const fake = await server({ '/v1/models': vllm('meta-llama/Llama-3.1-8B') });
    expect(await open({ VLLM_BASE_URL: fake.origin })).toEqual([]);
    fake.pages.set('/v1/models', vllm('openai/whisper-large-v3'));
    expect((await open({ VLLM_BASE_URL: fake.origin }))[0]).toMatchObject({ prefix: 'vllm', defaultModel: 'openai/whisper-large-v3' });
  });
});

describe('recognition servers on this machine', () => {
  const port = (prefix: string) => Number(new URL(earTable.find((row) => row.prefix === prefix)?.baseUrl ?? '').port);
  const look = (settings: Record<string, string> = {}) => open({ PARLEY_STT_PROBE: undefined, PORT: '9', ...settings });
  const prefixes = (ears: readonly CloudEar[]) => ears.map(({ prefix, defaultModel }) => `${prefix}/${defaultModel}`);
  /** Somebody else on this machine may have it: then there is nothing to try. */
  async function taking(prefix: string, pages: Record<string, object>): Promise<boolean> {
    try {
      await server(pages, port(prefix));
      return true;
    } catch {
      servers.pop();
      return false;
    }
  }

  test('speaches and vLLM are told apart on the port they share', async () => {
    if (!(await taking('speaches', { '/v1/models': speaches }))) return;
    expect(prefixes(await look())).toContain('speaches/Systran/faster-whisper-small');
    servers[0]?.pages.set('/v1/models', vllm('mistralai/Voxtral-Mini-3B-2507'));
    expect(prefixes(await look())).toContain('vllm/mistralai/Voxtral-Mini-3B-2507');
    servers[0]?.pages.set('/v1/models', { object: 'list', data: [{ id: 'whisper-1' }] });
    expect(prefixes(await look()).filter((id) => !id.startsWith('localai'))).toEqual([]);
  });

  test('LocalAI is known by its own page, and looked for only where this server itself is not', async () => {
    const pages = {
      '/v1/models': { object: 'list', data: [{ id: 'gpt-4' }, { id: 'whisper-base' }] },
      '/system': { backends: ['whisper'], loaded_models: [] },
    };
    if (!(await taking('localai', pages))) return;
    expect(prefixes(await look())).toContain('localai/whisper-base');
    expect(prefixes(await look({ PORT: '8080' })).filter((id) => id.startsWith('localai'))).toEqual([]);
    servers[0]?.pages.delete('/system');
    expect(prefixes(await look()).filter((id) => id.startsWith('localai'))).toEqual([]);
  });

  test('are not looked for when a service is configured', async () => {
    if (!(await taking('speaches', { '/v1/models': speaches }))) return;
    expect(prefixes(await look({ DEEPGRAM_API_KEY: 'k' }))).toEqual(['deepgram/nova-3']);
  });
});

test('every setting is told once, in a sentence', () => {
  const names = [...earSettings, ...providerSettings].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { description } of earSettings) expect(description).toMatch(/^[^\n]+\.$/);
  expect(names).toEqual(expect.arrayContaining(earTable.map(({ settings }) => `${settings}_BASE_URL`)));
});
