import { noModels } from '../../src/engines/engine.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { discoverProviders, ownerOfBareModel, providerSettings } from '../../src/engines/cloud/providers.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { FakeChatServer } from '../contract/fake-chat-server.ts';
import { collect, prompt } from '../contract/llm.ts';

/** On a machine with much else to do, a server may take its time to tell its models. */
const clock: Clock = { ...systemClock, after: (delayMs, task) => systemClock.after(delayMs * 20, task) };
const servers: FakeChatServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
async function modelServer(models: unknown): Promise<FakeChatServer> {
  const server = new FakeChatServer();
  servers.push(server);
  await server.listen();
  server.pages.set('/v1/models', { body: JSON.stringify(models) });
  return server;
}
const discover = (settings: Record<string, string | undefined>) =>
  discoverProviders({ dataDir: '', settings, log: silentLog, clock, models: noModels }, new AbortController().signal);
const list = (...ids: string[]) => ({ object: 'list', data: ids.map((id) => ({ id, object: 'model' })) });

describe('providers', () => {
  it('are configured by their keys, and then nothing is looked for', async () => {
    const found = await discover({ OPENAI_API_KEY: 'a', GROQ_API_KEY: 'b', GOOGLE_API_KEY: 'c', MISTRAL_API_KEY: '' });
    expect(found.map(({ prefix, source }) => [prefix, source])).toEqual([
      ['openai', 'configured'],
      ['groq', 'configured'],
      ['google-ai-studio', 'configured'],
    ]);
    expect(found.find((provider) => provider.prefix === 'google-ai-studio')?.alsoKnownAs).toEqual(['google']);
    expect(found[0]?.defaultModel).toMatch(/^gpt-/);
  });

  it('take the model that the settings name', async () => {
    expect((await discover({ OPENAI_API_KEY: 'a', OPENAI_MODEL: 'gpt-x' }))[0]?.defaultModel).toBe('gpt-x');
  });

  it('may be any server, whose first model for talking is the default', async () => {
    const server = await modelServer(list('nomic-embed-text', 'qwen', 'whisper-1'));
    const [custom] = await discover({ PARLEY_LLM_BASE_URL: server.url, PARLEY_LLM_API_KEY: 'k' });
    expect(custom).toMatchObject({ prefix: 'custom', defaultModel: 'qwen', source: 'configured' });
    expect(await custom?.models()).toEqual(['qwen']);
    if (custom) await collect(custom.llm.respond(prompt('hi'), { model: 'qwen' }, new AbortController().signal));
    expect(server.requests[0]?.headers.authorization).toBe('Bearer k');
  });

  it('get the version of the path when the address has none', async () => {
    const server = await modelServer(list('tiny'));
    expect((await discover({ OLLAMA_BASE_URL: new URL(server.url).origin }))[0]?.defaultModel).toBe('tiny');
  });

  it('are left out when their address is none', async () => {
    expect(await discover({ PARLEY_LLM_BASE_URL: 'not an address', PARLEY_LLM_PROBE: 'off' })).toEqual([]);
  });

  it('use the names that clients use for models', async () => {
    const server = await modelServer(list());
    const [groq] = await discover({ GROQ_API_KEY: 'k', GROQ_BASE_URL: server.url });
    if (groq) await collect(groq.llm.respond(prompt('hi'), { model: 'gpt-oss-120b' }, new AbortController().signal));
    expect(server.requests[0]?.body.model).toBe('openai/gpt-oss-120b');
  });

  it('wait for a first token as long as the settings say', async () => {
    const server = await modelServer(list('m'));
    server.script = () => {};
    const [custom] = await discover({ PARLEY_LLM_BASE_URL: server.url, PARLEY_LLM_FIRST_TOKEN_MS: '30' });
    const asked = custom && collect(custom.llm.respond(prompt('hi'), { model: 'm' }, new AbortController().signal));
    await expect(asked).rejects.toMatchObject({ reason: 'timeout' });
  });

  it('give no models when the list is not one', async () => {
    const server = await modelServer({ data: [{ name: 'x' }] });
    const [custom] = await discover({ PARLEY_LLM_BASE_URL: server.url });
    expect(await custom?.models()).toEqual([]);
    expect(custom?.defaultModel).toBeUndefined();
  });

  it('are not looked for when probing is off', async () => {
    expect(await discover({ PARLEY_LLM_PROBE: 'off' })).toEqual([]);
  });

  it('are found on this machine by their port, when they answer as themselves', async ({ skip }) => {
    const server = new FakeChatServer();
    const free = await server.listen(11_434).then(
      () => true,
      () => false,
    );
    skip(!free, 'an Ollama of its own runs on this machine');
    servers.push(server);
    const found = async (settings = {}) => (await discover(settings)).filter((provider) => provider.prefix === 'ollama');

    server.pages.set('/v1/models', { body: JSON.stringify(list('llama3.2')) });
    expect(await found()).toEqual([]);
    server.pages.set('/api/version', { body: '{"version":"0.9"}' });
    expect(await found()).toMatchObject([{ defaultModel: 'llama3.2', source: 'found' }]);
    expect(await found({ PORT: '11434' })).toEqual([]);
  });
});

describe('the table of providers', () => {
  it('describes every setting once, in a line', () => {
    const names = providerSettings.map((setting) => setting.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      expect.arrayContaining(['OPENAI_API_KEY', 'OPENAI_BASE_URL', 'PARLEY_LLM_BASE_URL', 'PARLEY_LLM_PROBE', 'OLLAMA_BASE_URL']),
    );
    for (const { description } of providerSettings) expect(description).toMatch(/^[^\n]+\.$/);
  });

  it.each([
    ['gpt-4o-mini', 'openai'],
    ['claude-haiku-4-5', 'anthropic'],
    ['gemini-2.5-flash', 'google-ai-studio'],
    ['llama-3.3-70b-versatile', 'groq'],
    ['grok-4', 'xai'],
    ['something-else', undefined],
  ])('F02: knows whose model %s is', (model, prefix) => {
    expect(ownerOfBareModel(model)).toBe(prefix);
  });
});
