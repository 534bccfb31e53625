// How long the HTTP server waits for a request, and for whom it does not stop waiting.
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createHttp } from '../../src/http/server.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { countingIds } from '../../src/lib/ids.ts';
import { LoopShares } from '../../src/lib/loop-shares.ts';
import { openDoor } from '../../src/transports/websocket/door.ts';
import { resumeRefusals } from '../../src/protocol/resume.ts';

let app: FastifyInstance;
let port: number;
/** Lets the slow answer go. */
let release: () => void;
const sockets: Socket[] = [];
/** Statuses that the server was told of, as turned away. */
let refusals: number[];

beforeEach(async () => {
  refusals = [];
  app = createHttp({
    tls: undefined,
    corsOrigins: ['*'],
    version: '0',
    health: () => ({ ready: true, detail: {} }),
    refused: (status) => refusals.push(status),
    timeouts: { headersMs: 100, requestMs: 200, idleMs: 600, lookEveryMs: 20 },
  });
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  });
  app.post('/slow', async () => {
    await slow;
    return { ok: true };
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  ({ port } = app.server.address() as AddressInfo);
});

afterEach(async () => {
  release();
  for (const socket of sockets.splice(0)) socket.destroy();
  await app.close();
});

/** Sends this and nothing else. */
function send(text: string): { socket: Socket; answer: Promise<string> } {
  const socket = connect({ port, host: '127.0.0.1' });
  sockets.push(socket);
  let heard = '';
  socket.setEncoding('utf8').on('data', (piece: string) => {
    heard += piece;
  });
  socket.on('error', () => {});
  if (text !== '') socket.write(text);
  return { socket, answer: once(socket, 'close').then(() => heard) };
}

const head = 'POST /slow HTTP/1.1\r\nHost: parley\r\nContent-Type: application/json\r\n';

test.each([
  ['a body that lingers', `${head}Content-Length: 100\r\n\r\n{"sdp":`],
  ['a chunked body that lingers', `${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"sdp`],
  ['a head that lingers', head],
])('%s is ended with 408', async (_what, text) => {
  const answer = await send(text).answer;
  expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ error: { type: 'invalid_request_error', param: null } });
  expect(refusals).toEqual([408]);
});

test('a connection that never says anything is ended', async () => {
  const { socket, answer } = send('');
  await answer;
  expect(socket.destroyed).toBe(true);
});

test('what is no HTTP is told so, in JSON', async () => {
  expect(await send('hello?\r\n\r\n').answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*"invalid_request_error"/);
  expect(await send(`GET / HTTP/1.1\r\nHost: parley\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`).answer).toMatch(/^HTTP\/1\.1 431 /);
  expect(refusals).toEqual([400, 431]);
});

test('an answer may take longer than a request: who waits for one is not cut off', async () => {
  const { socket } = send(`${head}Content-Length: 2\r\n\r\n{}`);
  // Begun later, ended for its slowness: both bounds have passed for the first as well.
  await send(`${head}Content-Length: 100\r\n\r\n{`).answer;
  const heard = once(socket, 'data');
  release();
  expect(String((await heard)[0])).toMatch(/^HTTP\/1\.1 200 OK/);
});

test('a WebSocket lives on, however long it is silent', async () => {
  const door = openDoor({
    server: app.server,
    clock: new ManualClock(),
    shares: new LoopShares(new ManualClock()),
    ids: countingIds(),
    admit: async () => ({ outcome: 'welcome', visitor: { keyId: 'key_1', credential: 'key', session: undefined, beta: false } }),
    full: () => undefined,
    beside: () => undefined,
    resume: () => resumeRefusals.unknown,
    enter: () => {},
  });
  const client = new WebSocket(`ws://127.0.0.1:${port}/v1/realtime`);
  await once(client, 'open');
  // An exchange in which nothing moves: begun later, and its idle time is over.
  await send(`${head}Content-Length: 2\r\n\r\n{}`).answer;
  client.ping();
  await once(client, 'pong');
  expect(client.readyState).toBe(WebSocket.OPEN);
  client.terminate();
  door.close();
});
