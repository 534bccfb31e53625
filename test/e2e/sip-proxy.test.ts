// Two Parleys behind Kamailio and rtpengine, the programs of the distribution, with the configuration of deploy/kamailio.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { openTerminalPhone, type TerminalPhone } from '../../src/cli/phone-agent.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { IncomingPhoneCall, PhoneCall } from '../../src/transports/calls/phone-call.ts';
import { placePhoneCall } from '../../src/transports/sip/phone-calls.ts';
import { ParleyProcess } from '../cli/parley-process.ts';
import { defaultModels, hasModel } from '../models.ts';
import { missing, run } from '../transports/sip/programs.ts';
import { heldAndResumed } from '../transports/sip/scenarios.ts';
import { Baresip } from './support/baresip.ts';
import { freePort } from './support/proxies.ts';
import { makeCertificate } from './support/certificate.ts';
import { apiKey, trust } from './support/server.ts';
import { credentials, describeBehindKamailio, inside, sendRaw, type SipProxy, startSipProxy, trunkAddress } from './support/sip-proxy.ts';
import { overlap, say } from './support/speech.ts';
import { Telephone } from './support/telephone.ts';
import { startTelephoneServer, type TelephoneServer } from './support/telephone-server.ts';

const noSipp = missing('sipp', 'sip-tester');
const noSpeech = missing('baresip', 'baresip-core') ?? (defaultModels.every(hasModel) ? undefined : 'the models are not here');
const never = new AbortController().signal;
const first = '127.0.0.3';
const second = '127.0.0.4';

describeBehindKamailio(() => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-sip-proxy-'));
  const leave: (() => Promise<void> | void)[] = [];
  const open: PhoneCall[] = [];
  const ringing: IncomingPhoneCall[] = [];
  /** The first is a process with scripted engines, which comes and goes; the second is here, with real ones where there are models. */
  let one: ParleyProcess;
  let back: Promise<void>;
  let two: TelephoneServer;
  let firstAt: string;
  let secondAt: string;
  let insidePort: number;
  let proxy: SipProxy;
  let phone: TerminalPhone;
  let company: TerminalPhone;

  const sipAt = (at: string) => ({
    listen: [`udp:${at}`, `tcp:${at}`],
    public_address: at.split(':')[0],
    trunks: [{ name: 'edge', addresses: [inside], proxy: `sip:${inside}:${insidePort}`, trust_identity: true }],
  });
  const greeting = 'Welcome to the garden office.';

  beforeAll(async () => {
    trust(await makeCertificate(folder));
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    [firstAt, secondAt, insidePort] = [`${first}:${ports[0]}`, `${second}:${ports[1]}`, ports[2]];
    const listen = (host: string) => [{ transport: 'udp' as const, host, port: 0 }];
    const own = { tls: undefined, srtp: 'when-offered', codecs: undefined } as const;
    phone = await openTerminalPhone({ ...own, listen: listen('127.0.0.1'), address: '127.0.0.1' }, systemClock);
    const onIncoming = (call: IncomingPhoneCall) => void ringing.push(call);
    company = await openTerminalPhone({ ...own, listen: listen(trunkAddress), address: trunkAddress, onIncoming }, systemClock);
    leave.push(
      () => phone.close(),
      () => company.close(),
    );
    const trunk = `${trunkAddress}:${company.agent.addresses[0]?.port}`;
    const routes = [{ name: 'desk', numbers: ['*'], greeting, session: { instructions: 'Answer briefly.' } }];
    const outbound = { prefixes: ['+1202'], domains: [trunkAddress], from: '+15550002', by: 'sip:edge' };
    writeFileSync(join(folder, 'one.json'), JSON.stringify({ routes, outbound, sip: sipAt(firstAt) }));
    const startSecond = async () => {
      const engines = noSpeech === undefined ? 'neural' : 'scripted';
      two = await startTelephoneServer(routes, { engines }, { outbound, sip: sipAt(secondAt) });
      leave.push(() => two.close());
    };
    const startProxy = async () => {
      proxy = await startSipProxy({ parleys: [firstAt, secondAt], trunk, certificate: folder, insidePort });
      leave.push(() => proxy.close());
    };
    await Promise.all([startFirst(), startSecond(), startProxy()]);
    await takersAre(firstAt, secondAt);
  });

  afterEach(async () => {
    for (const call of open.splice(0)) call.close();
    ringing.length = 0;
    await vi.waitFor(async () => expect(await calls()).toEqual([0, 0]), { timeout: 5000 });
  });

  afterAll(async () => {
    for (const task of leave.toReversed()) await task();
    rmSync(folder, { recursive: true, force: true });
  });

  async function startFirst(): Promise<void> {
    one = await ParleyProcess.start({ PARLEY_TELEPHONY: join(folder, 'one.json') }, (task) => void leave.push(task));
  }

  async function takersAre(...parleys: string[]): Promise<void> {
    await vi.waitFor(async () => expect((await proxy.takers()).toSorted()).toEqual(parleys.toSorted()), { timeout: 8000 });
  }

  /** How many calls the first and the second have. */
  async function calls(): Promise<[number, number]> {
    const count = async (http: string) => {
      const response = await fetch(`${http}/v1/realtime/calls`, { headers: { authorization: `Bearer ${apiKey}` } }).catch(() => undefined);
      return response ? ((await response.json()) as { data: unknown[] }).data.length : 0;
    };
    return Promise.all([count(one.http), count(two.running.http)]);
  }

  async function call(telephone = new Telephone(), headers: { name: string; value: string }[] = []): Promise<PhoneCall> {
    const target = { uri: `sip:+15550002@${proxy.at}`, from: 'sip:boss@bank.example', credentials, headers };
    const placed = await placePhoneCall(phone.agent, target, telephone, never, phone.parts);
    open.push(placed);
    return placed;
  }

  /** A call that the first or the second has: they take turns. */
  async function callAt(which: 'first' | 'second', headers: { name: string; value: string }[] = []) {
    const at = which === 'first' ? 0 : 1;
    for (;;) {
      const before = await calls();
      const telephone = new Telephone();
      const placed = await call(telephone, headers);
      if ((await calls())[at] > before[at]) return { placed, telephone };
      placed.close();
      await vi.waitFor(async () => expect(await calls()).toEqual(before), { timeout: 5000 });
    }
  }

  const nextCall = () =>
    vi.waitFor(
      () => {
        const [call] = ringing;
        if (!call) throw new Error('nobody calls');
        return call;
      },
      { timeout: 5000 },
    );
  const isHeard = (telephone: Telephone) => expect(Math.max(...telephone.heard)).toBeGreaterThan(2000);

  test('a telephone with a password talks over TLS with encrypted sound, and is handed over', async ({ skip }) => {
    skip(noSpeech !== undefined, noSpeech);
    (await callAt('first')).placed.close();
    // The next turn is the second's.
    const from = two.hooks.length;
    const question = await say(two.running.server, 'Hello, what time is it now?');
    const uri = `sip:+15550002@${proxy.tlsAt};transport=tls`;
    const telephone = await Baresip.open({ uri, transport: 'tls', codec: 'PCMU', srtp: true, credentials });
    try {
      const { call_id: id } = (await two.hook('realtime.call.answered', from)).data;
      const client = await two.beside(id);
      client.send({
        type: 'session.update',
        session: { type: 'realtime', audio: { input: { transcription: { model: 'gpt-4o-transcribe' } } } },
      });
      await two.hears(() => telephone.heard, 'welcome garden office');
      const greetedUntil = telephone.heard.length;
      await telephone.speak(question);
      const { transcript } = await client.log.wait('conversation.item.input_audio_transcription.completed');
      expect(overlap('hello what time is it now', String(transcript))).toBeGreaterThan(0.7);
      await two.hears(() => telephone.heard.slice(greetedUntil), 'it is');
      const target = `sip:sales@${trunkAddress}:${company.agent.addresses[0]?.port}`;
      const referred = two.post(`/v1/realtime/calls/${id}/refer`, { target_uri: target });
      const sales = await nextCall();
      open.push(await sales.answer(new Telephone()));
      expect((await referred).status).toBe(200);
      expect((await two.hook('realtime.call.ended', 0, id)).data).toMatchObject({ cause: 'transferred' });
    } finally {
      await telephone.hangUp();
    }
  }, 60_000);

  test('a trunk holds its calls and takes them up again, and sees the proxy alone', async ({ skip }) => {
    skip(noSipp !== undefined, noSipp);
    writeFileSync(join(folder, 'held.xml'), heldAndResumed);
    const from = ['-i', trunkAddress, '-t', 'u1', '-nostdin', '-trace_msg'];
    await run('sipp', [proxy.at, '-s', '300', '-sf', join(folder, 'held.xml'), '-m', '1', ...from], 20_000, folder);
    const seen = readFileSync(join(folder, readdirSync(folder).find((name) => name.endsWith('_messages.log')) ?? ''), 'utf8');
    expect(seen).toContain('SIP/2.0 200 OK');
    for (const address of [inside, first, second]) expect(seen).not.toContain(address);
  });

  test('who calls is who the password belongs to, whatever the caller writes', async () => {
    const from = two.hooks.length;
    const { placed } = await callAt('second', [{ name: 'P-Asserted-Identity', value: '<sip:+15550001@bank.example>' }]);
    expect((await two.hook('realtime.call.answered', from)).data).toMatchObject({ from: 'sip:desk@localhost', to: '+15550002' });
    placed.close();
    expect((await two.hook('realtime.call.ended', from)).data).toMatchObject({ cause: 'far_side_hung_up' });
  });

  test('calls are shared, and when a Parley dies the next one goes to the other, whose own calls do not notice', async () => {
    const { telephone: lost } = await callAt('first');
    const from = two.hooks.length;
    const { telephone: kept } = await callAt('second');
    const { call_id: id } = (await two.hook('realtime.call.answered', from)).data;
    await vi.waitFor(() => (isHeard(lost), isHeard(kept)), { timeout: 5000 });
    one.signal('SIGKILL');
    await one.exited;
    // Whichever turn it is: the first of them may wait for two seconds.
    await call();
    await call();
    expect(await calls()).toEqual([0, 3]);
    await takersAre(secondAt);
    expect(kept.ends).toEqual([]);
    expect((await two.post(`/v1/realtime/calls/${id}/hangup`)).status).toBe(200);
    await vi.waitFor(() => expect(kept.ends).toEqual(['closed']), { timeout: 2000 });
    expect((await two.hook('realtime.call.ended', from, id)).data).toMatchObject({ cause: 'hung_up' });
    back = startFirst();
  }, 40_000);

  test('a call that a Parley places goes to the trunk, and is hung up on', async () => {
    const placed = await two.post('/v1/realtime/calls', { to: '+12025550147', session: { type: 'realtime' } });
    const { id } = (await placed.json()) as { id: string };
    const incoming = await nextCall();
    expect(incoming).toMatchObject({ from: '+15550002', to: '+12025550147' });
    const telephone = new Telephone();
    const answered = await incoming.answer(telephone);
    await two.hook('realtime.call.answered', 0, id);
    expect((await two.post(`/v1/realtime/calls/${id}/hangup`)).status).toBe(200);
    await vi.waitFor(() => expect(telephone.ends).toEqual(['closed']), { timeout: 2000 });
    answered.close();
  });

  test('strangers are asked for a password, relayed to nobody, and not heard any more where they scan', async () => {
    const message = (method: string, uri: string, lines: string[] = [], to = '') =>
      [
        `${method} ${uri} SIP/2.0`,
        'Via: SIP/2.0/UDP 127.0.0.6:5060;branch=z9hG4bK-1;rport',
        'From: <sip:100@127.0.0.6>;tag=1',
        `To: <${uri}>${to}`,
        'Call-ID: stranger',
        `CSeq: 1 ${method}`,
        'Contact: <sip:100@127.0.0.6>',
        'Max-Forwards: 70',
        ...lines,
        'Content-Length: 0',
        '',
        '',
      ].join('\n');
    const statuses = async (from: string, ...messages: string[]) =>
      (await sendRaw(from, proxy.at, messages)).map((text) => text.split(' ', 2)[1]);
    const ours = `sip:+15550002@${proxy.at}`;
    const ping = message('OPTIONS', ours);
    const invite = message('INVITE', ours);
    const relayed = message('BYE', `sip:victim@${trunkAddress}:5060`, [`Route: <sip:${proxy.at};lr>`], ';tag=2');
    const scanning = message('OPTIONS', ours, ['User-Agent: friendly-scanner']);
    const flood = Array.from({ length: 60 }, () => ping);
    const answers = await Promise.all([
      statuses(trunkAddress, ping),
      statuses('127.0.0.5', ping, message('REGISTER', ours), invite),
      statuses('127.0.0.6', relayed),
      statuses('127.0.0.7', scanning).then(() => statuses('127.0.0.7', invite)),
      statuses('127.0.0.8', ...flood).then(() => statuses('127.0.0.8', invite)),
    ]);
    expect(answers).toEqual([['200'], ['407'], ['403'], [], []]);
  });

  test('a Parley that drains gets no new calls, and goes once its last caller has hung up', async () => {
    await back;
    await takersAre(firstAt, secondAt);
    const { placed, telephone: last } = await callAt('first');
    await vi.waitFor(() => isHeard(last), { timeout: 5000 });
    one.signal('SIGTERM');
    await expect.poll(() => one.written).toContain('Letting answers finish');
    await call();
    await call();
    expect(await calls()).toEqual([1, 2]);
    await takersAre(secondAt);
    expect(last.ends).toEqual([]);
    placed.close();
    expect((await one.exited).code).toBe(0);
  }, 30_000);

  test('when no Parley takes calls, callers are told to come again', async () => {
    await proxy.takeOut(secondAt);
    await expect(call()).rejects.toMatchObject({ failure: { status: 503 } });
    await proxy.letIn(secondAt);
  });

  test('without rtpengine there is no call, because nobody would hear anything', async () => {
    await proxy.loseSound();
    await expect(call()).rejects.toMatchObject({ failure: { status: 500 } });
  });
});
