// Other people's programs, as they are: sipp as caller and callee, and baresip as a telephone.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { IncomingCall, SipDialog } from '../../../src/transports/sip/agent.ts';
import type { UserAgent } from '../../../src/transports/sip/user-agent.ts';
import { converse, missing, portOf, realAgent, run, sdpAt, serve } from './programs.ts';
import { refreshedByCaller, refreshedByServer } from './extension-scenarios.ts';
import { authenticated, cancelled, provider } from './scenarios.ts';

const sdp = sdpAt('127.0.0.1', 40_000);
const agents: UserAgent[] = [];

afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
});

async function answering(
  options: Parameters<typeof realAgent>[0],
  tell: { digit?: (digit: string) => void; rings?: (call: IncomingCall) => boolean } = {},
) {
  const ended: string[] = [];
  let first = () => {};
  const firstEnd = new Promise<void>((resolve) => {
    first = resolve;
  });
  const agent = await realAgent({ callsPerSecond: 1000, ...options }, (call) => {
    call.ring();
    call.onCancel(({ by }) => ended.push(`cancelled by ${by}`));
    if (tell.rings?.(call)) return;
    const events = {
      onSession: () => Promise.resolve(sdp),
      onInfoDigit: (digit: string) => tell.digit?.(digit),
      onBye: ({ by }: { by: string }) => {
        ended.push(`ended by ${by}`);
        first();
      },
    };
    call.answer(sdp, events).catch(() => ended.push('never acknowledged'));
  });
  agents.push(agent);
  return { agent, ended, firstEnd };
}

function file(name: string, text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'sip-')), name);
  writeFileSync(path, text);
  return path;
}

const noSipp = missing('sipp', 'sip-tester');

describe.each(['udp', 'tcp'] as const)('sipp over %s', (transport) => {
  const with_ = transport === 'udp' ? ['-t', 'u1'] : ['-t', 't1'];
  const common = [...with_, '-i', '127.0.0.1', '-nostdin'];

  test('makes a hundred calls at forty in a second', async ({ skip }) => {
    skip(noSipp !== undefined, noSipp);
    const { agent, ended } = await answering({});
    const port = portOf(agent, transport);
    await run('sipp', [`127.0.0.1:${port}`, '-sn', 'uac', '-m', '100', '-r', '40', '-d', '100', ...common]);
    expect(ended).toEqual(Array.from({ length: 100 }, () => 'ended by them'));
    expect([agent.calls, agent.core.dialogs.size]).toEqual([0, 0]);
  });

  test('shows its password, changes the session, presses a key and hangs up', async ({ skip }) => {
    skip(noSipp !== undefined, noSipp);
    const digits: string[] = [];
    const trunks = [{ name: 'phone', digest: { username: 'phone', password: 'secret', hashes: ['md5' as const] } }];
    const { agent, ended } = await answering({ trunks }, { digit: (digit) => digits.push(digit) });
    await run('sipp', [`127.0.0.1:${portOf(agent, transport)}`, '-sf', file('auth.xml', authenticated), '-m', '5', '-r', '10', ...common]);
    expect(digits).toEqual(['7', '7', '7', '7', '7']);
    expect(ended).toHaveLength(5);
  });

  test('takes its calls back while they ring', async ({ skip }) => {
    skip(noSipp !== undefined, noSipp);
    const { agent, ended } = await answering({}, { rings: () => true });
    await run('sipp', [`127.0.0.1:${portOf(agent, transport)}`, '-sf', file('cancel.xml', cancelled), '-m', '5', '-r', '10', ...common]);
    expect(ended).toEqual(Array.from({ length: 5 }, () => 'cancelled by caller'));
  });

  test('is called, answers, and is hung up on', async ({ skip }) => {
    skip(noSipp !== undefined, noSipp);
    const { agent } = await answering({});
    const port = await freePort();
    const callee = run('sipp', ['-sn', 'uas', '-p', String(port), '-m', '1', ...common], 20_000);
    const rang: number[] = [];
    // It may not listen yet; by UDP the INVITE is sent again, and by TCP the call is made again.
    const dialog = await called(agent, `sip:service@127.0.0.1:${port};transport=${transport}`, (status) => rang.push(status));
    expect(rang).toEqual([180]);
    dialog.bye();
    expect(await callee).toContain('Successful call');
    expect(agent.calls).toBe(0);
  });
});

test('sipp has its session refreshed by UPDATE and by re-INVITE, refreshes it itself, and is hung up on where it forgets to', async ({
  skip,
}) => {
  skip(noSipp !== undefined, noSipp);
  const { agent, ended } = await answering({ sessionExpiresS: 2, minSessionExpiresS: 1 });
  const scenarios = [refreshedByServer(2, 'UPDATE'), refreshedByServer(2, 'INVITE'), refreshedByCaller(2, 0), refreshedByCaller(2, 2)];
  const calls = scenarios.map((scenario) =>
    run('sipp', [`127.0.0.1:${portOf(agent, 'udp')}`, '-sf', file('timed.xml', scenario), '-m', '1', '-i', '127.0.0.1', '-nostdin']),
  );
  await Promise.all(calls);
  expect(ended.toSorted()).toEqual(['ended by them', 'ended by them', 'ended by timer', 'ended by timer']);
  await vi.waitFor(() => expect([agent.calls, agent.core.dialogs.size]).toEqual([0, 0]));
});

async function freePort(): Promise<number> {
  const agent = await realAgent({}, () => {});
  const port = portOf(agent, 'udp');
  await agent.close();
  return port;
}

async function called(agent: UserAgent, uri: string, onRinging: (status: number) => void): Promise<SipDialog> {
  for (;;) {
    const outcome = await new Promise<SipDialog | number>((resolve) => {
      agent.invite({ uri, from: 'sip:parley@127.0.0.1' }, sdp, {
        onSession: () => Promise.resolve(sdp),
        onRinging,
        onAnswered: resolve,
        onFailed: ({ status }) => resolve(status),
      });
    });
    if (typeof outcome !== 'number') return outcome;
    if (outcome !== 503) throw new Error(`the call failed with ${outcome}`);
  }
}

const noBaresip = missing('baresip', 'baresip-core');

describe('baresip', () => {
  /** A folder of settings for it: no sound, and an account with a password. */
  function settings(transport: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'baresip-'));
    const modules = ['account.so', 'contact.so', 'menu.so', 'g711.so', 'ausine.so'].map((name) => `module ${name}`);
    writeFileSync(
      join(folder, 'config'),
      ['module_path /usr/lib/baresip/modules', 'sip_listen 127.0.0.1:0', 'audio_source ausine,440', ...modules, ''].join('\n'),
    );
    writeFileSync(join(folder, 'accounts'), `<sip:phone@127.0.0.1;transport=${transport}>;auth_user=phone;auth_pass=secret;regint=0\n`);
    writeFileSync(join(folder, 'contacts'), '');
    return folder;
  }

  test.for(['udp', 'tcp'] as const)('calls over %s with its password, and is hung up on', async (transport, { skip }) => {
    skip(noBaresip !== undefined, noBaresip);
    const agreed: string[] = [];
    const trunks = [{ name: 'phone', digest: { username: 'phone', password: 'secret', hashes: ['md5' as const] } }];
    const agent = await realAgent({ trunks }, (call) => {
      call.ring();
      call
        .answer(sdp, { onSession: () => Promise.resolve(sdp) })
        .then((dialog) => {
          agreed.push(call.offer?.includes('m=audio') ? call.trunk : 'no sound offered');
          dialog.bye();
        })
        .catch((error: unknown) => agreed.push(String(error)));
    });
    agents.push(agent);
    const uri = `sip:100@127.0.0.1:${portOf(agent, transport)}`;
    await run('baresip', ['-f', settings(transport), '-e', `/dial ${uri}`, '-t', '4'], 20_000);
    expect(agreed).toEqual(['phone']);
    expect(agent.calls).toBe(0);
  });
});

const noLinphone = missing('linphonec', 'linphone-cli');

describe('linphone', () => {
  /** Settings without sound of the machine's: files in its place. */
  async function settings(): Promise<string> {
    const home = mkdtempSync(join(tmpdir(), 'linphone-'));
    mkdirSync(join(home, '.local/share/linphone'), { recursive: true });
    const sip = [
      `sip_port=${await freePort()}`,
      `sip_tcp_port=${await freePort()}`,
      'guess_hostname=0',
      'contact="P" <sip:phone@127.0.0.1>',
    ];
    const password = ['username=phone', 'userid=phone', 'passwd=secret', 'realm=parley', 'domain=127.0.0.1'];
    const lines = ['[sip]', ...sip, '[auth_info_0]', ...password, '[net]', 'enable_ipv6=0', '[video]', 'enabled=0', ''];
    writeFileSync(join(home, 'rc'), lines.join('\n'));
    return home;
  }

  test('calls with its password hashed by SHA-256, has its session changed, and is hung up on', async ({ skip }) => {
    skip(noLinphone !== undefined, noLinphone);
    const heard: string[] = [];
    let over = (_line: string) => {};
    const last = new Promise<string>((resolve) => {
      over = resolve;
    });
    const trunks = [{ name: 'phone', digest: { username: 'phone', password: 'secret', hashes: ['sha-256' as const, 'md5' as const] } }];
    const agent = await realAgent({ trunks }, (call) => {
      call.ring();
      call
        .answer(sdp, { onSession: () => Promise.resolve(sdp) })
        .then(async (dialog) => {
          heard.push(call.trunk, (await dialog.reinvite(sdp)).includes('m=audio') ? 'changed' : 'changed without sound');
          dialog.bye();
        })
        .catch((error: unknown) => heard.push(String(error)))
        .finally(() => over('quit\n'));
    });
    agents.push(agent);
    const home = await settings();
    const first = `soundcard use files\ncall sip:100@127.0.0.1:${portOf(agent, 'udp')}\n`;
    await converse('linphonec', ['-c', join(home, 'rc')], { prompt: 'linphonec>', first, last }, home);
    expect(heard).toEqual(['phone', 'changed']);
    expect(agent.calls).toBe(0);
  });
});

const noKamailio = missing('kamailio', 'kamailio');

describe('kamailio', () => {
  test.for(['udp', 'tcp'] as const)('as a provider over %s: registered with, called through, and left', async (transport, { skip }) => {
    skip(noKamailio !== undefined, noKamailio);
    const port = await freePort();
    const run_ = mkdtempSync(join(tmpdir(), 'kamailio-'));
    const end = serve('kamailio', ['-f', file('kamailio.cfg', provider(port)), '-DD', '-E', '-w', run_, '-Y', run_]);
    try {
      const heard: string[] = [];
      const { agent, ended, firstEnd } = await answering({}, { rings: (call) => (call.progress(sdp), false) });
      const caller = await realAgent({}, () => {});
      agents.push(caller);
      const server = `sip:127.0.0.1:${port};transport=${transport}`;
      while ((await caller.ping({ uri: server })) !== 200) heard.length = 0;
      const credentials = { username: 'reg', password: 'secret' };
      const registered = await new Promise((resolve) => {
        const options = { address: 'sip:reg@127.0.0.1', servers: [server], credentials, expiresS: 60 };
        agent.register(options, (state) => resolve(state));
      });
      // It wanted more than we have asked for (423).
      expect(registered).toEqual({ kind: 'registered', server, expiresS: 700 });
      const dialog = await new Promise<SipDialog>((resolve, reject) => {
        caller.invite({ uri: `sip:reg@127.0.0.1:${port}`, proxy: server, from: 'sip:reg@127.0.0.1', credentials }, sdp, {
          onSession: () => Promise.resolve(sdp),
          onRinging: (status) => heard.push(`ringing ${status}`),
          onProgress: () => heard.push('sound'),
          onAnswered: resolve,
          onFailed: ({ status }) => reject(new Error(`the call failed with ${status}`)),
        });
      });
      // Rung, and heard by a provisional response that has crossed the proxy for certain.
      expect(heard).toEqual(['ringing 180', 'sound']);
      expect(await dialog.reinvite(sdp)).toBe(sdp);
      dialog.bye();
      await firstEnd;
      expect(ended).toEqual(['ended by them']);
      await agent.close();
    } finally {
      await end();
    }
  });
});
