// Real sockets on this machine's own addresses: UDP, TCP and TLS, both families, and what a raw client may do to them.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { generate } from 'selfsigned';
import { ManualClock, systemClock } from '../../../src/lib/clock.ts';
import type { IncomingCall, SipDialog } from '../../../src/transports/sip/agent.ts';
import { Sockets } from '../../../src/transports/sip/sockets.ts';
import type { UserAgent } from '../../../src/transports/sip/user-agent.ts';
import { local, portOf, realAgent, sdpAt } from './programs.ts';
import { requestText } from './rig.ts';

const agents: UserAgent[] = [];
const ends: (() => unknown)[] = [];
const sdp = sdpAt('127.0.0.1', 4000);
const events = { onSession: () => Promise.resolve(sdp) };
let certificate: { cert: string; key: string };

beforeAll(async () => {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keySize: 2048,
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  certificate = { cert: made.cert, key: made.private };
});

afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
  for (const end of ends.splice(0)) end();
});

async function opened(...args: Parameters<typeof realAgent>): Promise<UserAgent> {
  const agent = await realAgent(...args);
  agents.push(agent);
  return agent;
}

/** One agent calls another: answered, changed, and ended by the callee. */
async function callThrough(transport: 'udp' | 'tcp' | 'tls', host: string, scheme = 'sip'): Promise<IncomingCall> {
  const tls = { ...certificate, ca: certificate.cert };
  const listen = [{ transport, host, port: 0 }];
  let incoming: IncomingCall | undefined;
  let theirs: Promise<SipDialog> | undefined;
  const callee = await opened({ listen, tls, trunks: [{ name: 'local', addresses: ['127.0.0.0/8', '::1'] }] }, (call) => {
    incoming = call;
    call.ring();
    theirs = call.answer(sdp, events);
  });
  const caller = await opened({ listen, tls, trunks: [] }, () => {});
  const name = transport === 'tls' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  const uri = `${scheme}:100@${name}:${portOf(callee, transport)}${scheme === 'sips' ? '' : `;transport=${transport}`}`;
  const rang: number[] = [];
  const dialog = await new Promise<SipDialog>((resolve, reject) => {
    caller.invite({ uri, from: 'sip:caller@localhost' }, sdp, {
      ...events,
      onRinging: (status) => rang.push(status),
      onAnswered: resolve,
      onFailed: ({ status }) => reject(new Error(`failed with ${status}`)),
    });
  });
  expect(rang).toEqual([180]);
  const other = await (theirs as Promise<SipDialog>);
  expect(await dialog.reinvite(sdp)).toBe(sdp);
  expect(await other.reinvite(sdp)).toBe(sdp);
  other.bye('Q.850;cause=16');
  expect(await dialog.ended).toEqual({ by: 'them', cause: 'Q.850;cause=16' });
  expect([caller.calls, callee.calls]).toEqual([0, 0]);
  return incoming as IncomingCall;
}

test.each([
  ['udp', '127.0.0.1'],
  ['tcp', '127.0.0.1'],
  ['udp', '::1'],
  ['tcp', '::1'],
  ['tls', '127.0.0.1'],
] as const)('a whole call over %s at %s', async (transport, host) => {
  const { source } = await callThrough(transport, host);
  expect(source).toMatchObject({ transport, address: host });
});

test('a whole call to a sips URI goes over TLS', async () => {
  const call = await callThrough('tls', '127.0.0.1', 'sips');
  expect(call.source.transport).toBe('tls');
  expect(call.headers.find(({ name }) => name === 'Contact')?.value).toMatch(/^<sips:127\.0\.0\.1:\d+>$/);
});

test('a server whose certificate is for somebody else is not called', async () => {
  const listen = [{ transport: 'tls' as const, host: '127.0.0.1', port: 0 }];
  const callee = await opened({ listen, tls: certificate }, () => {});
  const caller = await opened({ listen, tls: { ...certificate, ca: certificate.cert }, trunks: [] }, () => {});
  // The certificate is for localhost.
  expect(await caller.ping({ uri: `sips:127.0.0.1:${portOf(callee, 'tls')}` })).toBe(503);
  const distrusting = await opened({ listen, tls: certificate, trunks: [] }, () => {});
  expect(await distrusting.ping({ uri: `sips:localhost:${portOf(callee, 'tls')}` })).toBe(503);
});

test('a caller is known by its certificate', async () => {
  const tls = { ...certificate, ca: certificate.cert };
  const listen = [{ transport: 'tls' as const, host: '127.0.0.1', port: 0 }];
  const callee = await opened({ listen, tls, trunks: [{ name: 'named', tlsNames: ['localhost'] }] }, () => {});
  const uri = `sips:localhost:${portOf(callee, 'tls')}`;
  const known = await opened({ listen, tls, trunks: [] }, () => {});
  expect(await known.ping({ uri })).toBe(200);
});

async function rawTcp(
  port: number,
): Promise<{ socket: Socket; text: () => string; closed: Promise<unknown>; until: (part: string) => Promise<void> }> {
  const socket = connectTcp(port, '127.0.0.1');
  ends.push(() => socket.destroy());
  socket.on('error', () => {});
  let text = '';
  let heard = () => {};
  socket.on('data', (bytes) => {
    text += bytes.toString();
    heard();
  });
  await once(socket, 'connect');
  const until = async (part: string) => {
    while (!text.includes(part)) await new Promise<void>((resolve) => (heard = resolve));
  };
  return { socket, text: () => text, closed: once(socket, 'close'), until };
}

const overTcp = (text: string) => text.replace('SIP/2.0/UDP', 'SIP/2.0/TCP');

test('keep-alives are answered, also between messages (RFC 5626)', async () => {
  const agent = await opened({}, () => {});
  const { socket, text, until } = await rawTcp(portOf(agent, 'tcp'));
  socket.write('\r\n\r\n');
  await until('\r\n');
  expect(text()).toBe('\r\n');
  socket.write(`${overTcp(requestText({ method: 'OPTIONS' }))}\r\n\r\n`);
  await until('SIP/2.0 200');
  await until('Content-Length: 0\r\n\r\n\r\n');
});

test('a stream whose end of a message is not known is answered and closed', async () => {
  const agent = await opened({}, () => {});
  const { socket, text, closed } = await rawTcp(portOf(agent, 'tcp'));
  socket.write(overTcp(requestText({ method: 'OPTIONS' })).replace('Content-Length: 0', 'Content-Length: -1'));
  await closed;
  expect(text()).toMatch(/^SIP\/2\.0 400 /);
});

test('a stranger that sends no whole message is closed, and so is one whose message is too long', async () => {
  const clock = new ManualClock();
  const sockets = await Sockets.open([{ transport: 'tcp', host: '127.0.0.1', port: 0 }], { clock }, () => {});
  ends.push(() => sockets.close());
  const port = sockets.addresses[0]?.port ?? 0;
  const slow = await rawTcp(port);
  const long = await rawTcp(port);
  slow.socket.write('INVITE sip:x SIP/2.0\r\n');
  long.socket.write(`INVITE sip:x SIP/2.0\r\nX: ${'x'.repeat(20_000)}`);
  await long.closed;
  // Its bytes have arrived by now as well.
  expect(slow.socket.destroyed).toBe(false);
  clock.advance(10_000);
  await slow.closed;
  expect([slow.text(), long.text()]).toEqual(['', '']);
});

test('connections of one stranger are bounded', async () => {
  const sockets = await Sockets.open([{ transport: 'tcp', host: '127.0.0.1', port: 0 }], { clock: systemClock }, () => {});
  ends.push(() => sockets.close());
  const port = sockets.addresses[0]?.port ?? 0;
  let closed = 0;
  const all = await Promise.all(Array.from({ length: 20 }, () => rawTcp(port)));
  await new Promise<void>((resolve) => {
    for (const one of all) void one.closed.then(() => (++closed === 4 ? resolve() : undefined));
  });
  expect(all.filter(({ socket }) => !socket.destroyed)).toHaveLength(16);
});

test('a raw UDP client is answered where it sent from (rport), or where its Via says', async () => {
  const agent = await opened({}, (call) => call.reject(486));
  const client = createSocket('udp4');
  const listed = createSocket('udp4');
  ends.push(
    () => client.close(),
    () => listed.close(),
  );
  client.bind(0, '127.0.0.1');
  listed.bind(0, '127.0.0.1');
  await Promise.all([once(client, 'listening'), once(listed, 'listening')]);
  const send = (text: string) => client.send(text, portOf(agent, 'udp'), '127.0.0.1');
  send(requestText({ method: 'OPTIONS' }));
  const [first] = (await once(client, 'message')) as [Buffer];
  expect(first.toString()).toContain(`received=127.0.0.1`);
  expect(first.toString()).toContain(`rport=${client.address().port}`);
  send(
    requestText({ method: 'OPTIONS', branch: 'plain' }).replace(
      '192.0.2.1:5060;branch=z9hG4bK-plain;rport',
      `127.0.0.1:${listed.address().port};branch=z9hG4bK-plain`,
    ),
  );
  const [second] = (await once(listed, 'message')) as [Buffer];
  expect(second.toString()).toMatch(/^SIP\/2\.0 200 /);
});

test('a raw UDP client that never acknowledges has its refusal sent again, and that it repeats itself changes nothing', async () => {
  let calls = 0;
  const agent = await opened({ times: { t1Ms: 50, t2Ms: 400, t4Ms: 500 } }, (call) => {
    calls++;
    call.reject(486);
  });
  const client = createSocket('udp4');
  ends.push(() => client.close());
  client.bind(0, '127.0.0.1');
  await once(client, 'listening');
  const statuses: string[] = [];
  const enough = new Promise<void>((resolve) => {
    client.on('message', (bytes) => {
      statuses.push(bytes.toString().slice(8, 11));
      if (statuses.length === 6) resolve();
    });
  });
  const invite = requestText({ body: sdp });
  for (const text of [invite, invite]) client.send(text, portOf(agent, 'udp'), '127.0.0.1');
  await enough;
  // Once for each of the two, and then by its own timer G.
  expect(statuses).toEqual(['100', '486', '486', '486', '486', '486']);
  expect(calls).toBe(1);
});

test('an open connection is used again, and one that is refused is told as no way', async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString();
      const heads = text.split('\r\n\r\n');
      text = heads.pop() ?? '';
      for (const head of heads) {
        const echoed = head.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
        socket.write(`SIP/2.0 200 OK\r\n${echoed.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close());
  const { port } = server.address() as { port: number };
  const agent = await opened({ ...local }, () => {});
  const uri = `sip:127.0.0.1:${port};transport=tcp`;
  expect(await Promise.all([agent.ping({ uri }), agent.ping({ uri })])).toEqual([200, 200]);
  expect(await agent.ping({ uri })).toBe(200);
  expect(connections).toBe(1);
  expect(await agent.ping({ uri: 'sip:127.0.0.1:1;transport=tcp' })).toBe(503);
});

test('an address that is taken is told, and nothing stays open', async () => {
  const agent = await opened({}, () => {});
  const taken = { transport: 'tcp' as const, host: '127.0.0.1', port: portOf(agent, 'tcp') };
  await expect(realAgent({ listen: [{ transport: 'udp', host: '127.0.0.1', port: 0 }, taken] }, () => {})).rejects.toThrow(/EADDRINUSE/);
  await expect(realAgent({ listen: [{ transport: 'tls', host: '127.0.0.1', port: 0 }] }, () => {})).rejects.toThrow(/no certificate/);
});
