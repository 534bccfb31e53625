// The limits of a key at the doors of a running server: a session too many is refused before there is one, whichever way it comes, and its place is
// free again however the one before it has ended.
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Client, openaiPath } from '../e2e/support/client.ts';
import { field } from '../e2e/support/events.ts';
import { apiKey, type RunningServer, startServer } from '../e2e/support/server.ts';
import { parseMetrics } from './prometheus-text.ts';

const otherKey = 'another-key-0123456789-another-key-0123456789';
let running: RunningServer;

async function start(settings: Record<string, string>): Promise<RunningServer> {
  running = await startServer({ engines: 'scripted', settings: { PARLEY_API_KEY: `${apiKey},${otherKey}`, ...settings } });
  return running;
}

afterEach(async () => {
  await running.close();
});

interface Refusal {
  status: number;
  retryAfter: string | undefined;
  body: unknown;
}

function refusal(path = openaiPath, key = apiKey): Promise<Refusal> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${running.ws}${path}`, { headers: { Authorization: `Bearer ${key}` } });
    socket.on('error', reject);
    socket.on('open', () => reject(new Error('let in')));
    socket.on('unexpected-response', (_request, response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      const { statusCode: status = 0, headers } = response;
      response.on('end', () => resolve({ status, retryAfter: headers['retry-after'], body: JSON.parse(text) as unknown }));
    });
  });
}

async function post(path: string, body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) {
  const response = await fetch(`${running.http}${path}`, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${apiKey}`, ...headers },
  });
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.json() };
}

const tooMany = { error: { type: 'rate_limit_error', code: 'rate_limit_exceeded', param: null, message: expect.any(String) as string } };

test('a session too many is refused with 429 and Retry-After, as a WebSocket and as a call, by the key, its secrets and the paths of both APIs', async () => {
  const { ws } = await start({ PARLEY_LIMIT_SESSIONS: '2' });
  const { body: minted } = await post('/v1/realtime/client_secrets', '{}');
  const secret = (minted as { value: string }).value;
  const clients = [await Client.open(ws), await Client.open(ws, openaiPath, secret)];
  for (const key of [apiKey, secret]) {
    for (const path of [openaiPath, '/api/v1/realtime/session?key=mine&protocol=realtime'])
      expect(await refusal(path, key)).toEqual({ status: 429, retryAfter: '5', body: tooMany });
  }
  const sdp = { 'content-type': 'application/sdp' };
  expect(await post('/v1/realtime/calls', 'v=0', sdp)).toEqual({ status: 429, retryAfter: '5', body: tooMany });
  expect(await post('/v1/realtime/webrtc', JSON.stringify({ sdp: 'v=0' }))).toMatchObject({
    status: 429,
    retryAfter: '5',
    body: { code: 8 },
  });
  // Another key has its own.
  clients.push(await Client.open(ws, openaiPath, otherKey));
  for (const client of clients) client.close();
});

test('the place is free again when a client has gone, was lost, was closed by the server, or was no session at all', async () => {
  const { ws } = await start({ PARLEY_LIMIT_SESSIONS: '1' });
  const free = () => vi.waitFor(async () => Client.open(ws), { timeout: 5000 });
  let client = await free();
  expect((await refusal()).status).toBe(429);
  client.socket.close();
  client = await free();
  client.socket.terminate();
  client = await free();
  // More than a frame may hold: the server closes.
  client.socket.send('x'.repeat(22 * 1024 * 1024));
  await client.closed;
  client = await free();
  client.close();
  // A call that cannot be answered, after its place was promised.
  await vi.waitFor(async () => expect((await post('/v1/realtime/calls', 'v=0', { 'content-type': 'application/sdp' })).status).toBe(400), {
    timeout: 10_000,
  });
  client = await free();
  expect((await refusal()).status).toBe(429);
  client.close();
});

async function parleyLimit(name: string, limit: string): Promise<number | undefined> {
  const text = await (await fetch(`${running.http}/metrics`, { headers: { authorization: `Bearer ${apiKey}` } })).text();
  return parseMetrics(text).find((sample) => sample.name === name && sample.labels['limit'] === limit)?.value;
}

test('knocking is a request: over the requests of a second the door says so, and the metrics count what was refused', async () => {
  const { ws } = await start({ PARLEY_LIMIT_REQUESTS: '1', PARLEY_LIMIT_MINTS: '1', PARLEY_LIMIT_SPEECH_SECONDS: '60' });
  const client = await Client.open(ws);
  const fromMs = performance.now();
  expect(await refusal()).toEqual({ status: 429, retryAfter: '1', body: tooMany });
  // Who is refused for now is not answered at once. Timers may ring a millisecond early.
  expect(performance.now() - fromMs).toBeGreaterThan(245);
  client.close();
  await vi.waitFor(async () => expect((await post('/v1/realtime/client_secrets', '{}')).status).toBe(200), { timeout: 5000 });
  await vi.waitFor(
    async () => {
      await post('/v1/realtime/client_secrets', '{}');
      expect(await parleyLimit('parley_limit_refusals_total', 'mints')).toBeGreaterThan(0);
    },
    { timeout: 5000, interval: 300 },
  );
  expect(await parleyLimit('parley_limit_refusals_total', 'requests')).toBeGreaterThan(0);
  expect(await parleyLimit('parley_limit_used', 'mints')).toBeGreaterThan(0.5);
  expect(await parleyLimit('parley_limit_used', 'speech')).toBe(0);
  expect(await parleyLimit('parley_limit_used', 'sessions')).toBeUndefined();
});

test('S51: without limits the client of either dialect is told of none, and with them of what is left', async () => {
  const answered = async (headers: Record<string, string>) => {
    const client = await Client.open(running.ws, openaiPath, apiKey, headers);
    client.say('Hello.');
    client.send({ type: 'response.create' });
    await client.log.wait('response.done');
    client.send({ type: 'no.such' });
    await client.log.wait('error');
    client.close();
    return client.log.of('rate_limits.updated').map((event) => field(event, 'rate_limits'));
  };
  const beta = { 'OpenAI-Beta': 'realtime=v1' };
  await start({ PARLEY_LIMITS: 'none' });
  expect([await answered({}), await answered(beta)]).toEqual([[], []]);
  await running.close();
  await start({ PARLEY_LIMITS: 'inworld', PARLEY_LIMIT_REQUESTS: '5000' });
  const told = [{ name: 'requests', limit: 5000, remaining: expect.any(Number) as number, reset_seconds: expect.any(Number) as number }];
  expect([await answered({}), await answered(beta)]).toEqual([[told], [told]]);
});
