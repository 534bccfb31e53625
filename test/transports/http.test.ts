// The plain HTTP side: health, errors in JSON, and what pages of other origins may do.
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiKey, type RunningServer, startServer } from '../e2e/support/server.ts';

let running: RunningServer;
let strict: RunningServer;

beforeAll(async () => {
  running = await startServer({ engines: 'scripted' });
  strict = await startServer({ engines: 'scripted', settings: { PARLEY_CORS_ORIGINS: 'https://one.example, https://two.example' } });
});

afterAll(async () => {
  await Promise.all([running.close(), strict.close()]);
});

test('health needs no key, and says what serves', async () => {
  const answer = await fetch(`${running.http}/health`);
  expect(answer.status).toBe(200);
  const health = (await answer.json()) as {
    status: string;
    version: string;
    sessions: number;
    engines: { kind: string; name: string; problem?: string }[];
  };
  expect(health).toMatchObject({ status: 'ok', sessions: 0, version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string });
  expect(health.engines.map(({ kind }) => kind).sort()).toEqual(['llm', 'stt', 'tts', 'turn', 'vad']);
  expect(health.engines.filter(({ problem }) => problem !== undefined)).toEqual([]);
  expect(JSON.stringify(health)).not.toContain(apiKey);
});

test('a supervisor and a load balancer are told, without a key, that it lives and that it is ready', async () => {
  for (const [path, status] of [
    ['/livez', 'ok'],
    ['/readyz', 'ready'],
  ]) {
    const answer = await fetch(`${running.http}${path}`);
    expect([answer.status, await answer.json()]).toEqual([200, { status }]);
  }
});

test('what is not there is a 404 with an error in JSON', async () => {
  const answer = await fetch(`${running.http}/v1/nothing?token=secret`, { method: 'POST' });
  expect(answer.status).toBe(404);
  const body = await answer.text();
  expect(JSON.parse(body)).toMatchObject({ error: { code: 'not_found', type: 'invalid_request_error', param: null } });
  expect(body).not.toContain('secret');
});

const json = { 'content-type': 'application/json' };

test('a body that is not JSON is the fault of who sent it', async () => {
  const headers = { ...json, authorization: `Bearer ${apiKey}` };
  const answer = await fetch(`${running.http}/v1/realtime/client_secrets`, { method: 'POST', headers, body: '{' });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
});

test.each([
  ['/nothing', json, 404, 'not_found'],
  ['/v1/realtime/calls/rtc_1/answer', json, 404, 'not_found'],
  ['/v1/realtime/calls/rtc_1/accept', json, 401, 'invalid_api_key'],
  ['/health', json, 404, 'not_found'],
  ['/nothing', { 'content-type': 'nobody/reads-this' }, 404, 'not_found'],
  ['/console/secret', json, 403, 'origin_not_allowed'],
  ['/v1/realtime/calls', json, 401, 'invalid_api_key'],
])('nobody without a key has a body read: POST %s with %j', async (path, headers, status, code) => {
  for (const body of ['{', `{"a":"${'a'.repeat(3 * 1024 * 1024)}"`]) {
    const answer = await fetch(`${running.http}${path}`, { method: 'POST', headers, body });
    expect([answer.status, await answer.json()]).toMatchObject([status, { error: { code } }]);
  }
});

test('who is still sending when the answer is there has it, and goes on over the same connection', async () => {
  const socket = connect(Number(new URL(running.http).port), '127.0.0.1');
  let heard = '';
  socket.setEncoding('utf8').on('data', (piece: string) => {
    heard += piece;
  });
  const body = 'a'.repeat(1024 * 1024);
  socket.write(
    `POST /nothing HTTP/1.1\r\nHost: parley\r\nContent-Type: application/json\r\nContent-Length: ${2 * body.length}\r\n\r\n${body}`,
  );
  await expect.poll(() => heard).toMatch(/^HTTP\/1\.1 404 /);
  socket.write(`${body}GET /livez HTTP/1.1\r\nHost: parley\r\n\r\n`);
  await expect.poll(() => heard).toMatch(/HTTP\/1\.1 200 /);
  socket.destroy();
});

test('where no session comes with it, a body has 16 KiB', async () => {
  const headers = { ...json, authorization: `Bearer ${apiKey}` };
  const body = JSON.stringify({ a: 'a'.repeat(16 * 1024) });
  const hangUp = await fetch(`${running.http}/v1/realtime/calls/rtc_1/hangup`, { method: 'POST', headers, body });
  expect(hangUp.status).toBe(413);
  const secret = await fetch(`${running.http}/console/secret`, { method: 'POST', headers: { ...headers, origin: running.http }, body });
  expect(secret.status).toBe(413);
});

function preflight(server: RunningServer, origin: string, more: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.http}/v1/realtime/calls`, {
    method: 'OPTIONS',
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization, content-type, x-openai-agents-sdk',
      ...more,
    },
  });
}

test('A08: a preflight is answered with the headers that Realtime clients send, Authorization by its name', async () => {
  const answer = await preflight(running, 'https://page.example');
  expect(answer.status).toBe(204);
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  expect(answer.headers.get('access-control-allow-methods')).toMatch(/\bPOST\b/);
  const allowed = answer.headers.get('access-control-allow-headers')?.split(/, */) ?? [];
  expect(allowed).toEqual(expect.arrayContaining(['authorization', 'content-type', 'x-openai-agents-sdk']));
  expect(answer.headers.get('access-control-allow-private-network')).toBeNull();
  const fromOutside = await preflight(running, 'https://page.example', { 'Access-Control-Request-Private-Network': 'true' });
  expect(fromOutside.headers.get('access-control-allow-private-network')).toBe('true');
});

test('A08: other answers, errors among them, may be read by pages too', async () => {
  for (const path of ['/health', '/nothing']) {
    const answer = await fetch(`${running.http}${path}`, { headers: { Origin: 'https://page.example' } });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-expose-headers')).toMatch(/\bLocation\b/);
  }
  const plain = await fetch(`${running.http}/health`);
  expect(plain.headers.get('access-control-allow-origin')).toBeNull();
});

test('A08: with a list of origins only those are let in, each by its name', async () => {
  const known = await preflight(strict, 'https://two.example');
  expect(known.status).toBe(204);
  expect(known.headers.get('access-control-allow-origin')).toBe('https://two.example');
  expect(known.headers.get('vary')).toMatch(/\bOrigin\b/i);
  const stranger = await preflight(strict, 'https://three.example');
  expect(stranger.headers.get('access-control-allow-origin')).toBeNull();
  const read = await fetch(`${strict.http}/health`, { headers: { Origin: 'https://three.example' } });
  expect(read.headers.get('access-control-allow-origin')).toBeNull();
});
