// One connection over a real socket with a clock that stands still: pings, slow readers, and the end of those who do not answer.
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { ManualClock } from '../../src/lib/clock.ts';
import { countingIds } from '../../src/lib/ids.ts';
import { ga } from '../../src/protocol/dialects/ga.ts';
import type { ServerEvent } from '../../src/protocol/server-events.ts';
import type { Transport } from '../../src/transports/transport.ts';
import { WebSocketConnection } from '../../src/transports/websocket/connection.ts';
import { type Door, openDoor } from '../../src/transports/websocket/door.ts';

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
    ids: countingIds(),
    admit: () => Promise.resolve({ keyId: 'key_1', credential: 'key', session: undefined, beta: false }),
    full: () => undefined,
    beside: () => undefined,
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
  for await (const _ of transport.inbound) return;
}

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

test('a reader so slow that 8 MiB wait for it is closed with 1013, and no more is kept for it', async () => {
  const { client, transport } = await connect();
  let readBytes = 0;
  client.on('message', (data) => {
    readBytes += (data as Buffer).length;
  });
  const end = closed(client);
  client.pause();
  // Far more than any socket buffer takes in.
  for (let count = 0; count < 200; count++) {
    transport.send(large());
    if (count % 10 === 0) await nextTurn();
  }
  client.resume();
  expect(await end).toEqual({ code: 1013, reason: 'reader too slow' });
  // What the system's buffers took in, and the 8 MiB with the event that was one too many.
  expect(readBytes).toBeGreaterThan(8 * mebibyte);
  expect(readBytes).toBeLessThan(60 * mebibyte);
});

test('answers wait for a slow reader, 15 s at the most', async () => {
  const { client, transport } = await connect();
  const end = closed(client);
  client.pause();
  const { room } = await firstWait(transport);
  const sinceMs = clock.now();
  const waits = { now: true };
  void room.then(() => {
    waits.now = false;
  });
  while (waits.now && clock.now() < sinceMs + 60_000) {
    clock.advance(20);
    await nextTurn();
  }
  expect(clock.now() - sinceMs).toBeGreaterThanOrEqual(15_000);
  expect(clock.now() - sinceMs).toBeLessThan(15_100);
  client.resume();
  expect(await end).toEqual({ code: 1013, reason: 'reader too slow' });
});

/** Sends until the reader's share is full, which is when `room` takes its time: that wait, in a box since a promise would be awaited. */
async function firstWait(transport: Transport): Promise<{ room: Promise<void> }> {
  for (;;) {
    transport.send(large());
    await nextTurn();
    const room = transport.room();
    const waits = await Promise.race([room.then(() => false), nextTurn().then(() => true)]);
    if (waits) return { room };
  }
}

test('a reader that catches up gets the rest of the answer', async () => {
  const { client, transport } = await connect();
  let messages = 0;
  client.on('message', () => messages++);
  client.pause();
  for (let count = 0; count < 7; count++) transport.send(large());
  const room = transport.room();
  client.resume();
  await vi.waitFor(() => expect(messages).toBe(7));
  clock.advance(20);
  await room;
  transport.send(large());
  await vi.waitFor(() => expect(messages).toBe(8));
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
  const connection = new WebSocketConnection(socket as WebSocket, clock, countingIds(), broken);
  // What a listener of the socket throws would end the process.
  socket.emit('message', Buffer.from('{"type":"input_audio_buffer.clear"}'), false);
  socket.emit('message', Buffer.from('{"type":"input_audio_buffer.clear"}'), false);
  await expect(connection.inbound[Symbol.asyncIterator]().next()).rejects.toThrow(SyntaxError);
});
