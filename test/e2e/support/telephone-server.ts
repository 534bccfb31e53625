// A server that takes telephone calls by SIP from this machine, with somebody who is told of them by webhooks.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { expect, vi } from 'vitest';
import { numbersSpoken } from '../../../bench/word-errors.ts';
import { Client } from './client.ts';
import { apiKey, type RunningServer, type ServerOptions, startServer } from './server.ts';
import { overlap, understand, withoutSilence } from './speech.ts';

export interface Hook {
  readonly type: string;
  readonly data: { readonly call_id: string; readonly [name: string]: unknown };
}

export interface TelephoneServer {
  readonly running: RunningServer;
  readonly hooks: readonly Hook[];
  /** `127.0.0.1:40123`, where it listens by that transport. */
  at(transport: 'udp' | 'tcp' | 'tls'): string;
  /** The first of that type, and of that call where one is named, from number `from` on; it may be still to come. */
  hook(type: string, from: number, id?: string): Promise<Hook>;
  /** A client that hears the events of a call beside its caller. */
  beside(id: string): Promise<Client>;
  post(path: string, body?: object): Promise<Response>;
  /** How many calls and sessions there are. */
  load(): Promise<{ phones: number; calls: number; sessions: number }>;
  /** Waits until the words, numbers in words as well, are heard in what comes. */
  hears(heard: () => Int16Array, words: string, least?: number): Promise<void>;
  close(): Promise<void>;
}

/** The load of a server that has nothing to do. */
export const nobody = { phones: 0, calls: 0, sessions: 0 };

/** Long, because a loaded machine is no failure. */
const patienceMs = 20_000;

/** `more`: what else the telephony file has, `sip` laid over what it has here. */
export async function startTelephoneServer(
  routes: readonly object[],
  options: ServerOptions,
  { sip = {}, ...more }: { readonly sip?: object; readonly [name: string]: unknown } = {},
): Promise<TelephoneServer> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-telephones-'));
  const hooks: Hook[] = [];
  const receiver = createServer((request, response) => {
    void json(request).then((event) => {
      hooks.push(event as Hook);
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => receiver.once('listening', resolve));
  const file = {
    routes,
    sip: {
      listen: ['udp', 'tcp', ...(options.tls ? ['tls'] : [])].map((transport) => `${transport}:127.0.0.1:0`),
      trunks: [{ name: 'telephones', addresses: ['127.0.0.1'] }],
      ...sip,
    },
    ...more,
    webhooks: [
      {
        url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
        secret: `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`,
      },
    ],
    ...more,
  };
  writeFileSync(join(folder, 'telephony.json'), JSON.stringify(file));
  const settings = { ...options.settings, PARLEY_TELEPHONY: join(folder, 'telephony.json') };
  const running = await startServer({ ...options, settings });
  const authorization = `Bearer ${apiKey}`;
  const clients: Client[] = [];
  return {
    running,
    hooks,
    at: (transport) => running.server.sipAddresses.find((each) => each.startsWith(transport))?.slice(transport.length + 1) ?? '',
    async hook(type, from, id) {
      const found = () => hooks.slice(from).find((each) => each.type === type && (id ?? each.data.call_id) === each.data.call_id);
      await vi.waitFor(() => expect(found()).toBeDefined(), { timeout: patienceMs });
      return found() as Hook;
    },
    async beside(id) {
      const client = await Client.open(running.ws, `/v1/realtime?call_id=${id}`);
      clients.push(client);
      return client;
    },
    post: (path, body = {}) =>
      fetch(running.http + path, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    async load() {
      const list = await fetch(`${running.http}/v1/realtime/calls`, { headers: { authorization } });
      const health = await fetch(`${running.http}/health`, { headers: { authorization } });
      const { calls, sessions } = (await health.json()) as { calls: number; sessions: number };
      return { phones: ((await list.json()) as { data: unknown[] }).data.length, calls, sessions };
    },
    async hears(heard, words, least = 1) {
      const look = async () => {
        const sound = heard();
        const texts = [await understand(running.server, sound), await understand(running.server, withoutSilence(sound))];
        const best = Math.max(...texts.map((text) => overlap(words, numbersSpoken(text))));
        expect(best, `${words} in: ${texts.join(' | ')}`).toBeGreaterThanOrEqual(least);
      };
      await vi.waitFor(look, { timeout: patienceMs, interval: 400 });
    },
    async close() {
      for (const client of clients) client.close();
      await running.close();
      receiver.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A port of this machine that is free for TCP and UDP both. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createSocketServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = createSocket('udp4');
    const isFree = await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false));
      socket.bind(port, '127.0.0.1', () => resolve(true));
    });
    await Promise.all([new Promise((resolve) => server.close(resolve)), new Promise<void>((resolve) => socket.close(resolve))]);
    if (isFree) return port;
  }
}
