// Too many wrong keys, as the clients of either API are told, and that the log of sessions holds no secret of a URL.
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Log, silentLog } from '../../src/lib/log.ts';
import { Client } from '../e2e/support/client.ts';
import { apiKey, type RunningServer, startServer } from '../e2e/support/server.ts';
import { httpRig } from './rig.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

test('whoever guesses keys over HTTP is told when to come again, in the words of each API, and the right key does not help', async () => {
  const rig = await httpRig();
  closing.push(() => rig.close());
  for (let count = 0; count < 30; count++) expect((await rig.get('/v1/models', { authorization: 'Bearer wrong' })).status).toBe(401);
  const openai = await rig.get('/v1/models');
  expect(openai.status).toBe(429);
  expect(openai.headers.get('retry-after')).toBe('60');
  expect(openai.body).toMatchObject({ error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' } });
  const inworld = await rig.get('/voices/v1/voices');
  expect(inworld.status).toBe(429);
  expect(inworld.headers.get('retry-after')).toBe('60');
  expect(inworld.body).toMatchObject({ code: 8, details: [] });
  rig.clock.advance(60_000);
  expect((await rig.get('/v1/models')).status).toBe(200);
});

test('signatures are guessed no more often than keys', async () => {
  const rig = await httpRig();
  closing.push(() => rig.close());
  const guess = () =>
    rig.post(
      '/auth/v1/tokens/token:generate',
      {},
      { authorization: 'IW1-HMAC-SHA256 ApiKey=a,DateTime=20260101000000,Nonce=b,Signature=c' },
    );
  for (let count = 0; count < 30; count++) expect((await guess()).status).toBe(403);
  expect((await guess()).status).toBe(429);
});

async function refusalOf(server: RunningServer, key: string): Promise<{ status: number; retryAfter: string | undefined }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${server.ws}/v1/realtime`, { headers: { Authorization: `Bearer ${key}` } });
    socket.on('error', reject);
    socket.on('open', () => reject(new Error('let in')));
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] });
    });
  });
}

test('whoever guesses keys at the WebSocket is told so as well, and those who are in already stay', async () => {
  const server = await startServer({ engines: 'scripted', settings: { PARLEY_AUTH_FAILURES: '3' } });
  closing.push(() => server.close());
  const inside = await Client.open(server.ws);
  for (let count = 0; count < 3; count++) expect(await refusalOf(server, 'wrong')).toEqual({ status: 401, retryAfter: undefined });
  const { status, retryAfter } = await refusalOf(server, apiKey);
  expect(status).toBe(429);
  expect(Number(retryAfter)).toBeGreaterThan(50);
  inside.send({ type: 'no.such', event_id: 'still here' });
  await inside.log.wait('error');
  inside.close();
});

test('?key= is in the log as a name that always stands for it, never as it was written', async () => {
  const lines: string[] = [];
  const log: Log = { ...silentLog, child: (fields) => (lines.push(JSON.stringify(fields)), log) };
  const server = await startServer({ engines: 'scripted', log });
  closing.push(() => server.close());
  const path = '/api/v1/realtime/session?key=somebodys-secret&protocol=realtime';
  for (const client of [await Client.open(server.ws, path), await Client.open(server.ws, path)]) client.close();
  const named = lines.filter((line) => line.includes('"key":'));
  expect(named).toHaveLength(2);
  expect(lines.join()).not.toContain('somebodys-secret');
  const names = named.map((line) => (JSON.parse(line) as { key: string }).key);
  expect(names[0]).toMatch(/^[0-9a-f]{16}$/);
  expect(names[1]).toBe(names[0]);
});
