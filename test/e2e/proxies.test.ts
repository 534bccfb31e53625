// Parley behind nginx and Caddy, the programs of the distribution, with the configurations of deploy/.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { CallMedia } from '../../src/transports/webrtc/media.ts';
import { Caller, until } from '../transports/webrtc/caller.ts';
import { Client } from './support/client.ts';
import { field } from './support/events.ts';
import { describeBehind, findProxy, type ProxyName, type RunningProxy, startProxy } from './support/proxies.ts';
import { makeCertificate } from './support/certificate.ts';
import { apiKey, type RunningServer, startServer, trust } from './support/server.ts';

/** Longer than nginx waits where nothing is set. */
const quietMs = 65_000;
const bearer = { Authorization: `Bearer ${apiKey}` };
const forged = { 'X-Forwarded-For': '203.0.113.9', 'X-Real-IP': '203.0.113.9', Forwarded: 'for=203.0.113.9', 'X-Forwarded-Proto': 'http' };

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What an upgrade is answered: 101 where it is let in. `from`: which address of this machine it comes from. */
function upgrade(url: string, headers: Record<string, string>, from = '127.0.0.1'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers, localAddress: from, family: 4 });
    socket.on('error', reject);
    socket.on('upgrade', (response) => {
      resolve({ status: 101, headers: response.headers, body: '' });
      socket.terminate();
    });
    socket.on('unexpected-response', (_request, response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }), reject);
    });
  });
}

/** Answers every request with the headers it came with; its WebSockets say nothing of themselves, not even a ping. */
async function startEcho() {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    request.resume().on('end', () => response.setHeader('Content-Type', 'application/json').end(JSON.stringify(request.headers)));
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data as Buffer)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    close() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}

interface Setting {
  readonly server: RunningServer;
  readonly proxy: RunningProxy;
  readonly echo: Awaited<ReturnType<typeof startEcho>>;
  /** The same configuration in front of the echo. */
  readonly before: RunningProxy;
  readonly quiet: { readonly socket: WebSocket; readonly sinceMs: number };
}

const names: readonly ProxyName[] = ['nginx', 'caddy'];
const certificate = mkdtempSync(join(tmpdir(), 'parley-certificate-'));
const settings = new Map<ProxyName, Setting>();
const leave: (() => Promise<void> | void)[] = [() => rmSync(certificate, { recursive: true, force: true })];

// Both at once, so that the minute of silence is one.
beforeAll(async () => {
  trust(await makeCertificate(certificate));
  await Promise.all(names.map(setUp));
});
afterAll(async () => {
  // Each is begun, whatever becomes of the others: no program is left running.
  await Promise.all(leave.toReversed().map(async (task) => task()));
});

async function setUp(name: ProxyName): Promise<void> {
  const program = findProxy(name);
  if (program === undefined) return;
  const echo = await startEcho();
  leave.push(() => echo.close());
  const server = await startServer({
    engines: 'scripted',
    recorded: false,
    settings: { PARLEY_SCRIPTED: 'llm=20,rate=30,tokens=40,tts=20', PARLEY_AUTH_FAILURES: '5', PARLEY_CONSOLE: 'local' },
  });
  leave.push(() => server.close());
  const proxy = await startProxy(name, program, { upstreamPort: Number(new URL(server.http).port), certificate });
  leave.push(() => proxy.close());
  const before = await startProxy(name, program, { upstreamPort: echo.port, certificate });
  leave.push(() => before.close());
  const socket = new WebSocket(before.ws);
  await once(socket, 'open');
  leave.push(() => socket.terminate());
  settings.set(name, { server, proxy, echo, before, quiet: { socket, sinceMs: performance.now() } });
}

for (const name of names)
  describeBehind(name, () => {
    let server: RunningServer;
    let proxy: RunningProxy;
    let echo: Setting['echo'];
    let before: RunningProxy;
    let quiet: Setting['quiet'];
    beforeAll(() => {
      ({ server, proxy, echo, before, quiet } = settings.get(name) as Setting);
    });

    test('a conversation goes on: the sound comes while the answer is still being made', async () => {
      const client = await Client.open(proxy.ws);
      client.say('Hello');
      client.send({ type: 'response.create' });
      await client.log.wait('response.output_audio.delta');
      const firstMs = performance.now();
      const done = await client.log.wait('response.done');
      expect(performance.now() - firstMs).toBeGreaterThan(500);
      expect(field(done, 'response.status')).toBe('completed');
      client.close();
    });

    test('one message may be larger than any request', async () => {
      const client = await Client.open(proxy.ws);
      client.send({ type: 'session.update', session: { type: 'realtime', audio: { input: { turn_detection: null } } } });
      client.send({ type: 'input_audio_buffer.append', audio: Buffer.alloc(4_000_000).toString('base64') });
      client.send({ type: 'input_audio_buffer.commit' });
      const item = await client.log.wait('input_audio_buffer.committed');
      expect(field(item, 'item_id')).toMatch(/^item_/);
      client.close();
    });

    test('a call is made by way of it, and its offer, answer and address are handed on', async () => {
      let location: string | null = null;
      const media = {
        async answer(sdp: string) {
          const headers = { ...bearer, 'Content-Type': 'application/sdp' };
          const response = await fetch(`${proxy.http}/v1/realtime/calls`, { method: 'POST', headers, body: sdp });
          expect(response.status).toBe(201);
          location = response.headers.get('location');
          return { sdp: await response.text() };
        },
      };
      const caller = await Caller.call(media as unknown as CallMedia);
      try {
        expect(location).toMatch(/^\/v1\/realtime\/calls\/rtc_/);
        await until('the session tells of itself', () => caller.messages.some((text) => text.includes('session.created')));
        const hungUp = await fetch(`${proxy.http}${location}/hangup`, { method: 'POST', headers: bearer });
        expect(hungUp.status).toBe(200);
      } finally {
        await caller.hangUp();
      }
    });

    test('an upgrade without a key is refused with 401, and its client is told why', async () => {
      const { status, headers, body } = await upgrade(`${proxy.ws}/v1/realtime`, {});
      expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer']);
      expect(JSON.parse(body)).toMatchObject({ error: { code: 'invalid_api_key' } });
    });

    test('the console gives nothing out without a key, although the proxy is on the same machine', async () => {
      const page = { Origin: proxy.http, 'Sec-Fetch-Site': 'same-origin' };
      const ask = (headers: Record<string, string>) =>
        fetch(`${proxy.http}/console/secret`, { method: 'POST', headers: { ...page, ...headers } });
      expect((await ask({})).status).toBe(401);
      expect((await ask(bearer)).status).toBe(200);
    });

    test('a body as large as Parley takes reaches it, and a larger one does not', async () => {
      const post = (to: RunningProxy, bytes: number) =>
        fetch(`${to.http}/v1/realtime/client_secrets`, {
          method: 'POST',
          headers: { ...bearer, 'Content-Type': 'application/json' },
          body: JSON.stringify({ session: { type: 'realtime', instructions: 'x'.repeat(bytes) } }),
        });
      // Of a session that is too long Parley tells by itself.
      const whole = await post(proxy, 2_000_000);
      expect(await whole.json()).toMatchObject({ error: { message: expect.any(String) } });
      for (const bytes of [2_200_000, 4_000_000, 30_000_000]) expect((await post(before, bytes)).status).toBe(413);
      expect(echo.asked.filter((path) => path.includes('client_secrets'))).toEqual([]);
    });

    test('the address that Parley is told is where the client is, whatever the client says', async () => {
      const response = await fetch(`${before.http}/where`, { headers: forged });
      const told = (await response.json()) as Record<string, string>;
      expect(told).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1', 'x-forwarded-proto': 'https' });
      expect(told).toMatchObject({ host: `localhost:${before.port}` });
      expect(told).not.toHaveProperty('forwarded');
    });

    test('whoever guesses keys is held off by the address they come from, and nobody else', async () => {
      const guess = (n: number, from: string) =>
        upgrade(
          `${proxy.ws}/v1/realtime`,
          { ...forged, 'X-Forwarded-For': `203.0.113.${n}`, Authorization: `Bearer wrong-key-number-${n}` },
          from,
        );
      for (let n = 0; n < 5; n++) expect((await guess(n, '127.0.0.2')).status).toBe(401);
      const held = await guess(5, '127.0.0.2');
      expect([held.status, Number(held.headers['retry-after']) > 0]).toEqual([429, true]);
      expect((await guess(6, '127.0.0.3')).status).toBe(401);
      expect((await upgrade(`${proxy.ws}/v1/realtime`, bearer)).status).toBe(101);
    });

    test('the metrics are not for the world', async () => {
      const ways = await Promise.all(['/metrics', '/metric%73', '//metrics'].map((path) => fetch(`${before.http}${path}`)));
      expect(ways.map(({ status }) => status)).toEqual([404, 404, 404]);
      expect(echo.asked.filter((path) => path.includes('metric'))).toEqual([]);
    });

    test('a body that does not come to its end is given up', async () => {
      const socket = connect({ port: proxy.port, host: '127.0.0.1', servername: 'localhost' });
      await once(socket, 'secureConnect');
      const startedMs = performance.now();
      socket.on('error', () => {});
      socket.resume();
      socket.write(`POST /v1/realtime/client_secrets HTTP/1.1\r\nHost: localhost:${proxy.port}\r\nAuthorization: Bearer ${apiKey}\r\n`);
      socket.write('Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"session"');
      const drip = setInterval(() => socket.write(' '), 20_000);
      await once(socket, 'close');
      clearInterval(drip);
      expect(performance.now() - startedMs).toBeLessThan(45_000);
    }, 60_000);

    test('a session in which nobody says anything for more than a minute lives on', async () => {
      await pass(Math.max(0, quiet.sinceMs + quietMs - performance.now()));
      quiet.socket.send('still there?');
      const [answer] = (await once(quiet.socket, 'message')) as [Buffer];
      expect(answer.toString()).toBe('still there?');
    }, 90_000);

    test('a server that leaves says so to those behind the proxy', async () => {
      const client = await Client.open(proxy.ws);
      await server.close();
      expect(await client.closed).toMatchObject({ code: 1001 });
    });
  });
