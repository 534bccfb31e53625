// A conversation with models whose providers keep the beginning of a prompt: it stays the same from turn to turn, they are told which requests belong
// together, and what they took from their cache is in the answer's usage, in the account and in its cost.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeChatServer, finishChunk, stream, textChunk } from '../contract/fake-chat-server.ts';
import { claudeEvents, claudeServer, endEvent, startEvent, stopEvent, textEvent } from '../contract/fake-claude.ts';
import { Client } from './support/client.ts';
import { apiKey, type RunningServer, startServer } from './support/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-prices-'));
const openai = new FakeChatServer();
const claude = claudeServer();
let running: RunningServer;

beforeAll(async () => {
  const prices = {
    currency: 'USD',
    'openai/*': { input: 1, cached: 0.1, output: 5 },
    'anthropic/*': { input: 2, cached: 0.2, output: 10 },
  };
  writeFileSync(join(folder, 'prices.json'), JSON.stringify(prices));
  const settings = {
    PARLEY_LLM: 'offline',
    PARLEY_PRICES: join(folder, 'prices.json'),
    OPENAI_API_KEY: 'key',
    OPENAI_BASE_URL: await openai.listen(),
    ANTHROPIC_API_KEY: 'key',
    ANTHROPIC_BASE_URL: await claude.listen(),
  };
  running = await startServer({ engines: 'scripted', settings });
});

afterAll(async () => {
  await running.close();
  await Promise.all([openai.close(), claude.close()]);
  rmSync(folder, { recursive: true });
});

const cachedTokens = [0, 1200, 1300];

/** Three turns with a model; the tokens of each answer as its client is told of them. */
async function talk(model: string): Promise<unknown[]> {
  const client = await Client.open(running.ws);
  const tool = { type: 'function', name: 'now', description: 'Tells the time.', parameters: { type: 'object', properties: {} } };
  const session = { type: 'realtime', model, output_modalities: ['text'], instructions: 'Be brief. '.repeat(600), tools: [tool] };
  client.send({ type: 'session.update', session });
  const told: unknown[] = [];
  for (const text of ['Hello.', 'How are you?', 'Goodbye.']) {
    const { mark } = client.log;
    client.say(text);
    client.send({ type: 'response.create' });
    const { response } = (await client.log.wait('response.done', mark)) as unknown as {
      response: { usage: { input_tokens: number; input_token_details: { cached_tokens: number } } };
    };
    told.push([response.usage.input_tokens, response.usage.input_token_details.cached_tokens]);
  }
  client.close();
  return told;
}

async function account(model: string): Promise<unknown> {
  const path = '/v1/usage?group_by=model';
  const body = (await (await fetch(`${running.http}${path}`, { headers: { authorization: `Bearer ${apiKey}` } })).json()) as {
    data: { model: string }[];
  };
  return body.data.find((row) => row.model === model);
}

test('F45: what OpenAI had cached is told, counted and priced as that, and each request goes on from the one before', async () => {
  openai.script = (body, response, request) => {
    const cached_tokens = cachedTokens[openai.requests.length - 1];
    const usage = { prompt_tokens: 1500, completion_tokens: 10, prompt_tokens_details: { cached_tokens } };
    return stream(textChunk('Hi.'), finishChunk('stop'), { choices: [], usage }, 'data: [DONE]\n\n')(body, response, request);
  };
  expect(await talk('openai/gpt-6-luna')).toEqual(cachedTokens.map((cached) => [1500, cached]));

  const [first = '', second = '', third = ''] = openai.requests.map(({ text }) => text.slice(0, -']}'.length));
  expect([second.startsWith(first), third.startsWith(second)]).toEqual([true, true]);
  expect(first).toContain('"now"');
  const keys = openai.requests.map(({ body }) => body['prompt_cache_key']);
  expect(new Set(keys)).toEqual(new Set([expect.stringMatching(/^[\w-]{32}$/)]));

  expect(await account('openai/gpt-6-luna')).toMatchObject({
    input_tokens: 4500,
    cached_tokens: 2500,
    output_tokens: 30,
    cost: (2000 * 1 + 2500 * 0.1 + 30 * 5) / 1_000_000,
    cost_is_complete: true,
  });
});

test('F45: what Anthropic had cached is told, counted and priced as that, and the instructions are marked to be cached', async () => {
  claude.script = (body, response, request) => {
    const cache_read_input_tokens = cachedTokens[claude.requests.length - 1] ?? 0;
    const usage = {
      input_tokens: 100,
      cache_read_input_tokens,
      cache_creation_input_tokens: 1400 - cache_read_input_tokens,
      output_tokens: 1,
    };
    return claudeEvents(
      startEvent(usage),
      textEvent('Hi.'),
      stopEvent('end_turn', { output_tokens: 10 }),
      endEvent,
    )(body, response, request);
  };
  expect(await talk('anthropic/claude-haiku-5-5')).toEqual(cachedTokens.map((cached) => [1500, cached]));
  for (const { body } of claude.requests) {
    expect(body['system']).toMatchObject([{ type: 'text', text: 'Be brief. '.repeat(600), cache_control: { type: 'ephemeral' } }]);
  }
  expect(await account('anthropic/claude-haiku-5-5')).toMatchObject({
    cached_tokens: 2500,
    cost: (2000 * 2 + 2500 * 0.2 + 30 * 10) / 1_000_000,
  });
});
