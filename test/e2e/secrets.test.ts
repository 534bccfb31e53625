// What opens the door besides a key, by the packages of those who use it: ephemeral secrets, short-lived tokens, and keys that are revoked.
import { createHmac } from 'node:crypto';
import { setTimeout as pass } from 'node:timers/promises';
import OpenAI from 'openai';
import { OpenAIRealtimeWebSocket } from 'openai/realtime/websocket';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import type { ClientSecretCreateResponse } from 'openai/resources/realtime/client-secrets';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { runKeys } from '../../src/cli/keys.ts';
import { Client, openaiPath } from './support/client.ts';
import { EventLog, field, type WireEvent } from './support/events.ts';
import { apiKey, type RunningServer, startServer, trust } from './support/server.ts';
import { testTypes } from './support/types.ts';

vi.setConfig({ testTimeout: 60_000 });

let running: RunningServer;
/** Minted when the tests begin, to be found expired at their end. */
let shortLived: ClientSecretCreateResponse;
const leave: (() => void)[] = [];

beforeAll(async () => {
  running = await startServer({ engines: 'scripted', tls: true });
  trust(running.certificate);
  shortLived = await openai().realtime.clientSecrets.create({ expires_after: { anchor: 'created_at', seconds: 10 } });
});

afterEach(() => {
  for (const task of leave.splice(0)) task();
});

afterAll(async () => {
  await running.close();
});

function openai(key = apiKey): OpenAI {
  return new OpenAI({ apiKey: key, baseURL: `${running.http}/v1`, maxRetries: 0 });
}

const clients = {
  'the header of OpenAIRealtimeWS': (key: string) => new OpenAIRealtimeWS({ model: 'gpt-realtime' }, openai(key)),
  'the subprotocol of OpenAIRealtimeWebSocket': (key: string) => new OpenAIRealtimeWebSocket({ model: 'gpt-realtime' }, openai(key)),
};
/** All that a native WebSocket tells of a refusal. */
const turnedAway = /error|failed|non-101/i;
const ways = Object.keys(clients) as (keyof typeof clients)[];

/** Connects with the key; resolves when it has been greeted, and rejects when it was turned away. */
async function connect(way: keyof typeof clients, key: string) {
  const connection = clients[way](key);
  const log = new EventLog();
  connection.on('event', (event) => log.add(event));
  leave.push(() => connection.close());
  const refused = new Promise<never>((_resolve, reject) => connection.on('error', reject));
  refused.catch(() => {});
  await Promise.race([log.wait('session.created'), refused]);
  return { log, connection };
}

async function credential(): Promise<{ line(start: RegExp): string; keys(...argv: string[]): Promise<void> }> {
  const said: string[] = [];
  const keys = (...argv: string[]) => runKeys(argv, { dataDir: running.dataDir, settings: {} }, (text) => said.push(text));
  await keys('make', '--name', 'end to end');
  return { keys, line: (start) => said.map((text) => start.exec(text)?.[1]).find((part) => part !== undefined) ?? '' };
}

const made = { id: /^Made (key_\w+)/, credential: /^ +API key +(\S+)$/, key: /^ +Key +(\S+)$/, secret: /^ +Secret +(\S+)$/ };

const tool = {
  type: 'function',
  name: 'get_weather',
  description: 'Fetch the weather for a location',
  parameters: { type: 'object', properties: { location: { type: 'string' } } },
} as const;

test.each(ways)('an ephemeral secret opens %s, and the session is the one stored with it', async (way) => {
  const secret = await openai().realtime.clientSecrets.create({
    expires_after: { anchor: 'created_at', seconds: 60 },
    session: {
      type: 'realtime',
      instructions: 'Speak like a pirate.',
      tools: [tool],
      audio: { input: { turn_detection: null }, output: { voice: 'marin', speed: 1.1 } },
    },
  });
  expect(secret.value).toMatch(/^ek_/);
  expect(secret.expires_at - Date.now() / 1000).toBeGreaterThan(50);
  expect(secret.expires_at - Date.now() / 1000).toBeLessThanOrEqual(61);
  expect(secret.session).toMatchObject({ type: 'realtime', instructions: 'Speak like a pirate.', tools: [{ name: 'get_weather' }] });

  const { log, connection } = await connect(way, secret.value);
  expect(field(log.all[0] as WireEvent, 'session')).toMatchObject({
    type: 'realtime',
    instructions: 'Speak like a pirate.',
    tools: [{ type: 'function', name: 'get_weather' }],
    audio: { input: { turn_detection: null }, output: { voice: 'marin', speed: 1.1 } },
  });
  connection.send({ type: 'response.create', response: { output_modalities: ['text'] } });
  expect(field(await log.wait('response.done'), 'response.status')).toBe('completed');
  // Good for another connection, and the key behind it is not told.
  await connect(way, secret.value);
  expect(JSON.stringify(log.all)).not.toContain(secret.value);
});

test('a secret opens the realtime doors only', async () => {
  const { value } = await openai().realtime.clientSecrets.create({ session: { type: 'realtime' } });
  await expect(openai(value).models.list()).rejects.toMatchObject({ status: 401 });
  await expect(openai(value).realtime.clientSecrets.create({})).rejects.toMatchObject({ status: 401 });
  const voices = await fetch(`${running.http}/voices/v1/voices`, { headers: { Authorization: `Bearer ${value}` } });
  expect(voices.status).toBe(401);
  expect((await openai().models.list()).data.map(({ id }) => id)).not.toEqual([]);
});

test('a session that could not be had is refused when the secret is asked for', async () => {
  await expect(
    openai().realtime.clientSecrets.create({ session: { type: 'realtime', audio: { output: { speed: 7 } } } }),
  ).rejects.toMatchObject({ status: 400, param: 'session.audio.output.speed' });
  await expect(openai().realtime.clientSecrets.create({ expires_after: { seconds: 5 } })).rejects.toMatchObject({ status: 400 });
});

/** What Inworld's sample signs, with a key and its secret. */
function signed({ key, secret }: { key: string; secret: string }): string {
  const dateTime = new Date().toISOString().replace(/[-:T]/g, '').slice(0, 14);
  const nonce = Math.random().toString(16).slice(2, 13);
  let link: Buffer | string = `IW1${secret}`;
  for (const element of [dateTime, 'api-engine.inworld.ai', 'ai.inworld.engine.WorldEngine/GenerateToken', nonce]) {
    link = createHmac('sha256', link).update(element).digest();
  }
  const signature = createHmac('sha256', link).update('iw1_request').digest('hex');
  return `IW1-HMAC-SHA256 ApiKey=${key},DateTime=${dateTime},Nonce=${nonce},Signature=${signature}`;
}

const inworldPath = '/api/v1/realtime/session?key=my-session&protocol=realtime';

test("a token got with a key's signature opens Inworld's door, until the key is revoked", async () => {
  const { line, keys } = await credential();
  const pair = { key: line(made.key), secret: line(made.secret) };
  const ask = (authorization: string) =>
    fetch(`${running.http}/auth/v1/tokens/token:generate`, {
      method: 'POST',
      headers: { Authorization: authorization, 'Content-Type': 'application/json' },
      body: JSON.stringify({ key: pair.key, resources: ['workspaces/default'] }),
    });
  const authorization = signed(pair);
  const answer = await ask(authorization);
  expect(answer.status).toBe(200);
  const grant = (await answer.json()) as { token: string; type: string; expirationTime: string };
  expect(grant).toMatchObject({ type: 'Bearer', token: expect.stringMatching(/^eyJ/) as string });
  expect(Date.parse(grant.expirationTime)).toBeGreaterThan(Date.now());
  // The same signature again, and one with another secret.
  expect((await ask(authorization)).status).toBe(403);
  expect((await ask(signed({ ...pair, secret: 'not-the-secret' }))).status).toBe(403);

  const client = await Client.open(running.ws, inworldPath, grant.token);
  leave.push(() => client.close());
  expect(client.log.all[0]?.type).toBe('session.created');
  const [header = '', payload = ''] = grant.token.split('.');
  await expect(Client.open(running.ws, inworldPath, `${header}.${payload}.`)).rejects.toThrow(/closed/);
  const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
  await expect(Client.open(running.ws, inworldPath, `${unsigned}.${payload}.`)).rejects.toThrow(/closed/);

  await keys('revoke', line(made.id));
  await expect(Client.open(running.ws, inworldPath, grant.token)).rejects.toThrow(/closed/);
  expect((await ask(signed(pair))).status).toBe(403);
});

test('a key that was made for a client opens every door, and none once it is revoked', async () => {
  const { line, keys } = await credential();
  const key = line(made.credential);
  for (const way of ways) await connect(way, key);
  const basic = await fetch(`${running.http}/voices/v1/voices`, { headers: { Authorization: `Basic ${key}` } });
  expect(basic.status).toBe(200);
  const { value } = await openai(key).realtime.clientSecrets.create({ session: { type: 'realtime' } });
  const client = await Client.open(running.ws, openaiPath, value);
  leave.push(() => client.close());

  await keys('revoke', line(made.id));
  await expect(connect('the header of OpenAIRealtimeWS', key)).rejects.toThrow(/401/);
  await expect(connect('the subprotocol of OpenAIRealtimeWebSocket', key)).rejects.toThrow(turnedAway);
  await expect(openai(key).models.list()).rejects.toMatchObject({ status: 401 });
  // Nor does what was minted for it.
  await expect(connect('the header of OpenAIRealtimeWS', value)).rejects.toThrow(/401/);
});

test('a secret that has expired opens nothing', async () => {
  await pass(Math.max(0, shortLived.expires_at * 1000 - Date.now()) + 200);
  await expect(connect('the header of OpenAIRealtimeWS', shortLived.value)).rejects.toThrow(/401/);
  await expect(connect('the subprotocol of OpenAIRealtimeWebSocket', shortLived.value)).rejects.toThrow(turnedAway);
});

testTypes();
