// Which media streams are let in, over real sockets: by a token for one call, by a key where the far side is one's own, and by nothing else.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { ManualClock, systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { LoopShares } from '../../../src/lib/loop-shares.ts';
import { randomIds, randomToken } from '../../../src/lib/ids.ts';
import { type StreamCarrier, streamCarriers, type StreamFrame } from '../../../src/transports/media-streams/dialect.ts';
import { OneCallTokens, type StreamTicket } from '../../../src/transports/media-streams/one-call-tokens.ts';
import {
  type IncomingStreamCall,
  openStreamDoor,
  type StreamDoor,
  type StreamDoorOptions,
} from '../../../src/transports/media-streams/stream-door.ts';
import { openDoor } from '../../../src/transports/websocket/door.ts';
import { Told } from './rig.ts';
import { SimulatedProvider } from './simulators/provider.ts';
import type { Wire } from './simulators/wire.ts';
import { asteriskWire, plainWire, plivoWire, telnyxWire, twilioWire, vonageWire } from './simulators/wires.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).toReversed()) close();
});

interface Served {
  readonly url: string;
  readonly server: Server;
  readonly streams: StreamDoor;
  readonly tokens: OneCallTokens<string>;
  readonly arrived: { call: IncomingStreamCall; ticket: StreamTicket<string> }[];
  readonly refused: number[];
  readonly clock: ManualClock;
}

async function serve(options: Partial<StreamDoorOptions<string>> = {}): Promise<Served> {
  const server = createServer();
  const clock = new ManualClock();
  const shares = new LoopShares(systemClock);
  const tokens = new OneCallTokens<string>(clock, randomToken);
  const arrived: Served['arrived'] = [];
  const refused: number[] = [];
  const streams = openStreamDoor<string>({
    clock,
    log: silentLog,
    shares,
    tokens,
    carriers: streamCarriers,
    admit: (_carrier, { headers }) =>
      Promise.resolve(headers.authorization === 'Bearer pbx-key' ? { carrier: 'asterisk', note: 'by key' } : undefined),
    onIncoming: (call, ticket) => arrived.push({ call, ticket }),
    ...options,
  });
  const door = openDoor({
    server,
    clock,
    ids: randomIds,
    shares,
    admit: () => Promise.resolve({ outcome: 'unknown' }),
    full: () => undefined,
    enter: () => {},
    resume: () => ({ status: 404, code: 'session_not_found', message: 'none' }),
    beside: () => undefined,
    refused: (status) => refused.push(status),
    elsewhere: streams.paths,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    streams.close();
    door.close();
    server.closeAllConnections();
    server.close();
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, server, streams, tokens, arrived, refused, clock };
}

interface Knock {
  readonly socket: WebSocket;
  /** 101 once it is open, otherwise the status of the refusal. */
  readonly status: number;
  readonly provider: SimulatedProvider;
  readonly closed: Promise<number>;
}

/** A provider connects, over a clock that nobody moves: it says what it is told to say. */
async function knock(url: string, wire: Wire, options: { headers?: Record<string, string>; protocols?: string[] } = {}): Promise<Knock> {
  const socket = new WebSocket(url, options.protocols ?? [], { headers: options.headers ?? {} });
  const provider = new SimulatedProvider(new ManualClock(), wire, (frame: StreamFrame) =>
    socket.send('text' in frame ? frame.text : frame.bytes),
  );
  socket.on('message', (data, isBinary) =>
    provider.receive(isBinary ? { bytes: data as Buffer } : { text: (data as Buffer).toString('utf8') }),
  );
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  closing.push(() => socket.terminate());
  const status = await new Promise<number>((resolve, reject) => {
    socket.on('open', () => resolve(101));
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.on('error', reject);
  });
  return { socket, status, provider, closed };
}

test.each([
  ['twilio', twilioWire, () => ''],
  ['telnyx', () => telnyxWire(), (token: string) => `?token=${token}`],
  ['plivo', plivoWire, () => ''],
  ['vonage', () => vonageWire(), () => ''],
  ['stream', () => plainWire(), (token: string) => `?token=${token}`],
  ['asterisk', () => asteriskWire(), (token: string) => `?token=${token}`],
] satisfies [StreamCarrier, () => Wire, (token: string) => string][])(
  '%s: a stream with a token that holds is a call, once',
  async (carrier, wire, query) => {
    const { url, tokens, arrived, streams } = await serve();
    const ticket: StreamTicket<string> = { carrier, from: '+15550001', to: '+15550002', note: 'sales' };
    const token = tokens.issue(ticket);
    const { provider } = await knock(`${url}/v1/realtime/${carrier}${query(token)}`, wire());
    provider.open(token);
    await vi.waitFor(() => expect(arrived).toHaveLength(1));
    const [{ call, ticket: shown } = { call: undefined, ticket: undefined }] = arrived;
    expect(shown).toBe(ticket);
    expect(call).toMatchObject({ carrier, from: '+15550001', to: '+15550002', speaker: { format: wire().format } });
    expect(JSON.stringify(call?.fields)).not.toContain(token);
    expect(streams.strangers).toBe(0);

    const told = new Told();
    const answered = await call?.answer(told);
    provider.press('7');
    await vi.waitFor(() => expect(told.digits).toEqual(['7']));
    answered?.play(new Uint8Array(provider.frameBytes * 5).fill(5));
    await vi.waitFor(() => expect(provider.understood.map(({ kind }) => kind)).toContain('sound'));
    expect(provider.errors).toEqual([]);

    const again = await knock(`${url}/v1/realtime/${carrier}${query(token)}`, wire());
    const isKeyed = carrier === 'stream' || carrier === 'asterisk';
    if (again.status === 101) again.provider.open(token);
    expect(again.status === 101 ? await again.closed : again.status).toBe(isKeyed ? 401 : 1008);
    expect(arrived).toHaveLength(1);
  },
);

test.each(['twilio', 'signalwire', 'telnyx', 'plivo', 'vonage'] as const)(
  '%s: a stream without a token that holds is closed',
  async (carrier) => {
    const { url, tokens, arrived } = await serve();
    const wire = { twilio: twilioWire, signalwire: twilioWire, telnyx: telnyxWire, plivo: plivoWire, vonage: vonageWire }[carrier]();
    const forAnother = tokens.issue({ carrier: carrier === 'twilio' ? 'plivo' : 'twilio', note: 'x' });
    for (const token of ['', 'guessed', forAnother]) {
      const { provider, closed } = await knock(`${url}/v1/realtime/${carrier}`, wire);
      provider.open(token);
      expect(await closed).toBe(1008);
    }
    expect(arrived).toEqual([]);
  },
);

test('a connection that does not say in five seconds which call it is is closed, whatever else it says', async () => {
  const { url, clock, streams } = await serve();
  const { socket, closed } = await knock(`${url}/v1/realtime/twilio`, twilioWire());
  socket.send('{"event":"connected","protocol":"Call","version":"1.0.0"}');
  socket.send('nonsense');
  await vi.waitFor(() => expect(streams.strangers).toBe(1));
  clock.advance(4999);
  expect(socket.readyState).toBe(socket.OPEN);
  clock.advance(1);
  expect(await closed).toBe(1008);
  expect(streams.strangers).toBe(0);
});

test('of a hundred connections that have not started and one more, the oldest is closed', async () => {
  const { url, streams } = await serve();
  const first = await knock(`${url}/v1/realtime/twilio`, twilioWire());
  await Promise.all(Array.from({ length: 99 }, () => knock(`${url}/v1/realtime/twilio`, twilioWire())));
  await vi.waitFor(() => expect(streams.strangers).toBe(100));
  await knock(`${url}/v1/realtime/twilio`, twilioWire());
  expect(await first.closed).toBe(1013);
  expect(streams.strangers).toBe(100);
});

test('a frame that is larger than any provider sends ends the connection', async () => {
  const { url } = await serve();
  const { socket, closed } = await knock(`${url}/v1/realtime/twilio`, twilioWire());
  socket.send('x'.repeat(70_000));
  expect(await closed).toBe(1009);
});

test.each(['asterisk', 'stream'] as const)('%s: a key of this server opens the door, and nothing else does', async (carrier) => {
  const { url, arrived, refused } = await serve();
  const wire = carrier === 'asterisk' ? asteriskWire() : plainWire();
  const address = `${url}/v1/realtime/${carrier}?from=alice&key=not-to-be-told`;
  expect((await knock(address, wire)).status).toBe(401);
  expect((await knock(address, wire, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
  expect(refused).toEqual([401, 401]);
  const { provider } = await knock(address, wire, { headers: { authorization: 'Bearer pbx-key' } });
  provider.open();
  await vi.waitFor(() => expect(arrived).toHaveLength(1));
  expect(arrived[0]?.ticket.note).toBe('by key');
  expect(JSON.stringify(arrived[0]?.call.fields)).not.toContain('not-to-be-told');
});

test('the plain dialect needs no word when the URL says what its sound is', async () => {
  const { url, arrived } = await serve();
  const headers = { authorization: 'Bearer pbx-key' };
  const { socket } = await knock(`${url}/v1/realtime/stream?format=l16&rate=16000&call_id=c9`, plainWire(), { headers });
  await vi.waitFor(() => expect(arrived).toHaveLength(1));
  expect(arrived[0]?.call).toMatchObject({ carrierId: 'c9', speaker: { format: { type: 'audio/pcm', rate: 16_000 } } });
  const told = new Told();
  const call = await arrived[0]?.call.answer(told);
  socket.send(new Uint8Array(640).fill(3));
  await vi.waitFor(() => expect(told.whole).toHaveLength(640));
  const heard = once(socket, 'message');
  call?.play(new Uint8Array(3200).fill(9));
  const [data, isBinary] = (await heard) as [Buffer, boolean];
  expect(isBinary).toBe(true);
  expect(data.every((byte) => byte === 9)).toBe(true);
});

test('an upgrade that is not signed as it should be is refused before it is one', async () => {
  const { url, arrived } = await serve({
    isSigned: (carrier, { headers }) => carrier !== 'twilio' || headers['x-twilio-signature'] === 'right',
  });
  expect((await knock(`${url}/v1/realtime/twilio`, twilioWire())).status).toBe(403);
  expect((await knock(`${url}/v1/realtime/twilio`, twilioWire(), { headers: { 'x-twilio-signature': 'right' } })).status).toBe(101);
  expect((await knock(`${url}/v1/realtime/telnyx`, telnyxWire())).status).toBe(101);
  expect(arrived).toEqual([]);
});

test('a carrier that is not wanted has no door, and the other WebSockets of the server are as they were', async () => {
  const { url } = await serve({ carriers: ['twilio'] });
  expect((await knock(`${url}/v1/realtime/telnyx`, telnyxWire())).status).toBe(404);
  expect((await knock(`${url}/v1/realtime`, telnyxWire())).status).toBe(401);
  expect((await knock(`${url}/v1/realtime/twilio/`, twilioWire())).status).toBe(101);
});

test.each([
  ['plivo', 'audio.plivo.com'],
  ['asterisk', 'media'],
] as const)('%s: the subprotocol that it insists on is answered', async (carrier, protocol) => {
  const { url } = await serve();
  const headers = { authorization: 'Bearer pbx-key' };
  const { socket } = await knock(`${url}/v1/realtime/${carrier}`, asteriskWire(), { headers, protocols: [protocol] });
  expect(socket.protocol).toBe(protocol);
});

test('a call that is rejected is closed, and a caller who goes is gone', async () => {
  const { url, tokens, arrived } = await serve();
  const open = async () => {
    const token = tokens.issue({ carrier: 'twilio', note: '' });
    const knocked = await knock(`${url}/v1/realtime/twilio`, twilioWire());
    knocked.provider.open(token);
    const count = arrived.length;
    await vi.waitFor(() => expect(arrived).toHaveLength(count + 1));
    return { ...knocked, call: arrived[count]?.call };
  };
  const rejected = await open();
  rejected.call?.reject(486);
  expect(await rejected.closed).toBe(1000);
  expect(rejected.call?.gone.aborted).toBe(false);
  const gone = await open();
  gone.socket.terminate();
  await vi.waitFor(() => expect(gone.call?.gone.aborted).toBe(true));
});

test('a socket that is dropped in a call is a call that is lost, one that is closed is one that has ended', async () => {
  const { url, tokens, arrived } = await serve();
  for (const [leave, end] of [
    [(socket: WebSocket) => socket.terminate(), 'lost'],
    [(socket: WebSocket) => socket.close(1000), 'closed'],
  ] as const) {
    const { provider, socket } = await knock(`${url}/v1/realtime/twilio`, twilioWire());
    const count = arrived.length;
    provider.open(tokens.issue({ carrier: 'twilio', note: '' }));
    await vi.waitFor(() => expect(arrived).toHaveLength(count + 1));
    const told = new Told();
    await arrived[count]?.call.answer(told);
    leave(socket);
    await vi.waitFor(() => expect(told.ends).toEqual([end]));
  }
});

test('a call that its carrier says has ended ends at once, and no other', async () => {
  const { url, tokens, arrived, streams } = await serve();
  const open = async (callId: string) => {
    const count = arrived.length;
    const { provider, closed } = await knock(`${url}/v1/realtime/vonage`, vonageWire(16_000, ''));
    provider.open(tokens.issue({ carrier: 'vonage', note: '', ...(callId === '' ? {} : { callId }) }));
    await vi.waitFor(() => expect(arrived).toHaveLength(count + 1));
    const told = new Told();
    const call = arrived[count]?.call;
    await call?.answer(told);
    return { told, call, closed };
  };
  const first = await open('leg-1');
  // Of a call that was placed the stream says nothing of its id.
  const second = await open('');
  streams.hungUp('vonage', 'leg-2');
  streams.hungUp('telnyx', 'leg-1');
  expect([first.told.ends, second.told.ends]).toEqual([[], []]);
  second.call?.knowAs('leg-2');
  streams.hungUp('vonage', 'leg-2');
  expect([first.told.ends, second.told.ends]).toEqual([[], ['closed']]);
  streams.hungUp('vonage', 'leg-1');
  streams.hungUp('vonage', 'leg-1');
  expect(first.told.ends).toEqual(['closed']);
  expect(await Promise.all([first.closed, second.closed])).toEqual([1000, 1000]);
});

test('a carrier that is not served now is not found, and is as soon as it is', async () => {
  const now = { isServed: false };
  const { url } = await serve({ isServed: () => now.isServed });
  expect((await knock(`${url}/v1/realtime/twilio`, twilioWire())).status).toBe(404);
  now.isServed = true;
  expect((await knock(`${url}/v1/realtime/twilio`, twilioWire())).status).toBe(101);
});
