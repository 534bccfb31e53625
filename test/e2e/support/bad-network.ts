// A bad network between a caller and the server: answers to offers name ports of ours, so that every datagram goes through here, and some
// are lost or late.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Chance } from '../../session/chance.ts';

export interface BadNetwork {
  /** Where to call instead of the server. */
  readonly http: string;
  readonly counts: { passed: number; lost: number };
  close(): Promise<void>;
}

export interface Badness {
  /** A share of 1. */
  loss: number;
  /** A datagram is late by up to this much, so that some overtake others. */
  jitterMs: number;
  seed: number;
}

/** Stands before the server at `http`. */
export async function openBadNetwork(http: string, { loss, jitterMs, seed }: Badness): Promise<BadNetwork> {
  const chance = new Chance(seed);
  const counts = { passed: 0, lost: 0 };
  const sockets: Socket[] = [];
  const timers = new Set<NodeJS.Timeout>();

  function later(send: () => void): void {
    if (chance.often(loss)) {
      counts.lost += 1;
      return;
    }
    counts.passed += 1;
    const timer = setTimeout(() => {
      timers.delete(timer);
      send();
    }, chance.next() * jitterMs);
    timers.add(timer);
  }

  /** A port of ours that stands for one of the server's. */
  async function bridge(host: string, port: number): Promise<number> {
    const [near, far] = [createSocket('udp4'), createSocket('udp4')];
    sockets.push(near, far);
    near.bind(0, '127.0.0.1');
    far.bind(0);
    await Promise.all([once(near, 'listening'), once(far, 'listening')]);
    let caller: { address: string; port: number } | undefined;
    near.on('message', (data, from) => {
      caller = from;
      later(() => far.send(data, port, host));
    });
    far.on('message', (data) => {
      const to = caller;
      if (to) later(() => near.send(data, to.port, to.address));
    });
    return near.address().port;
  }

  /** The answer with one candidate, which leads through here. */
  async function through(sdp: string): Promise<string> {
    const candidate = /^a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host.*$/im.exec(sdp);
    if (!candidate) throw new Error(`There is no candidate to stand for in ${sdp}`);
    const [line, host = '', port = ''] = candidate;
    const ours = line.replace(` ${host} ${port} `, ` 127.0.0.1 ${await bridge(host, Number(port))} `);
    return sdp
      .replace(line, '@ours')
      .replace(/^a=candidate:.*\r\n/gm, '')
      .replace('@ours', ours);
  }

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => !['host', 'connection', 'content-length'].includes(name)),
    );
    const body = request.method === 'POST' ? new Uint8Array(await buffer(request)) : null;
    const answer = await fetch(`${http}${request.url}`, {
      method: request.method ?? 'GET',
      headers: headers as Record<string, string>,
      body,
    });
    const told = [...answer.headers].filter(([name]) => /^(access-control|content-type|location)/.test(name));
    response.writeHead(answer.status, Object.fromEntries(told));
    const text = await answer.text();
    if (request.method !== 'POST' || answer.status >= 300) return void response.end(text);
    const reply = JSON.parse(text) as { sdp: string };
    response.end(JSON.stringify({ ...reply, sdp: await through(reply.sdp) }));
  }

  const server = createServer((request, response) => {
    forward(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    http: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    async close() {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of sockets) socket.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
