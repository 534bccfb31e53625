// A streaming connection over real sockets, against servers that refuse, hang, hang up or talk nonsense.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { SocketPool } from '../../../src/engines/cloud/socket-pool.ts';
import { type SocketOptions, StreamSocket } from '../../../src/engines/cloud/socket.ts';
import { EngineError } from '../../../src/engines/engine.ts';
import { ManualClock } from '../../../src/lib/clock.ts';

const KEY = 'sk-verysecret1234';
const side = { id: 'fake', name: 'Fake', secrets: [KEY] };

let http: Server;
let url: string;
let clock: ManualClock;
let upgrade: (socket: Socket) => boolean;
let serve: (socket: WebSocket) => void;
let taken: WebSocket[];
let tcp: Set<Socket>;

beforeEach(async () => {
  clock = new ManualClock();
  upgrade = () => true;
  serve = () => {};
  taken = [];
  tcp = new Set();
  http = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  http.on('connection', (socket) => tcp.add(socket).size);
  http.on('upgrade', (request, socket: Socket, head) => {
    if (!upgrade(socket)) return;
    sockets.handleUpgrade(request, socket, head, (ws) => {
      taken.push(ws);
      serve(ws);
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`;
});

afterEach(async () => {
  for (const socket of tcp) socket.destroy();
  await new Promise((resolve) => http.close(resolve));
});

const connect = (more: Partial<SocketOptions> = {}) => new StreamSocket({ side, url, clock, ...more });
const failureOf = (socket: StreamSocket) => new Promise<EngineError>((resolve) => socket.listen({ message: () => {}, failed: resolve }));
const nextOf = (socket: StreamSocket) =>
  new Promise<string | Uint8Array>((resolve) => socket.listen({ message: resolve, failed: () => {} }));
const answer =
  (status: string, body = '', headers = '') =>
  (socket: Socket) => {
    socket.end(`HTTP/1.1 ${status}\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    return false;
  };
const served = () => new Promise<WebSocket>((resolve) => (serve = resolve));

describe('a connection', () => {
  test('carries what was sent before it stood, behind its greeting and in order', async () => {
    const heard: string[] = [];
    serve = (ws) =>
      ws.on('message', (data: Buffer, isBinary) => {
        heard.push(isBinary ? [...data].join() : data.toString());
        if (heard.length === 4) ws.send('enough');
      });
    const socket = connect({ greeting: ['hello'] });
    const bytes = Uint8Array.of(1, 2);
    socket.send('first');
    socket.send(bytes);
    bytes.fill(9);
    await socket.ready;
    socket.send('last');
    expect(await nextOf(socket)).toBe('enough');
    expect(heard).toEqual(['hello', 'first', '1,2', 'last']);
    socket.drop();
  });

  test('tells only the one who listens, text as text and bytes as bytes', async () => {
    const serving = served();
    const socket = connect();
    const ws = await serving;
    const first = nextOf(socket);
    ws.send(Buffer.from([7]));
    expect(await first).toEqual(Buffer.from([7]));
    const second = nextOf(socket);
    ws.send('text');
    expect(await second).toBe('text');
    socket.drop();
  });

  test('fails with timeout when more waits than may, and is not told from within the call', async () => {
    const socket = connect({ mostWaitingBytes: 10 });
    let told = false;
    const failing = failureOf(socket).then((failure) => {
      told = true;
      return failure;
    });
    socket.send('12345678');
    socket.send('123');
    expect(told).toBe(false);
    expect(await failing).toMatchObject({ reason: 'timeout', retryable: true, engine: 'fake' });
    expect(socket.usable).toBe(false);
  });

  test('says its keep-alive when nothing else was sent, and fails when the far side gives no sign of life', async () => {
    const heard: string[] = [];
    const keptAlive = Promise.withResolvers<void>();
    const pinged = Promise.withResolvers<void>();
    serve = (ws) => {
      ws.on('message', (data: Buffer) => {
        heard.push(data.toString());
        if (heard.at(-1) === 'alive') keptAlive.resolve();
      });
      ws.on('ping', () => pinged.resolve());
    };
    const socket = connect({ keepAlive: { everyMs: 4000, message: 'alive' } });
    await socket.ready;
    socket.send('sound');
    clock.advance(4000);
    await pinged.promise;
    expect(heard).toEqual(['sound']);
    // The pong has come by the time the next tick is due.
    await new Promise<void>((resolve) => {
      socket.listen({ message: () => resolve(), failed: () => {} });
      taken[0]?.send('still here');
    });
    clock.advance(4000);
    await keptAlive.promise;
    taken[0]?.pause();
    const failing = failureOf(socket);
    clock.advance(4000);
    clock.advance(4000);
    expect(await failing).toMatchObject({ reason: 'broken', retryable: true });
  });

  test('closes in order after its last words, or when the far side does not agree, after two seconds', async () => {
    const serving = served();
    const socket = connect();
    const ws = await serving;
    await socket.ready;
    const words = once(ws, 'message');
    const closed = once(ws, 'close');
    socket.close('bye');
    expect(String((await words)[0])).toBe('bye');
    expect((await closed)[0]).toBe(1000);
    expect(await socket.ended).toBeUndefined();

    const deaf = served();
    const stubborn = connect();
    (await deaf).pause();
    await stubborn.ready;
    stubborn.close();
    expect(stubborn.usable).toBe(false);
    clock.advance(2000);
    expect(await stubborn.ended).toBeUndefined();
  });

  test('closes when the signal fires, also in the midst of the handshake, and that is no failure', async () => {
    upgrade = () => false;
    const stop = new AbortController();
    const socket = connect({ signal: stop.signal });
    stop.abort();
    await expect(socket.ready).rejects.toMatchObject({ reason: 'unavailable' });
    expect(await socket.ended).toBeUndefined();
    expect(await connect({ signal: stop.signal }).ended).toBeUndefined();
  });
});

describe('what goes wrong with a connection', () => {
  test.each([
    ['401 Unauthorized', 'unauthorized', false],
    ['403 Forbidden', 'unauthorized', false],
    ['402 Payment Required', 'unauthorized', false],
    ['404 Not Found', 'rejected', false],
    ['503 Service Unavailable', 'broken', true],
    ['200 OK', 'broken', false],
  ])('at the handshake: %s is %s', async (status, reason, retryable) => {
    upgrade = answer(status, JSON.stringify({ message: `the key ${KEY} is no good` }));
    const failure = await failureOf(connect());
    expect(failure).toMatchObject({ reason, retryable });
    expect(failure.message).toBe(`Fake: the key … is no good (status ${status.slice(0, 3)})`);
  });

  test('429 tells how long to wait', async () => {
    upgrade = answer('429 Too Many Requests', 'slow down', 'retry-after: 7\r\n');
    expect(await failureOf(connect())).toMatchObject({ reason: 'rate_limited', retryable: true, retryAfterMs: 7000 });
  });

  test('a refusal whose body never ends is a refusal all the same', async () => {
    upgrade = (socket) => {
      socket.write('HTTP/1.1 401 Unauthorized\r\ncontent-length: 1000\r\n\r\nhalf of it');
      return false;
    };
    const outcome = { failure: undefined as EngineError | undefined };
    void failureOf(connect()).then((failure) => Object.assign(outcome, { failure }));
    // The time that the body may take begins when its head is there.
    while (!outcome.failure && clock.now() < 4000) {
      await nextTurn();
      clock.advance(10);
    }
    expect(outcome.failure).toMatchObject({ reason: 'unauthorized' });
  });

  test('a handshake that never ends is a timeout', async () => {
    const asked = Promise.withResolvers<void>();
    upgrade = () => {
      asked.resolve();
      return false;
    };
    const socket = connect({ handshakeMs: 700 });
    await asked.promise;
    clock.advance(700);
    expect(await failureOf(socket)).toMatchObject({ reason: 'timeout', retryable: true });
    await expect(socket.ready).rejects.toMatchObject({ reason: 'timeout' });
  });

  test('nobody there, or no address at all, is unavailable', async () => {
    expect(await failureOf(connect({ url: 'ws://127.0.0.1:1/' }))).toMatchObject({ reason: 'unavailable', retryable: true });
    expect(await failureOf(connect({ url: 'no address' }))).toMatchObject({ reason: 'unavailable' });
    expect(await failureOf(connect({ headers: { 'x-key': 'a\nb' } }))).toMatchObject({ reason: 'unavailable' });
  });

  test.each([
    [1000, '', 'broken', true],
    [1011, 'net', 'broken', true],
    [1013, '', 'rate_limited', true],
    [1008, 'Invalid API key', 'unauthorized', false],
    [1008, 'Too many concurrent sessions', 'rate_limited', true],
    [1008, 'no such model', 'rejected', false],
    [3000, '', 'unauthorized', false],
    [4408, '', 'timeout', true],
    [4999, 'our own', 'rejected', false],
  ])('in mid-stream: closed with %i "%s" is %s', async (code, text, reason, retryable) => {
    serve = (ws) => ws.close(code, text);
    const socket = connect({ closeMeaning: (own) => (own === 4999 ? 'rejected' : undefined) });
    const failure = await failureOf(socket);
    expect(failure).toMatchObject({ reason, retryable });
    expect(failure.message).toContain(`code ${code}`);
  });

  test('a connection that is cut is broken, and whoever begins to listen later is told as well', async () => {
    const serving = served();
    const socket = connect();
    (await serving).terminate();
    expect(await socket.ended).toMatchObject({ reason: 'broken', retryable: true });
    expect(await failureOf(socket)).toMatchObject({ reason: 'broken' });
  });

  test('a connection that is abandoned ends with what was wrong', async () => {
    const socket = connect();
    await socket.ready;
    const failure = new EngineError('fake', 'broken', 'nonsense');
    socket.abandon(failure);
    expect(await socket.ended).toBe(failure);
  });

  test('a message that is too long, or no frame at all, is broken', async () => {
    serve = (ws) => ws.send('x'.repeat(200));
    expect(await failureOf(connect({ mostMessageBytes: 100 }))).toMatchObject({ reason: 'broken', retryable: false });
    upgrade = answer('101 Switching Protocols', 'garbage');
    expect(await failureOf(connect())).toMatchObject({ engine: 'fake', name: 'EngineError' });
  });
});

describe('a pool of connections', () => {
  let opened: string[];
  const pool = (more: Partial<ConstructorParameters<typeof SocketPool>[0]> = {}) =>
    new SocketPool({
      clock,
      idleMs: 60_000,
      longestAgeMs: 300_000,
      open: (key) => {
        opened.push(key);
        return connect();
      },
      ...more,
    });
  beforeEach(() => {
    opened = [];
  });

  test('has the one that was warmed or handed back ready for the next of the same key', async () => {
    const sockets = pool();
    sockets.warm('a');
    const first = sockets.take('a');
    await first.ready;
    const other = sockets.take('b');
    expect(opened).toEqual(['a', 'b']);
    sockets.give('a', first);
    expect(sockets.take('b')).not.toBe(first);
    expect(sockets.take('a')).toBe(first);
    expect(opened).toEqual(['a', 'b', 'b']);
    sockets.close();
    other.drop();
  });

  test('keeps spare ones beside those in use', () => {
    const sockets = pool({ spare: 1 });
    sockets.take('a').drop();
    expect(opened).toEqual(['a', 'a']);
    expect(sockets.idle).toBe(1);
    sockets.close();
    expect(sockets.idle).toBe(0);
  });

  test('keeps no more than it may, and those that were used last', async () => {
    const sockets = pool({ mostIdle: 2 });
    const taken = ['a', 'b', 'c'].map((key) => ({ key, socket: sockets.take(key) }));
    await Promise.all(taken.map(({ socket }) => socket.ready));
    for (const { key, socket } of taken) sockets.give(key, socket);
    expect(taken.map(({ socket }) => socket.usable)).toEqual([false, true, true]);
    expect(sockets.idle).toBe(2);
    sockets.close();
  });

  test('closes what nobody used for long, with a farewell', async () => {
    const serving = served();
    const sockets = pool({ farewell: 'bye' });
    const socket = sockets.take('a');
    const ws = await serving;
    await socket.ready;
    sockets.give('a', socket);
    const last = once(ws, 'message');
    clock.advance(60_000);
    expect(String((await last)[0])).toBe('bye');
    expect(sockets.idle).toBe(0);
    expect(opened).toHaveLength(1);
  });

  test('replaces one that is too old, as long as it may be wanted', async () => {
    const sockets = pool({ longestAgeMs: 10_000 });
    const socket = sockets.take('a');
    await socket.ready;
    sockets.give('a', socket);
    clock.advance(10_000);
    expect(opened).toHaveLength(2);
    expect(socket.usable).toBe(false);
    expect(sockets.idle).toBe(1);
    sockets.close();
  });

  test('replaces one that was lost after a while, and gives out no dead one', async () => {
    const serving = served();
    const sockets = pool();
    const socket = sockets.take('a');
    const ws = await serving;
    await socket.ready;
    sockets.give('a', socket);
    clock.advance(5000);
    ws.terminate();
    await socket.ended;
    await nextTurn();
    expect(opened).toHaveLength(2);
    expect(sockets.take('a')).not.toBe(socket);
    sockets.close();
  });

  test('leaves a service alone that takes connections and ends them at once, for ever longer', async () => {
    serve = (ws) => ws.close(1008, 'bad api key');
    const sockets = pool();
    sockets.warm('a');
    for (let count = 0; count < 3; count++) await sockets.take('a').ended;
    expect(opened).toHaveLength(3);
    expect(sockets.idle).toBe(0);
    const refused = () => sockets.take('a');
    expect(refused).toThrow(expect.objectContaining({ reason: 'unauthorized', retryAfterMs: 1000 }));
    sockets.warm('a');
    expect(opened).toHaveLength(3);
    clock.advance(1000);
    await refused().ended;
    expect(refused).toThrow(expect.objectContaining({ retryAfterMs: 2000 }));
    clock.advance(2000);
    serve = () => {};
    const good = sockets.take('a');
    await good.ready;
    sockets.give('a', good);
    expect(sockets.take('a')).toBe(good);
    sockets.close();
    good.drop();
  });
});
