// A server that is told to go, while people talk to it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { openTerminalPhone } from '../../src/cli/phone-agent.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { placePhoneCall } from '../../src/transports/sip/phone-calls.ts';
import { Client } from '../e2e/support/client.ts';
import { field } from '../e2e/support/events.ts';
import { freePort } from '../e2e/support/proxies.ts';
import { apiKey } from '../e2e/support/server.ts';
import { Telephone } from '../e2e/support/telephone.ts';
import { ParleyProcess } from './parley-process.ts';

/** Milliseconds of sound that have come. */
function soundMs({ log }: Client): number {
  const bytes = log.of('response.output_audio.delta').map((event) => Buffer.from(String(field(event, 'delta')), 'base64').length);
  return bytes.reduce((sum, length) => sum + length, 0) / 48;
}

async function asks(client: Client): Promise<void> {
  client.say('Hello');
  client.send({ type: 'response.create' });
  await client.log.wait('response.output_audio.delta');
}

async function open(server: ParleyProcess, atEnd = onTestFinished): Promise<Client> {
  const client = await Client.open(server.ws);
  atEnd(() => client.close());
  return client;
}

function refusal(url: string): Promise<{ status: number | undefined; retryAfter: string | undefined }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers: { Authorization: `Bearer ${apiKey}` } });
    socket.on('open', () => reject(new Error('let in')));
    socket.on('error', reject);
    socket.on('unexpected-response', (_request, { statusCode, headers }) => {
      resolve({ status: statusCode, retryAfter: headers['retry-after'] });
      socket.terminate();
    });
  });
}

test('SIGTERM in the middle of 20 answers: all are heard to the end, and the process ends with 0 within its time, whoever hangs on', async () => {
  const server = await ParleyProcess.start({ PARLEY_SCRIPTED: 'llm=20,rate=30,tokens=50,tts=20' });
  const whole = await open(server);
  await asks(whole);
  await whole.log.wait('response.done');
  const wholeMs = soundMs(whole);
  expect(wholeMs).toBeGreaterThan(2000);

  const halfOpen = connect({ port: Number(new URL(server.http).port), host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void halfOpen.destroy());
  halfOpen.on('error', () => {});
  halfOpen.write(
    'GET /v1/realtime HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  const slow = await open(server);
  await asks(slow);
  slow.socket.pause();
  const idle = await open(server);
  const clients = await Promise.all(Array.from({ length: 20 }, () => open(server)));
  const startedAtMs: number[] = [];
  await Promise.all(
    clients.map(async (client, index) => {
      await asks(client);
      startedAtMs[index] = performance.now();
    }),
  );

  const toldAtMs = performance.now();
  server.signal('SIGTERM');
  expect(await idle.closed).toMatchObject({ code: 1001 });
  expect((await idle.closed).atMs - toldAtMs).toBeLessThan(1500);
  const ready = await fetch(`${server.http}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'not_ready', reasons: ['draining'] }]);
  expect((await fetch(`${server.http}/livez`)).status).toBe(200);
  expect(await (await fetch(`${server.http}/health`)).json()).toMatchObject({ status: 'draining' });
  expect(await refusal(`${server.ws}/v1/realtime?model=gpt-realtime`)).toEqual({ status: 503, retryAfter: '5' });
  const call = await fetch(`${server.http}/v1/realtime/calls`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/sdp' },
    body: 'v=0\r\n',
  });
  expect([call.status, call.headers.get('retry-after')]).toEqual([503, '5']);

  const ends = await Promise.all(clients.map(({ closed }) => closed));
  for (const [index, client] of clients.entries()) {
    expect(client.log.of('response.done').map((event) => field(event, 'response.status'))).toEqual(['completed']);
    expect(soundMs(client)).toBeCloseTo(wholeMs, -1);
    expect(ends[index]?.code).toBe(1001);
    // Who plays it as it comes has heard the last of it.
    expect((ends[index]?.atMs ?? 0) - (startedAtMs[index] ?? 0)).toBeGreaterThan(wholeMs - 500);
  }
  const { code, atMs } = await server.exited;
  expect(code).toBe(0);
  expect(atMs - toldAtMs).toBeLessThan(20_000);
  const closed = server.logged('session closed');
  expect(closed).toHaveLength(23);
  expect(closed.at(-1)).toMatchObject({ endedBy: 'server', code: 1001, responses: { completed: 1 }, turns: 0, firstAudio: { count: 1 } });
});

test('a telephone call goes on until its caller hangs up, and no further one is taken', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drain-'));
  const at = `127.0.0.1:${await freePort()}`;
  const file = {
    routes: [{ name: 'desk', numbers: ['*'], greeting: 'Hello.' }],
    sip: { listen: [`udp:${at}`], trunks: [{ name: 'near', addresses: ['127.0.0.1'] }] },
  };
  writeFileSync(join(folder, 'telephony.json'), JSON.stringify(file));
  const server = await ParleyProcess.start({ PARLEY_TELEPHONY: join(folder, 'telephony.json') });
  const phone = await openTerminalPhone(
    { listen: [{ transport: 'udp', host: '127.0.0.1', port: 0 }], tls: undefined, srtp: 'off', codecs: undefined },
    systemClock,
  );
  onTestFinished(async () => {
    await phone.close();
    rmSync(folder, { recursive: true });
  });
  const [caller, late] = [new Telephone(), new Telephone()];
  const call = (telephone: Telephone) =>
    placePhoneCall(phone.agent, { uri: `sip:100@${at}`, from: 'sip:me@127.0.0.1' }, telephone, new AbortController().signal, phone.parts);
  const placed = await call(caller);
  expect(await phone.agent.ping({ uri: `sip:${at}` })).toBe(200);
  // Once it was greeted, nothing is under way any more.
  await expect.poll(() => Math.max(...caller.heard, 0), { timeout: 5000 }).toBeGreaterThan(2000);
  await expect.poll(() => Math.max(...caller.heard.slice(-4800)), { timeout: 5000 }).toBeLessThan(100);
  server.signal('SIGTERM');
  await expect.poll(() => server.written).toContain('Letting answers finish');
  expect(await phone.agent.ping({ uri: `sip:${at}` })).toBe(503);
  await expect(call(late)).rejects.toMatchObject({ failure: { status: 503 } });
  await sleep(500);
  expect(caller.ends).toEqual([]);
  placed.close();
  expect((await server.exited).code).toBe(0);
});

test('an answer that does not end is cut off when the time is over', async () => {
  const server = await ParleyProcess.start({ PARLEY_SCRIPTED: 'llm=20,rate=20,tokens=2000,tts=20', PARLEY_DRAIN_SECONDS: '3' });
  const client = await open(server);
  await asks(client);
  const toldAtMs = performance.now();
  server.signal('SIGTERM');
  const { code, atMs } = await client.closed;
  expect(code).toBe(1001);
  expect(atMs - toldAtMs).toBeGreaterThan(1000);
  const exit = await server.exited;
  expect(exit.code).toBe(0);
  expect(exit.atMs - toldAtMs).toBeLessThan(4000);
});

test.each([['SIGINT'], ['SIGTERM']] as const)('%s after SIGTERM closes at once, in the middle of an answer', async (second) => {
  const server = await ParleyProcess.start({ PARLEY_SCRIPTED: 'llm=20,rate=20,tokens=2000,tts=20' });
  const client = await open(server);
  await asks(client);
  server.signal('SIGTERM');
  await expect.poll(() => server.written).toContain('Letting answers finish');
  const toldAtMs = performance.now();
  server.signal(second);
  expect((await client.closed).code).toBe(1001);
  const { code, atMs } = await server.exited;
  expect(code).toBe(0);
  expect(atMs - toldAtMs).toBeLessThan(3000);
});

test('Ctrl-C closes at once, in the middle of an answer', async () => {
  const server = await ParleyProcess.start({ PARLEY_SCRIPTED: 'llm=20,rate=20,tokens=2000,tts=20' });
  const client = await open(server);
  await asks(client);
  const toldAtMs = performance.now();
  server.signal('SIGINT');
  expect((await client.closed).code).toBe(1001);
  const { code, atMs } = await server.exited;
  expect(code).toBe(0);
  expect(atMs - toldAtMs).toBeLessThan(3000);
});

test.each([
  ['throw', 'a fault that nobody caught'],
  ['reject', 'a promise that nobody minded'],
])(
  'a fault of ours (%s) is told to the sessions and logged with its stack, and the process ends with a code of its own',
  async (how, what) => {
    const server = await ParleyProcess.start({ MISBEHAVE: how });
    const client = await open(server);
    const toldAtMs = performance.now();
    server.signal('SIGUSR2');
    expect(await client.closed).toMatchObject({ code: 1011 });
    const { code, atMs } = await server.exited;
    expect(code).toBe(70);
    expect(atMs - toldAtMs).toBeLessThan(3000);
    const [line] = server.logged('a fault that nobody caught: the server ends');
    expect(line).toMatchObject({ err: { message: what, stack: expect.stringContaining('misbehaving.ts') } });
  },
);

describe.concurrent('a main loop that stands still', () => {
  test('is told of while it does, with where it stands, and goes on', async ({ expect, onTestFinished: atEnd }) => {
    const server = await ParleyProcess.start({ MISBEHAVE: 'stall=5000' }, atEnd);
    const client = await open(server, atEnd);
    server.signal('SIGUSR2');
    await expect.poll(() => server.logged('this is where the main loop stands'), { timeout: 10_000 }).toHaveLength(1);
    expect(server.logged('the main loop stands still: nobody is served')).toHaveLength(1);
    expect(server.logged('this is where the main loop stands')[0]?.['stack']).toContain('standStill');
    await expect.poll(() => server.logged('the main loop runs again: nobody was served meanwhile'), { timeout: 10_000 }).toHaveLength(1);
    const [again] = server.logged('the main loop runs again: nobody was served meanwhile');
    expect(again?.['stalledMs']).toBeGreaterThan(4000);
    client.send({ type: 'input_audio_buffer.clear' });
    await client.log.wait('input_audio_buffer.cleared');
  });

  test('for too long ends the process with a code of its own', async ({ expect, onTestFinished: atEnd }) => {
    const server = await ParleyProcess.start({ MISBEHAVE: 'stall=60000', PARLEY_STALL_SECONDS: '4' }, atEnd);
    server.signal('SIGUSR2');
    const { code, signal } = await server.exited;
    expect([code, signal]).toEqual([75, null]);
    expect(server.logged('the main loop stood still for too long: the process ends')).toHaveLength(1);
  });

  test('and PARLEY_STALL_SECONDS=0: the process is never ended for that', async ({ expect, onTestFinished: atEnd }) => {
    const server = await ParleyProcess.start({ MISBEHAVE: 'stall=4000', PARLEY_STALL_SECONDS: '0' }, atEnd);
    server.signal('SIGUSR2');
    await sleep(4500);
    expect((await fetch(`${server.http}/livez`)).status).toBe(200);
  });
});
