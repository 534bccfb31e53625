// What people without a key can hold, fill or delay: a few sockets, for a short while, and never the server's end.
import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { Client } from '../e2e/support/client.ts';
import { apiKey, type RunningServer, startServer } from '../e2e/support/server.ts';

let running: RunningServer | undefined;
const sockets: Socket[] = [];

async function start(settings: Record<string, string> = {}, tls = false): Promise<RunningServer> {
  running = await startServer({ engines: 'scripted', settings, tls });
  return running;
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await running?.close();
  running = undefined;
});

/** A socket that never ends its own half. */
async function stranger({ http }: RunningServer, more: Partial<NetConnectOpts> = {}): Promise<Socket> {
  const socket = connect({ port: Number(new URL(http).port), host: '127.0.0.1', allowHalfOpen: true, ...more });
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.resume();
  return socket;
}

const upgrade = (key = '') =>
  `GET /v1/realtime HTTP/1.1\r\nHost: parley\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${key === '' ? '' : `Authorization: Bearer ${key}\r\n`}\r\n`;

/** An upgrade that is refused, by a client that reads why and then holds on. */
async function refused(server: RunningServer): Promise<Socket> {
  const socket = await stranger(server);
  let text = '';
  socket.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  socket.write(upgrade());
  await once(socket, 'end');
  expect(text).toMatch(/^HTTP\/1\.1 401 [^]*"invalid_api_key"/);
  return socket;
}

function held({ server }: RunningServer): Promise<number> {
  return new Promise((resolve, reject) => server.app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))));
}

test('three hundred upgrades without a key, whose clients never hang up, hold no descriptor', async () => {
  const server = await start();
  await Promise.all(Array.from({ length: 300 }, () => refused(server)));
  await expect.poll(() => held(server), { timeout: 5000 }).toBe(0);
});

test('no socket outlasts the server: not one that was refused, nor one that says nothing, nor one that does not read', async () => {
  const server = await start({ PARLEY_SCRIPTED: 'tokens=500,rate=2000,tts=1,llm=1' });
  await refused(server);
  await stranger(server);
  const partial = await stranger(server);
  partial.write('POST /v1/realtime/calls HTTP/1.1\r\nHost: parley\r\n');
  const deaf = await Client.open(server.ws);
  deaf.say('Hello');
  deaf.send({ type: 'response.create' });
  await deaf.log.wait('response.output_audio.delta');
  deaf.socket.pause();
  const startedAt = performance.now();
  await server.server.close();
  // A second for last words, and something for a busy machine.
  expect(performance.now() - startedAt).toBeLessThan(4000);
  deaf.socket.terminate();
});

test('where all places for strangers are taken, the oldest makes room, and those with a key do not notice', async () => {
  const server = await start({ PARLEY_UNAUTHENTICATED_SOCKETS: '3' });
  const client = await Client.open(server.ws);
  const first = await stranger(server);
  const gone = once(first, 'end');
  for (let count = 0; count < 3; count++) await stranger(server);
  await gone;
  // Its own socket is nobody's any more since it was let in.
  await expect.poll(() => held(server)).toBe(4);
  const other = await Client.open(server.ws);
  expect(other.log.all[0]?.type).toBe('session.created');
  for (const each of [client, other]) {
    each.send({ type: 'no.such', event_id: 'still here' });
    await each.log.wait('error');
    each.close();
  }
});

test('under TLS as well, where a stranger may not even have shaken hands', async () => {
  const server = await start({ PARLEY_UNAUTHENTICATED_SOCKETS: '2' }, true);
  const known = connectTls({ port: Number(new URL(server.http).port), host: '127.0.0.1', rejectUnauthorized: false });
  sockets.push(known);
  known.write(upgrade(apiKey));
  expect(String((await once(known, 'data'))[0])).toMatch(/^HTTP\/1\.1 101 /);
  const first = await stranger(server);
  const gone = once(first, 'end');
  for (let count = 0; count < 2; count++) await stranger(server);
  await gone;
  expect(await held(server)).toBe(3);
  expect(known.readableEnded).toBe(false);
});

test('one address has no more than its share, and takes nothing from another', async () => {
  const server = await start({ PARLEY_UNAUTHENTICATED_SOCKETS_PER_ADDRESS: '2', PARLEY_TRUST_PROXY: 'none' });
  const quiet = await stranger(server, { localAddress: '127.0.0.2' });
  const [first] = [await stranger(server), await stranger(server)];
  const gone = once(first, 'end');
  await stranger(server);
  await gone;
  expect(await held(server)).toBe(3);
  expect(quiet.readableEnded).toBe(false);
});

test('a proxy that is trusted stands for many, so that the share of one address is not for it', async () => {
  const server = await start({ PARLEY_UNAUTHENTICATED_SOCKETS_PER_ADDRESS: '2' });
  for (let count = 0; count < 5; count++) await stranger(server);
  await expect.poll(() => held(server)).toBe(5);
});
