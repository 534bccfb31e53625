// sipp and kamailio signal calls with the whole server, its engines scripted: what comes on top of RFC 3261, passwords both ways, a network that loses and
// overtakes messages, and calls that are taken back just when they are answered. Whatever happens, nothing is left.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { SipTlsOptions } from '../../src/transports/sip/options.ts';
import type { UserAgent } from '../../src/transports/sip/user-agent.ts';
import { missing, realAgent, run, sdpAt, serve } from '../transports/sip/programs.ts';
import {
  earlyMedia,
  refreshedByCallee,
  refreshedByCaller,
  refreshedByServer,
  reliableRinging,
  tooShort,
  updated,
} from '../transports/sip/extension-scenarios.ts';
import { authenticated, provider } from '../transports/sip/scenarios.ts';
import { makeCertificate } from './support/certificate.ts';
import { Linphone } from './support/linphone.ts';
import { freePort, nobody, startTelephoneServer, type TelephoneServer } from './support/telephone-server.ts';

vi.setConfig({ testTimeout: 60_000 });

const noSipp = missing('sipp', 'sip-tester');
const noLinphone = missing('linphonec', 'linphone-cli');
const noKamailio = missing('kamailio', 'kamailio');
const all = process.env['TELEPHONES'] === 'all';
const local = ['-i', '127.0.0.1', '-nostdin'];

function file(name: string, text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'sipp-')), name);
  writeFileSync(path, text);
  return path;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What became of so many calls, once all have ended and nothing of them is left. */
async function ended(server: TelephoneServer, from: number, most: number): Promise<unknown[]> {
  const ends = () => server.hooks.slice(from).filter(({ type }) => type === 'realtime.call.ended');
  await vi.waitFor(() => expect(ends()).toHaveLength(most), { timeout: 40_000 });
  await vi.waitFor(async () => expect(await server.load()).toEqual(nobody), { timeout: 5000 });
  await vi.waitFor(async () => expect(await sipCalls(server)).toBe(0), { timeout: 40_000 });
  return ends().map(({ data }) => data['cause']);
}

async function sipCalls(server: TelephoneServer): Promise<number> {
  const health = (await (await fetch(`${server.running.http}/health`)).json()) as { sip: { calls: number } };
  return health.sip.calls;
}

describe('sipp', () => {
  let server: TelephoneServer;
  let calleePort: number;

  beforeAll(async () => {
    calleePort = await freePort();
    const routes = [
      { name: 'soon', numbers: ['301'], answer: { after_ms: 150 } },
      { name: 'desk', numbers: ['*'] },
    ];
    const proxy = `sip:127.0.0.1:${calleePort}`;
    server = await startTelephoneServer(
      routes,
      { engines: 'scripted' },
      {
        sip: { trunks: [{ name: 'telephones', addresses: ['127.0.0.1'], proxy }] },
        outbound: { prefixes: ['+1'], by: 'sip:telephones', from: '+12025550100' },
      },
    );
  });

  afterAll(() => server.close());

  /** Runs a scenario that calls the server, and gives what the webhooks told of its calls. */
  async function calls(
    scenario: string,
    most: number,
    { number = '300', at = server.at('udp'), mostMs = 30_000 } = {},
  ): Promise<unknown[]> {
    const from = server.hooks.length;
    await run(
      'sipp',
      [at, '-sf', file('scenario.xml', scenario), '-s', number, '-m', String(most), '-r', '10', '-t', 'u1', ...local],
      mostMs,
    );
    return ended(server, from, most);
  }

  /** Runs a scenario that is called by the server. */
  async function called(scenario: string, mostMs = 20_000): Promise<{ id: string; from: number; callee: Promise<string> }> {
    const from = server.hooks.length;
    const callee = run('sipp', ['-sf', file('scenario.xml', scenario), '-p', String(calleePort), '-m', '1', '-t', 'u1', ...local], mostMs);
    const placed = await server.post('/v1/realtime/calls', { to: '+12025550147', session: { type: 'realtime' } });
    const { id } = (await placed.json()) as { id: string };
    return { id, from, callee };
  }

  test('acknowledges the ringing, changes the session by UPDATE, and is refused what is too short', async ({ skip }) => {
    skip(noSipp !== undefined, noSipp);
    expect(await calls(reliableRinging, 2, { number: '301' })).toEqual(['far_side_hung_up', 'far_side_hung_up']);
    expect(await calls(updated, 2)).toEqual(['far_side_hung_up', 'far_side_hung_up']);
    const from = server.hooks.length;
    await run('sipp', [server.at('udp'), '-sf', file('short.xml', tooShort), '-m', '2', '-t', 'u1', ...local], 20_000);
    expect(server.hooks.slice(from)).toEqual([]);
  });

  test('is called, and heard before it answers', async ({ skip }) => {
    skip(noSipp !== undefined, noSipp);
    const { id, from, callee } = await called(earlyMedia);
    expect((await server.hook('realtime.call.ringing', from, id)).data['direction']).toBe('outbound');
    await server.hook('realtime.call.answered', from, id);
    expect((await server.post(`/v1/realtime/calls/${id}/hangup`)).status).toBe(200);
    await callee;
    expect(await ended(server, from, 1)).toEqual(['hung_up']);
  });

  test('makes calls over a network that loses and overtakes messages, and all of them end', async ({ skip }) => {
    skip(noSipp !== undefined, noSipp);
    const relay = await lossyRelay(Number(server.at('udp').split(':').at(-1)));
    const from = server.hooks.length;
    await run('sipp', [relay.at, '-sn', 'uac', '-s', '300', '-m', '20', '-r', '10', '-d', '500', '-t', 'u1', ...local], 50_000);
    const causes = await ended(server, from, 20);
    relay.close();
    expect(relay.lost).toBeGreaterThan(5);
    expect(causes).toEqual(Array(20).fill('far_side_hung_up'));
  });

  test('calls that are taken back just when they are answered end on both sides', async () => {
    const most = 25;
    const from = server.hooks.length;
    const agent = await realAgent({}, () => {});
    const sides: string[] = [];
    for (let number = 0; number < most; number++) {
      const call = agent.invite({ uri: `sip:301@${server.at('udp')}`, from: 'sip:caller@127.0.0.1' }, sdpAt('127.0.0.1', 40_000), {
        onSession: () => Promise.resolve({ status: 488 }),
        // Answered first, and ended by the cancel that comes too late for one.
        onAnswered: (dialog) => setTimeout(() => dialog.bye(), 50),
        onFailed: ({ status }) => sides.push(`failed ${status}`),
        onBye: ({ by }) => sides.push(`ended by ${by}`),
      });
      // From before the answer to after it, but for those that are answered for certain.
      if (number < most - 3) setTimeout(() => call.cancel(), 100 + number * 6);
    }
    const causes = await ended(server, from, most);
    await vi.waitFor(() => expect([agent.calls, agent.core.dialogs.size]).toEqual([0, 0]), { timeout: 5000 });
    await agent.close();
    expect(sides).toHaveLength(most);
    expect(new Set(sides)).toEqual(new Set(['failed 487', 'ended by us']));
    expect(causes.every((cause) => cause === 'cancelled' || cause === 'far_side_hung_up')).toBe(true);
  });

  // A minute and a half: the shortest session that the server agrees to, from its beginning to the moment when it is given up.
  test.each(all ? [90] : [])(
    'has its session of %i s refreshed by either side and either way, and is hung up on where it forgets to',
    async (seconds) => {
      const { id, from, callee } = await called(refreshedByCallee(seconds), 120_000);
      await server.hook('realtime.call.answered', from, id);
      const scenarios = [
        refreshedByServer(seconds, 'UPDATE'),
        refreshedByServer(seconds, 'INVITE'),
        refreshedByCaller(seconds, 0),
        refreshedByCaller(seconds, 1),
      ];
      const programs = scenarios.map((scenario, at) =>
        run('sipp', [server.at('udp'), '-sf', file('scenario.xml', scenario), '-s', `30${at}`, '-m', '1', '-t', 'u1', ...local], 150_000),
      );
      // The server has refreshed it once by then, after 45 s.
      await pause(60_000);
      expect((await server.post(`/v1/realtime/calls/${id}/hangup`)).status).toBe(200);
      await Promise.all([callee, ...programs]);
      const ends = server.hooks.slice(from).filter(({ type }) => type === 'realtime.call.ended');
      const causes = Object.fromEntries(ends.map(({ data }) => [data['to'], data['cause']]));
      expect(causes).toEqual({ '+12025550147': 'hung_up', 300: 'far_side_hung_up', 301: 'far_side_hung_up', 302: 'lost', 303: 'lost' });
    },
    200_000,
  );
});

describe('a trunk with a password', () => {
  const number = { name: 'desk', numbers: ['*'], greeting: 'Hello.' };
  let server: TelephoneServer;

  beforeAll(async () => {
    const trunks = [
      { name: 'old', username: 'old', password: 'secret', addresses: ['127.0.0.2'], hashes: ['md5'] },
      { name: 'phone', username: 'phone', password: 'secret', addresses: ['127.0.0.1'], hashes: ['sha-256'] },
    ];
    server = await startTelephoneServer([number], { engines: 'scripted' }, { sip: { listen: ['udp:0.0.0.0:0'], trunks } });
  });

  afterAll(() => server.close());

  test('is let in with MD5, where it says so, and the call goes on', async ({ skip }) => {
    skip(noSipp !== undefined, noSipp);
    const from = server.hooks.length;
    const scenario = file('auth.xml', authenticated.replaceAll('username=phone', 'username=old'));
    const at = server.at('udp').replace('0.0.0.0', '127.0.0.1');
    await run('sipp', [at, '-sf', scenario, '-s', '300', '-m', '5', '-r', '10', '-t', 'u1', '-i', '127.0.0.2', '-nostdin'], 20_000);
    expect(await ended(server, from, 5)).toEqual(Array(5).fill('far_side_hung_up'));
  });

  test('is let in with SHA-256 by linphone', async ({ skip }) => {
    skip(noLinphone !== undefined, noLinphone);
    const from = server.hooks.length;
    const at = server.at('udp').replace('0.0.0.0', '127.0.0.1');
    const credentials = { username: 'phone', password: 'secret' };
    const telephone = await Linphone.open({ uri: `sip:300@${at}`, transport: 'udp', codec: 'PCMU', credentials });
    await server.hook('realtime.call.answered', from);
    await telephone.hangUp();
    expect(await ended(server, from, 1)).toEqual(['far_side_hung_up']);
  });
});

test('who shows a certificate of the right name over TLS is let in, and nobody else hears anything', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'peer-'));
  const certificate = await makeCertificate(folder);
  const trunks = [{ name: 'peer', tls_names: ['localhost'] }];
  const server = await startTelephoneServer(
    [{ name: 'desk', numbers: ['*'] }],
    { engines: 'scripted', tls: true },
    { sip: { trunks, tls_ca: join(folder, 'cert.pem') } },
  );
  const [cert, key] = [certificate, readFileSync(join(folder, 'key.pem'), 'utf8')];
  const trusting = { ca: server.running.certificate ?? '' };
  const uri = `sip:300@${server.at('tls').replace('127.0.0.1', 'localhost')};transport=tls`;
  const agents: UserAgent[] = [];
  /** Calls with these certificates, and says what becomes of it, if anything. */
  async function called(tls: SipTlsOptions): Promise<{ outcome: string }> {
    const agent = await realAgent({ listen: [{ transport: 'udp', host: '127.0.0.1', port: 0 }], tls }, () => {});
    agents.push(agent);
    const told = { outcome: '' };
    agent.invite({ uri, from: 'sip:peer@localhost' }, sdpAt('127.0.0.1', 40_000), {
      onSession: () => Promise.resolve({ status: 488 }),
      onAnswered(dialog) {
        told.outcome = 'answered';
        dialog.bye();
      },
      onFailed: ({ status }) => void (told.outcome = `failed ${status}`),
    });
    return told;
  }
  const [known, unknown] = [await called({ ...trusting, cert, key }), await called(trusting)];
  await vi.waitFor(() => expect(known.outcome).toBe('answered'), { timeout: 10_000 });
  await pause(500);
  expect(unknown.outcome).toBe('');
  expect(server.hooks.filter(({ type }) => type === 'realtime.call.ringing')).toHaveLength(1);
  await Promise.all(agents.map((agent) => agent.close()));
  await server.close();
});

test('kamailio is registered with by password, brings a call, and takes one to somebody else who is registered', async ({ skip }) => {
  skip(noKamailio !== undefined, noKamailio);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'kamailio-'));
  const end = serve('kamailio', ['-f', file('kamailio.cfg', provider(port)), '-DD', '-E', '-w', folder, '-Y', folder]);
  const at = `127.0.0.1:${port}`;
  const credentials = { username: 'colleague', password: 'secret' };
  const colleague = await realAgent({}, (call) => {
    call.ring();
    void call.answer(sdpAt('127.0.0.1', 40_000), { onSession: () => Promise.resolve({ status: 488 }) }).catch(() => {});
  });
  while ((await colleague.ping({ uri: `sip:${at}` })) !== 200);
  const trunks = [{ name: 'company', register: { server: `sip:${at}`, username: 'parley', password: 'secret' } }];
  const server = await startTelephoneServer(
    [{ name: 'desk', numbers: ['*'] }],
    { engines: 'scripted' },
    { sip: { trunks }, outbound: { domains: ['127.0.0.1'], by: 'sip:company', from: 'sip:parley@127.0.0.1' } },
  );
  try {
    const registrations = async () =>
      ((await (await fetch(`${server.running.http}/health`)).json()) as { sip: { registrations: object[] } }).sip.registrations;
    const left = { trunk: 'company', state: 'registered', expires_in_seconds: expect.closeTo(700, -1) };
    await vi.waitFor(async () => expect(await registrations()).toEqual([left]), { timeout: 10_000 });
    await new Promise<void>((resolve) => {
      const options = { address: `sip:colleague@127.0.0.1`, servers: [`sip:${at}`], credentials };
      colleague.register(options, ({ kind }) => kind === 'registered' && resolve());
    });
    // In: nothing says where the calls of the trunk come from but its registration.
    const from = server.hooks.length;
    const target = { uri: `sip:parley@${at}`, proxy: `sip:${at}`, from: 'sip:colleague@127.0.0.1', credentials };
    colleague.invite(target, sdpAt('127.0.0.1', 40_000), {
      onSession: () => Promise.resolve({ status: 488 }),
      onAnswered: (dialog) => dialog.bye(),
      onFailed: () => {},
    });
    expect(await ended(server, from, 1)).toEqual(['far_side_hung_up']);
    // Out: the proxy wants the password for an INVITE as well (407).
    const placed = await server.post('/v1/realtime/calls', { to: `sip:colleague@${at}`, session: { type: 'realtime' } });
    const { id } = (await placed.json()) as { id: string };
    await server.hook('realtime.call.ringing', from + 3, id);
    await server.hook('realtime.call.answered', from + 3, id);
    expect((await server.post(`/v1/realtime/calls/${id}/hangup`)).status).toBe(200);
    expect((await server.hook('realtime.call.ended', from + 3, id)).data['cause']).toBe('hung_up');
  } finally {
    await server.close();
    await colleague.close();
    await end();
  }
});

/** A way to that port which loses every eighth datagram and delays others by so much that they overtake each other. Seeded, so that it repeats itself. */
async function lossyRelay(port: number): Promise<{ at: string; readonly lost: number; close(): void }> {
  let state = 7;
  const chance = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state / 0x80000000) * below;
  };
  let lost = 0;
  let open = true;
  /** Of the calls whose answer sipp has acknowledged. */
  const acknowledged = new Set<string | undefined>();
  const pass = (bytes: Buffer, send: () => void): void => {
    const message = bytes.toString('latin1');
    const id = /^call-id: *(.*)$/im.exec(message)?.[1];
    // Where its ACK is lost, sipp takes the answer that comes again for one to its BYE, and does not send the BYE again.
    const mayBeLost = !message.startsWith('BYE') || acknowledged.has(id);
    if (chance(8) < 1 && mayBeLost) {
      lost++;
      return;
    }
    if (message.startsWith('ACK')) acknowledged.add(id);
    setTimeout(() => open && send(), chance(60));
  };
  const near = createSocket('udp4').bind(0, '127.0.0.1');
  await once(near, 'listening');
  const far = new Map<number, Socket>();
  near.on('message', (bytes, caller) => {
    let socket = far.get(caller.port);
    if (!socket) {
      socket = createSocket('udp4');
      socket.on('message', (answer) => pass(answer, () => near.send(answer, caller.port, caller.address)));
      far.set(caller.port, socket);
    }
    const to = socket;
    pass(bytes, () => to.send(bytes, port, '127.0.0.1'));
  });
  return {
    at: `127.0.0.1:${near.address().port}`,
    get lost() {
      return lost;
    },
    close() {
      open = false;
      near.close();
      for (const socket of far.values()) socket.close();
    },
  };
}
