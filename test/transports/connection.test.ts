// One connection over a real socket with a clock that stands still: pings, slow readers, and the end of those who do not answer.
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { ManualClock } from '../../src/lib/clock.ts';
import { countingIds } from '../../src/lib/ids.ts';
import { LoopShares } from '../../src/lib/loop-shares.ts';
import { ga } from '../../src/protocol/dialects/ga.ts';
import type { ServerEvent } from '../../src/protocol/server-events.ts';
import type { Transport } from '../../src/transports/transport.ts';
import { WebSocketConnection } from '../../src/transports/websocket/connection.ts';
import type { PartingSocket } from '../../src/transports/websocket/parting-socket.ts';
import { Line } from '../../src/transports/websocket/line.ts';
import { type Door, openDoor } from '../../src/transports/websocket/door.ts';
import { resumeRefusals } from '../../src/protocol/resume.ts';

let clock: ManualClock;
let door: Door;
let http: ReturnType<typeof createServer>;
let entered: Transport[];
const clients: WebSocket[] = [];

beforeEach(async () => {
  clock = new ManualClock();
  entered = [];
  http = createServer();
  door = openDoor({
    server: http,
    clock,
    shares: new LoopShares(clock),
    ids: countingIds(),
    admit: () => Promise.resolve({ outcome: 'welcome', visitor: { keyId: 'key_1', credential: 'key', session: undefined, beta: false } }),
    full: () => undefined,
    beside: () => undefined,
    resume: () => resumeRefusals.unknown,
    enter: (transport) => entered.push(transport),
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  door.close();
  await new Promise((resolve) => http.close(resolve));
});

async function connect(options: ClientOptions = {}): Promise<{ client: WebSocket; transport: Transport }> {
  const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/v1/realtime`, options);
  clients.push(client);
  await once(client, 'open');
  const transport = entered.at(-1);
  if (!transport) throw new Error('nobody entered');
  return { client, transport };
}

function closed(client: WebSocket): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => client.once('close', (code, reason) => resolve({ code, reason: reason.toString() })));
}

/** Resolves when the server has read all that the client had sent before: frames keep their order. */
async function settled(client: WebSocket, transport: Transport): Promise<void> {
  client.send('{"type":"input_audio_buffer.clear"}');
  const inbound = readers.get(transport) ?? transport.inbound[Symbol.asyncIterator]();
  readers.set(transport, inbound);
  await inbound.next();
}

/** There is one reader of what comes in: it goes when it is left. */
const readers = new WeakMap<Transport, AsyncIterator<unknown>>();

/** A turn of the event loop. */
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

const mebibyte = 1024 * 1024;
const large = (): ServerEvent => ({
  type: 'response.output_text.delta',
  response_id: 'r',
  item_id: 'i',
  output_index: 0,
  content_index: 0,
  delta: 'x'.repeat(mebibyte),
});

test('every 20 s a ping goes out, and who answers stays', async () => {
  const { client, transport } = await connect();
  let pings = 0;
  client.on('ping', () => pings++);
  clock.advance(19_999);
  clock.advance(1);
  await vi.waitFor(() => expect(pings).toBe(1));
  // The library has answered by now; anything that follows on the same socket has been read after the answer.
  await settled(client, transport);
  clock.advance(20_000);
  await vi.waitFor(() => expect(pings).toBe(2));
  expect(client.readyState).toBe(client.OPEN);
  expect(door.size).toBe(1);
});

test('who has not answered a ping by the next one is gone', async () => {
  const { client } = await connect({ autoPong: false });
  const end = closed(client);
  clock.advance(20_000);
  await once(client, 'ping');
  expect(client.readyState).toBe(client.OPEN);
  clock.advance(20_000);
  expect((await end).code).toBe(1006);
  await vi.waitFor(() => expect(door.size).toBe(0));
});

/** Sends to a reader that has stopped until so much waits, whatever the system's buffers take in. */
async function fill(transport: Transport, mebibytes: number): Promise<void> {
  const waits = () => (transport as WebSocketConnection).waitingBytes;
  while (waits() < mebibytes * mebibyte) {
    transport.send(large());
    await nextTurn();
  }
}

test('a reader that takes nothing for 30 s while more than 1 MiB waits for it is closed with 1013', async () => {
  const { client, transport } = await connect();
  const end = closed(client);
  client.pause();
  await fill(transport, 4);
  clock.advance(29_999);
  transport.send(large());
  const waits = (transport as WebSocketConnection).waitingBytes;
  expect(waits).toBeGreaterThan(5 * mebibyte);
  clock.advance(1);
  transport.send(large());
  expect((transport as WebSocketConnection).waitingBytes).toBeLessThan(waits + 1000);
  client.resume();
  expect(await end).toEqual({ code: 1013, reason: 'reader too slow' });
});

test('one large event after the other reaches a client that reads, whole, and the connection lives', async () => {
  const { client, transport } = await connect();
  const lengths: number[] = [];
  client.on('message', (data) => lengths.push((data as Buffer).length));
  const event = { ...large(), delta: 'x'.repeat(20 * mebibyte) } as ServerEvent;
  for (let count = 0; count < 4; count++) transport.send(event);
  await vi.waitFor(() => expect(lengths).toHaveLength(4), 10_000);
  expect(Math.min(...lengths)).toBeGreaterThan(20 * mebibyte);
  clock.advance(60_000);
  await settled(client, transport);
  expect(client.readyState).toBe(client.OPEN);
});

test('no more than 128 MiB and one event wait, however long a reader has got', async () => {
  const { client, transport } = await connect();
  let readBytes = 0;
  client.on('message', (data) => {
    readBytes += (data as Buffer).length;
  });
  const end = closed(client);
  client.pause();
  await fill(transport, 128);
  expect(client.readyState).toBe(client.OPEN);
  transport.send(large());
  const waits = (transport as WebSocketConnection).waitingBytes;
  expect(waits).toBeLessThan(130 * mebibyte);
  transport.send(large());
  expect((transport as WebSocketConnection).waitingBytes).toBeLessThanOrEqual(waits);
  client.resume();
  expect(await end).toEqual({ code: 1013, reason: 'reader too slow' });
  expect(readBytes).toBeGreaterThan(128 * mebibyte);
});

test('what a client asks for faster than it reads waits from 16 MiB on, and is answered in the end', async () => {
  const { client, transport } = await connect();
  client.pause();
  await fill(transport, 16);
  const inbound = transport.inbound[Symbol.asyncIterator]();
  const first = inbound.next();
  for (let count = 0; count < 3; count++) client.send(JSON.stringify({ type: 'response.cancel', event_id: `${count}` }));
  let taken = false;
  void first.then(() => {
    taken = true;
  });
  for (let turn = 0; turn < 50; turn++) await nextTurn();
  expect(taken).toBe(false);
  client.resume();
  const ids: unknown[] = [];
  for (const next of [first, inbound.next(), inbound.next()])
    ids.push(((await next).value as { event: { event_id: string } }).event.event_id);
  expect(ids).toEqual(['0', '1', '2']);
});

test('an answer waits for a reader that is behind, and goes on when it catches up', async () => {
  const { client, transport } = await connect();
  let messages = 0;
  client.on('message', () => messages++);
  client.pause();
  await fill(transport, 4);
  let free = false;
  const room = transport.room().then(() => {
    free = true;
  });
  for (let turn = 0; turn < 50; turn++) await nextTurn();
  expect(free).toBe(false);
  client.resume();
  await room;
  const before = messages;
  transport.send(large());
  await vi.waitFor(() => expect(messages).toBeGreaterThan(before));
  clock.advance(60_000);
  await settled(client, transport);
  expect(client.readyState).toBe(client.OPEN);
});

test('an answer that waits for a reader waits no longer than its connection', async () => {
  const { client, transport } = await connect();
  client.pause();
  await fill(transport, 4);
  const room = transport.room();
  client.terminate();
  await room;
  await vi.waitFor(() => expect(door.size).toBe(0));
});

/** A mebibyte is on its way to a client that does not read it; less than that waits here. */
async function leaveUnread(client: WebSocket, transport: Transport): Promise<void> {
  client.pause();
  transport.send(large());
  await vi.waitFor(() => expect((transport as WebSocketConnection).waitingBytes).toBeLessThan(mebibyte));
}

test('a ping is answered when what was sent before it has been read: that takes its time', async () => {
  const { client, transport } = await connect();
  await leaveUnread(client, transport);
  for (let pings = 0; pings < 3; pings++) clock.advance(20_000);
  expect(door.size).toBe(1);
  const pinged = once(client, 'ping');
  client.resume();
  await pinged;
  await settled(client, transport);
  clock.advance(20_000);
  await settled(client, transport);
  expect(door.size).toBe(1);
  // Nothing is before this one, and so it has no such time.
  client.pause();
  clock.advance(20_000);
  clock.advance(20_000);
  await vi.waitFor(() => expect(door.size).toBe(0));
});

test('who reads nothing of what was sent before a ping is gone as well, in the end', async () => {
  const { client, transport } = await connect();
  await leaveUnread(client, transport);
  for (let pings = 0; pings < 7; pings++) clock.advance(20_000);
  expect(door.size).toBe(1);
  for (let pings = 0; pings < 2; pings++) clock.advance(20_000);
  await vi.waitFor(() => expect(door.size).toBe(0));
});

test('who has read much and then is gone is not waited for by the length of what it has read', async () => {
  const { client, transport } = await connect();
  let read = 0;
  client.on('message', () => read++);
  for (let events = 0; events < 8; events++) transport.send(large());
  await vi.waitFor(() => expect(read).toBe(8));
  client.pause();
  for (let pings = 0; pings < 9; pings++) clock.advance(20_000);
  await vi.waitFor(() => expect(door.size).toBe(0));
});

test('a peer that does not finish the closing handshake is cut off', async () => {
  const { client, transport } = await connect();
  client.pause();
  transport.close(1000, 'done');
  expect(door.size).toBe(1);
  clock.advance(800);
  await vi.waitFor(() => expect(door.size).toBe(0));
});

test('sound is read without a schema, but its event id is one', async () => {
  const { client, transport } = await connect();
  const append = (event_id: unknown) => client.send(JSON.stringify({ type: 'input_audio_buffer.append', event_id, audio: 'AAAA' }));
  append('mine');
  append(null);
  append(5);
  append('x'.repeat(513));
  client.close();
  const read: unknown[] = [];
  for await (const inbound of transport.inbound)
    read.push(inbound.kind === 'fault' ? [inbound.error.code, inbound.error.param] : inbound.kind);
  expect(read).toEqual(['audio', 'audio', ['invalid_type', 'event_id'], ['string_above_max_length', 'event_id']]);
});

test('a fault of ours in reading a message ends its session and nobody else', async () => {
  const socket = new EventEmitter();
  const broken = { ...ga, toGa: () => JSON.parse('no JSON') as unknown };
  const connection = new WebSocketConnection(
    socket as unknown as PartingSocket,
    new Line(new PassThrough(), new LoopShares(clock).open('key_1')),
    clock,
    countingIds(),
    broken,
  );
  // What a listener of the socket throws would end the process.
  socket.emit('message', Buffer.from('{"type":"input_audio_buffer.clear"}'), false);
  socket.emit('message', Buffer.from('{"type":"input_audio_buffer.clear"}'), false);
  await expect(connection.inbound[Symbol.asyncIterator]().next()).rejects.toThrow(SyntaxError);
});

/** Resolves when the server has got everything that the client sent before. */
async function arrived(client: WebSocket): Promise<void> {
  const answered = once(client, 'pong');
  client.ping();
  await answered;
}

/** The event ids of everything that comes in, until it ends. */
async function idsOf(transport: Transport): Promise<unknown[]> {
  const ids: unknown[] = [];
  for await (const inbound of transport.inbound) if (inbound.kind === 'event') ids.push(inbound.event.event_id);
  return ids;
}

test('who sends large messages faster than the session takes them is not read any further, and nothing of it is lost', async () => {
  const { client, transport } = await connect();
  const ids = Array.from({ length: 64 }, (_, index) => `${index}`);
  for (const event_id of ids) client.send(JSON.stringify({ type: 'input_audio_buffer.clear', event_id, padding: 'x'.repeat(mebibyte) }));
  // What the system takes in on its own account is a few mebibytes.
  for (let turn = 0, before = -1; turn < 200; turn++) {
    await nextTurn();
    if (turn % 50 === 49 && client.bufferedAmount !== before) [turn, before] = [0, client.bufferedAmount];
  }
  expect(client.bufferedAmount).toBeGreaterThan(32 * mebibyte);
  client.close();
  expect(await idsOf(transport)).toEqual(ids);
});

test('what a client sent before it took its leave is read to its end, more of it than may wait', async () => {
  const { client, transport } = await connect();
  const ids = Array.from({ length: 1500 }, (_, index) => `${index}`);
  for (const event_id of ids) client.send(`{"type":"response.cancel","event_id":"${event_id}"}`);
  client.close();
  for (let turn = 0; turn < 50; turn++) await nextTurn();
  expect(await idsOf(transport)).toEqual(ids);
});

test('what waits of a connection that was lost is not worked off', async () => {
  const { client, transport } = await connect();
  for (let index = 0; index < 500; index++) client.send(JSON.stringify({ type: 'response.cancel', event_id: `${index}` }));
  await arrived(client);
  expect(transport.gone).toBe(false);
  client.terminate();
  await vi.waitFor(() => expect(door.size).toBe(0));
  expect(transport.gone).toBe(true);
  expect(await idsOf(transport)).toEqual([]);
});

test('who is not read is not taken for one that does not answer', async () => {
  const { client, transport } = await connect();
  for (let index = 0; index < 8; index++) client.send(JSON.stringify({ type: 'no.such', padding: 'x'.repeat(mebibyte) }));
  for (let turn = 0; turn < 100; turn++) await nextTurn();
  for (let pings = 0; pings < 10; pings++) clock.advance(20_000);
  expect(door.size).toBe(1);
  client.close();
  await idsOf(transport);
});
