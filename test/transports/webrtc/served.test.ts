// Calls at a whole server, as offers over HTTP: how many it takes, who may touch them, and how it leaves.
import { afterEach, expect, test } from 'vitest';
import { Client } from '../../e2e/support/client.ts';
import { field } from '../../e2e/support/events.ts';
import { apiKey, type RunningServer, startServer } from '../../e2e/support/server.ts';
import { audio, data, offer as offerOf } from './offers.ts';

const otherKey = 'another-key-0123456789';
let running: RunningServer;

async function start(settings: Record<string, string> = {}): Promise<void> {
  running = await startServer({ engines: 'scripted', settings: { PARLEY_API_KEY: `${apiKey},${otherKey}`, ...settings } });
}

afterEach(async () => {
  await running.close();
});

async function offer(query = ''): Promise<{ status: number; id: string; text: string }> {
  const answer = await fetch(`${running.http}/v1/realtime/calls${query}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/sdp' },
    body: offerOf(audio(), data()),
  });
  return { status: answer.status, id: answer.headers.get('location')?.split('/').at(-1) ?? '', text: await answer.text() };
}

function hangUp(id: string, key = apiKey): Promise<number> {
  return fetch(`${running.http}/v1/realtime/calls/${id}/hangup`, { method: 'POST', headers: { Authorization: `Bearer ${key}` } }).then(
    ({ status }) => status,
  );
}

async function load(): Promise<{ sessions: unknown; calls: unknown }> {
  const { sessions, calls } = (await (await fetch(`${running.http}/health`)).json()) as Record<string, unknown>;
  return { sessions, calls };
}

test('offers that come at once get no more sessions than there are', async () => {
  await start({ PARLEY_MAX_SESSIONS: '2' });
  const answers = await Promise.all([offer(), offer(), offer(), offer()]);
  expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 201, 503, 503]);
  const refused = answers.find(({ status }) => status === 503);
  expect(JSON.parse(refused?.text ?? '')).toMatchObject({ error: { code: 'server_overloaded', type: 'server_error' } });
  await expect(Client.open(running.ws)).rejects.toThrow('1006');
});

test('an offer that is refused leaves its place to the next', async () => {
  await start({ PARLEY_MAX_SESSIONS: '1' });
  const broken = await fetch(`${running.http}/v1/realtime/calls`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/sdp' },
    body: 'v=0\r\n',
  });
  expect(broken.status).toBe(400);
  expect((await offer()).status).toBe(201);
});

test('health tells calls as well as sessions, and counts nobody beside a call as one', async () => {
  await start();
  expect(await load()).toEqual({ sessions: 0, calls: 0 });
  const { id } = await offer();
  const client = await Client.open(running.ws);
  const beside = await Client.open(running.ws, `/v1/realtime?call_id=${id}`);
  expect(await load()).toEqual({ sessions: 2, calls: 1 });
  expect(await hangUp(id)).toBe(200);
  expect((await beside.closed).code).toBe(1000);
  await expect.poll(load).toEqual({ sessions: 1, calls: 0 });
  client.close();
});

test('E02 E15: a call is only there for the key that made it', async () => {
  await start();
  const { id } = await offer();
  expect(await hangUp(id, otherKey)).toBe(404);
  await expect(Client.open(running.ws, `/v1/realtime?call_id=${id}`, otherKey)).rejects.toThrow('1006');
  expect(await load()).toEqual({ sessions: 1, calls: 1 });
});

test('a call with ?intent=transcription is only listened to', async () => {
  await start();
  const { id } = await offer('?intent=transcription');
  const beside = await Client.open(running.ws, `/v1/realtime?call_id=${id}`);
  const greeting = await beside.log.wait('session.created');
  expect(field(greeting, 'session.type')).toBe('transcription');
  expect(field(greeting, 'session.audio.input.format')).toEqual({ type: 'audio/pcm', rate: 24_000 });
  beside.close();
});

test('a server that leaves ends its calls, and closes those beside them with 1001', async () => {
  await start();
  const { id } = await offer();
  const beside = await Client.open(running.ws, `/v1/realtime?call_id=${id}`);
  const late = offer().catch(() => undefined);
  const startedAt = performance.now();
  await running.server.close();
  expect((await beside.closed).code).toBe(1001);
  expect(performance.now() - startedAt).toBeLessThan(4000);
  await late;
});
