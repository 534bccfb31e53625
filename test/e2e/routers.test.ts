// Routers of a running server: a session asks for `inworld/<router>`, and the models that it names are asked, each at a provider's real socket.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { FakeChatServer, finishChunk, stream, textChunk } from '../contract/fake-chat-server.ts';
import { Client } from './support/client.ts';
import { apiKey, type RunningServer, startServer } from './support/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-routers-'));
const openai = new FakeChatServer();
const groq = new FakeChatServer();
let running: RunningServer;

const says = (text: string) => stream(textChunk(text), finishChunk('stop'), 'data: [DONE]\n\n');

/** The router of Inworld's page on failover, with a time-out, for those who pay; a small model for all others. */
const support = {
  name: 'routers/support',
  routes: [
    {
      route: {
        route_id: 'premium',
        variants: [
          {
            variant: {
              variant_id: 'best',
              model_id: 'openai/gpt-5',
              model_selection: { models: ['groq/llama-3.3-70b-versatile'] },
              message_templates: [{ role: 'system', content: 'The caller is {{name}}.' }],
            },
            weight: 100,
          },
        ],
      },
      condition: { cel_expression: 'tier == "premium"' },
    },
  ],
  defaultRoute: {
    route_id: 'standard',
    variants: [{ variant: { variant_id: 'small', model_id: 'groq/llama-3.1-8b-instant' }, weight: 100 }],
  },
  defaults: { fallback: { ttft_timeout: '300ms' } },
};

/** As an editor saves it. */
function save(name: string, router: object): void {
  writeFileSync(join(folder, `${name}.saving`), JSON.stringify(router));
  renameSync(join(folder, `${name}.saving`), join(folder, `${name}.json`));
}

beforeAll(async () => {
  save('support', support);
  const settings = {
    PARLEY_LLM: 'offline',
    PARLEY_ROUTERS_DIR: folder,
    OPENAI_API_KEY: 'key',
    OPENAI_BASE_URL: await openai.listen(),
    GROQ_API_KEY: 'key',
    GROQ_BASE_URL: await groq.listen(),
  };
  running = await startServer({ engines: 'scripted', settings });
});

beforeEach(() => {
  openai.script = says('I am OpenAI.');
  groq.script = says('I am Groq.');
  openai.requests.length = 0;
  groq.requests.length = 0;
});

afterAll(async () => {
  await running.close();
  await Promise.all([openai.close(), groq.close()]);
  rmSync(folder, { recursive: true });
});

async function open(model: string, providerData?: object): Promise<Client> {
  const client = await Client.open(running.ws);
  client.send({
    type: 'session.update',
    session: { type: 'realtime', model, output_modalities: ['text'], ...(providerData ? { providerData } : {}) },
  });
  return client;
}

interface Answered {
  readonly status: string;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly output: readonly { readonly content: readonly { readonly text: string }[] }[];
}

async function ask(client: Client): Promise<Answered> {
  const { mark } = client.log;
  client.say('Hello.');
  client.send({ type: 'response.create' });
  return (await client.log.wait('response.done', mark))['response'] as Answered;
}

const textOf = ({ output }: Answered) => output[0]?.content[0]?.text;

function http(method: string, path: string, body?: object): Promise<Response> {
  const headers = { authorization: `Bearer ${apiKey}`, ...(body ? { 'content-type': 'application/json' } : {}) };
  return fetch(`${running.http}${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
}

test('F44: metadata decides which route a session takes, and its values are in the templates', async () => {
  const client = await open('inworld/support', { metadata: { tier: 'premium', name: 'Ada' } });
  const premium = await ask(client);
  expect(textOf(premium)).toBe('I am OpenAI.');
  expect(premium.metadata).toMatchObject({ route: 'premium', variant: 'best' });
  expect(openai.requests[0]?.body).toMatchObject({
    model: 'gpt-5',
    messages: [{ role: 'system', content: expect.stringMatching(/^The caller is Ada\./) as unknown }, { role: 'user' }],
  });
  client.close();

  const other = await open('inworld/support');
  const standard = await ask(other);
  expect(textOf(standard)).toBe('I am Groq.');
  expect(standard.metadata).toMatchObject({ route: 'standard', variant: 'small' });
  expect(groq.requests[0]?.body.model).toBe('llama-3.1-8b-instant');
  other.close();
});

test('C40: a model that keeps silent is left after its time-out, and response.done says who was asked', async () => {
  const droppedBefore = openai.dropped;
  openai.script = () => {};
  const client = await open('inworld/support', { metadata: { tier: 'premium', name: 'Ada' } });
  const answer = await ask(client);
  expect(textOf(answer)).toBe('I am Groq.');
  const attempts = JSON.parse(answer.metadata?.['attempts'] ?? '') as { ms: number }[];
  expect(attempts).toEqual([
    { model: 'openai/gpt-5', success: false, error: 'ttft_timeout', ms: expect.any(Number) as unknown },
    { model: 'groq/llama-3.3-70b-versatile', success: true, ms: expect.any(Number) as unknown },
  ]);
  expect(attempts[0]?.ms).toBeGreaterThanOrEqual(299);
  // The request that nobody waits for any more is broken off.
  await expect.poll(() => openai.dropped).toBe(droppedBefore + 1);
  client.close();
});

test('C40: a session that hedges has a silent model’s answer from the next, and the silent one is called off at its service', async () => {
  openai.script = () => {};
  const droppedBefore = openai.dropped;
  const client = await open('openai/gpt-5', { fallback: { llm: ['groq/llama-3.1-8b-instant'], hedge_ms: 150 } });
  const answer = await ask(client);
  expect(textOf(answer)).toBe('I am Groq.');
  const attempts = JSON.parse(answer.metadata?.['attempts'] ?? '') as { ms: number }[];
  expect(attempts).toEqual([
    { model: 'openai/gpt-5', success: false, error: 'outpaced', ms: expect.any(Number) as unknown },
    { model: 'groq/llama-3.1-8b-instant', success: true, hedged: true, ms: expect.any(Number) as unknown },
  ]);
  expect(attempts[0]?.ms).toBeGreaterThanOrEqual(149);
  await expect.poll(() => openai.dropped).toBe(droppedBefore + 1);
  client.close();
});

test('E32: a router answers by the Responses API of the running server, whole and streamed, and what is used is counted', async () => {
  const responses = new OpenAI({ apiKey, baseURL: `${running.http}/v1`, maxRetries: 0 }).responses;
  const asked = { model: 'inworld/support', input: 'Hello.', metadata: { tier: 'premium', name: 'Ada' } };
  expect(await responses.create(asked)).toMatchObject({ output_text: 'I am OpenAI.', metadata: { route: 'premium', variant: 'best' } });
  openai.script = () => {};
  const { output_text: said, metadata } = await responses.stream(asked).finalResponse();
  expect(said).toBe('I am Groq.');
  expect(JSON.parse(metadata?.['attempts'] ?? '')).toMatchObject([
    { model: 'openai/gpt-5', success: false, error: 'ttft_timeout' },
    { model: 'groq/llama-3.3-70b-versatile', success: true },
  ]);
  const used = async () => JSON.stringify(await (await http('GET', '/v1/usage?group_by=model')).json());
  await expect.poll(used).toMatch(/openai\/gpt-5/);
});

test('F02: a router that is saved, changed or made by the API is there for sessions that are open', async () => {
  const client = await open('inworld/made');
  expect((await client.log.wait('error'))['error']).toMatchObject({ code: 'model_not_found', param: 'session.model' });
  expect((await http('POST', '/router/v1/routers', { ...support, name: 'routers/made' })).status).toBe(200);
  client.send({ type: 'session.update', session: { type: 'realtime', model: 'inworld/made', output_modalities: ['text'] } });
  await client.log.wait('session.updated');
  expect((await ask(client)).metadata).toMatchObject({ variant: 'small' });
  const { data } = (await (await http('GET', '/v1/models')).json()) as { data: { id: string }[] };
  expect(data.map(({ id }) => id)).toContain('inworld/made');

  const [entry] = support.defaultRoute.variants;
  save('made', {
    ...support,
    name: 'routers/made',
    defaultRoute: { route_id: 'standard', variants: [{ ...entry, variant: { variant_id: 'saved', model_id: 'openai/gpt-5' } }] },
  });
  await expect
    .poll(async () => JSON.stringify(await (await http('GET', '/router/v1/routers/made')).json()), { timeout: 10_000 })
    .toContain('saved');
  expect(await ask(client)).toMatchObject({ status: 'completed', metadata: { variant: 'saved' } });

  expect((await http('DELETE', '/router/v1/routers/made')).status).toBe(200);
  expect(await ask(client)).toMatchObject({ status: 'failed', status_details: { error: { code: 'unavailable' } } });
  client.close();
});
