// Somebody calls by SIP, with a user agent of the same make on the other side of real sockets: what is said is understood, what is answered is heard.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { randomIds, randomInteger, randomToken } from '../../src/lib/ids.ts';
import { silentLog } from '../../src/lib/log.ts';
import { toBytes } from '../../src/media/pcm.ts';
import type { PhoneCall } from '../../src/transports/calls/phone-call.ts';
import type { IncomingCall, SipAgent } from '../../src/transports/sip/agent.ts';
import { openPhoneMedia, type PhoneMedia } from '../../src/transports/sip/media/phone-media.ts';
import { incomingPhoneCall, placePhoneCall } from '../../src/transports/sip/phone-calls.ts';
import { openSipAgent } from '../../src/transports/sip/user-agent.ts';
import { defaultModels, describeWithModels } from '../models.ts';
import { CallEar } from './support/call-ear.ts';
import { Client } from './support/client.ts';
import { apiKey, type RunningServer, startServer } from './support/server.ts';
import { overlap, say, understand } from './support/speech.ts';
import { Telephone } from './support/telephone.ts';

vi.setConfig({ testTimeout: 60_000 });

const never = new AbortController().signal;

describeWithModels(defaultModels, 'a SIP call', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-sip-'));
  const hooks: { type: string; data: { call_id: string; [name: string]: unknown } }[] = [];
  const arrived: IncomingCall[] = [];
  const open: PhoneCall[] = [];
  const clients: Client[] = [];
  let receiver: Server;
  let running: RunningServer;
  let agent: SipAgent;
  let media: PhoneMedia;
  let server: string;

  const parts = (srtp: 'off' | 'required' = 'off') => ({
    media,
    log: silentLog,
    how: () => ({ srtp, secureSignalling: false, keysInClear: true }),
  });

  beforeAll(async () => {
    receiver = createServer((request, response) => {
      void json(request).then((event) => {
        hooks.push(event as (typeof hooks)[number]);
        response.end();
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => receiver.once('listening', resolve));
    media = openPhoneMedia(
      { workers: 1, mostCalls: 10, portRange: undefined, publicAddress: undefined, interfaces: [] },
      { clock: systemClock, log: silentLog },
    );
    agent = await openSipAgent(
      {
        listen: [{ transport: 'udp', host: '127.0.0.1', port: 0 }],
        trunks: [{ name: 'all', addresses: ['127.0.0.1'] }],
        strangers: 'refuse',
      },
      { clock: systemClock, chance: { ids: randomIds, token: randomToken, integer: randomInteger }, log: silentLog },
      { onIncoming: (call) => arrived.push(call) },
    );
    const telephone = `127.0.0.1:${agent.addresses[0]?.port}`;
    const session = { instructions: 'Answer briefly.', audio: { input: { transcription: { model: 'gpt-4o-transcribe' } } } };
    const file = {
      routes: [
        {
          name: 'desk',
          numbers: ['+15550002'],
          session,
          greeting: 'Welcome to the garden office.',
          tools: ['hang_up', 'transfer'],
          transfer_to: { sales: `sip:sales@${telephone}` },
        },
      ],
      sip: {
        listen: ['udp:127.0.0.1:0'],
        trunks: [{ name: 'office', addresses: ['127.0.0.1'], proxy: telephone }],
      },
      outbound: { prefixes: ['+1202'], domains: ['127.0.0.1'], from: '+15550002', by: 'sip:office' },
      webhooks: [
        {
          url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
          secret: `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`,
        },
      ],
    };
    writeFileSync(join(folder, 'telephony.json'), JSON.stringify(file));
    running = await startServer({ engines: 'neural', settings: { PARLEY_TELEPHONY: join(folder, 'telephony.json') } });
    server = running.server.sipAddresses[0]?.replace(/^udp:/, '') ?? '';
  });

  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
    for (const call of open.splice(0)) call.close();
    arrived.length = 0;
  });

  afterAll(async () => {
    await running.close();
    await agent.close();
    await media.close();
    receiver.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function call(number: string, telephone: Telephone, srtp: 'off' | 'required' = 'off'): Promise<PhoneCall> {
    const target = { uri: `sip:${number}@${server}`, from: 'sip:+15550001@127.0.0.1' };
    const placed = await placePhoneCall(agent, target, telephone, never, parts(srtp));
    open.push(placed);
    return placed;
  }

  async function hook(type: string, from: number): Promise<(typeof hooks)[number]> {
    const found = () => hooks.slice(from).find((each) => each.type === type);
    await vi.waitFor(() => expect(found()).toBeDefined(), { timeout: 15_000 });
    return found() as (typeof hooks)[number];
  }

  async function hears(telephone: Telephone, what: string, from = 0): Promise<void> {
    const heard = async () => expect(overlap(what, await understand(running.server, telephone.heard.slice(from)))).toBe(1);
    await vi.waitFor(heard, { timeout: 15_000, interval: 500 });
  }

  async function beside(id: string): Promise<Client> {
    const client = await Client.open(running.ws, `/v1/realtime?call_id=${id}`);
    clients.push(client);
    return client;
  }

  const post = (path: string, body: object = {}) =>
    fetch(running.http + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  test('is greeted, asks and is answered, is listened to, presses keys, and hangs up', async () => {
    const from = hooks.length;
    const telephone = new Telephone();
    const placed = await call('+15550002', telephone);
    const { call_id: id } = (await hook('realtime.call.answered', from)).data;
    const ear = await CallEar.open(running.ws, id);
    await hears(telephone, 'welcome to the garden office');
    const client = await beside(id);
    const silentUntil = telephone.heard.length;
    placed.play(toBytes(await say(running.server, 'Hello, what time is it now?')));
    const { transcript } = await client.log.wait('conversation.item.input_audio_transcription.completed');
    expect(overlap('hello what time is it now', String(transcript))).toBeGreaterThan(0.7);
    await hears(telephone, 'it is', silentUntil);
    // Whoever listens hears the two apart.
    expect(overlap('hello what time is it now', await understand(running.server, ear.caller))).toBeGreaterThan(0.7);
    expect(await understand(running.server, ear.agent)).toMatch(/it is/i);
    await placed.sendDigits('7#');
    for (const key of '7#')
      await client.log.wait((each) => each.type === 'input_audio_buffer.dtmf_event_received' && each['event'] === key);
    placed.close();
    const ended = await hook('realtime.call.ended', from);
    expect(ended.data).toMatchObject({ call_id: id, cause: 'far_side_hung_up', carrier: 'sip', from: '+15550001', to: '+15550002' });
  });

  test('whose keys anybody could read on their way is refused, and its end is told', async () => {
    const from = hooks.length;
    const telephone = new Telephone();
    await expect(call('+15550002', telephone, 'required')).rejects.toMatchObject({ failure: { status: 488 } });
    expect((await hook('realtime.call.ended', from)).data).toMatchObject({ cause: 'failed', duration_seconds: 0 });
  });

  test('is handed over by the API and by the model, and goes on where nobody takes it', async () => {
    const from = hooks.length;
    const telephone = new Telephone();
    await call('+15550002', telephone);
    const { call_id: id } = (await hook('realtime.call.answered', from)).data;
    const refused = await post(`/v1/realtime/calls/${id}/refer`, { target_uri: 'sip:sales@127.0.0.1:9' });
    expect(refused.status).toBe(409);
    expect((await hook('realtime.call.transfer_failed', from)).data).toMatchObject({ call_id: id, target: 'sip:sales@127.0.0.1:9' });
    await hears(telephone, 'welcome to the garden office');
    expect((await post(`/v1/realtime/calls/${id}/refer`, { target_uri: 'tel:+4930123456' })).status).toBe(403);
    expect(telephone.ends).toEqual([]);
  });

  test('is placed by the API, answered over there, and talks', async () => {
    const placed = await post('/v1/realtime/calls', { to: '+12025550147', session: { type: 'realtime', instructions: 'Be brief.' } });
    expect(placed.status).toBe(201);
    const { id } = (await placed.json()) as { id: string };
    await vi.waitFor(() => expect(arrived).toHaveLength(1));
    const telephone = new Telephone();
    const answered = await incomingPhoneCall(arrived[0] as IncomingCall, parts()).answer(telephone);
    open.push(answered);
    const client = await vi.waitFor(() => beside(id), { timeout: 5000 });
    client.say('Say exactly: The parcel is here.');
    client.send({ type: 'response.create' });
    await hears(telephone, 'the parcel is here');
    expect((await post('/v1/realtime/calls', { to: '+493012345678' })).status).toBe(403);
    expect((await post(`/v1/realtime/calls/${id}/hangup`)).status).toBe(200);
    await vi.waitFor(() => expect(telephone.ends).toEqual(['closed']));
  });
});
