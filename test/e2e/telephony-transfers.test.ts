// Telephones that others have made, on calls with the whole server: keys both ways, hold, and every way in which a call is handed on. The engines are
// scripted, and the model does as it is told.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { FakeChatServer } from '../contract/fake-chat-server.ts';
import { missing } from '../transports/sip/programs.ts';
import { Baresip } from './support/baresip.ts';
import type { Client } from './support/client.ts';
import { Linphone } from './support/linphone.ts';
import { order, startObedientModel } from './support/obedient-model.ts';
import type { RealTelephone, TelephoneOptions } from './support/real-telephone.ts';
import { nobody, startTelephoneServer, type TelephoneServer } from './support/telephone-server.ts';

vi.setConfig({ testTimeout: 60_000 });

interface Program {
  readonly program: string;
  readonly absent: string | undefined;
  readonly open: (options: TelephoneOptions) => Promise<RealTelephone>;
  /** What it says when it has put a call on hold, and when another call of it talks. */
  readonly onHold: RegExp;
  readonly talks: RegExp;
  /** Of an answer that waited for the end of a hold, so much is loud in what it writes down; baresip writes nothing down after one. */
  readonly heardMs: number;
}

const baresip: Program = {
  program: 'baresip',
  absent: missing('baresip', 'baresip-core'),
  open: (options) => Baresip.open(options),
  onHold: /call: hold/,
  talks: /Call established/g,
  heardMs: 0,
};
const linphone: Program = {
  program: 'linphone',
  absent: missing('linphonec', 'linphone-cli'),
  open: (options) => Linphone.open(options),
  onHold: /is now paused/,
  talks: /Media streams established/g,
  heardMs: 300,
};

/** Linphone hands on to an address without its port: the server must be at the usual one, where nobody else is. */
const host = `127.77.${process.pid % 250}.${1 + (Math.floor(process.pid / 250) % 250)}`;
const line = { transport: 'udp', codec: 'PCMU' } as const;
const open: RealTelephone[] = [];
let model: FakeChatServer;
let server: TelephoneServer;
/** Who is called by those that are handed over. */
let colleague: RealTelephone;

const anyAbsent = baresip.absent ?? linphone.absent;

beforeAll(async () => {
  if (anyAbsent) return;
  colleague = await linphone.open(line);
  model = await startObedientModel();
  const colleagues = { colleague: colleague.uri };
  const desk = { greeting: 'Hello.', tools: ['send_digits', 'transfer'], transfer_to: colleagues, collect_digits: {} };
  server = await startTelephoneServer(
    [
      { name: 'open', numbers: ['100'], follow_transfers: true, ...desk },
      { name: 'closed', numbers: ['200'], ...desk },
    ],
    { engines: 'scripted', settings: { PARLEY_LLM: '', PARLEY_LLM_BASE_URL: model.url, PARLEY_LLM_MODEL: 'small' } },
    {
      sip: {
        listen: [`udp:${host}:5060`],
        trunks: [{ name: 'telephones', addresses: ['127.0.0.0/8'], proxy: colleague.uri.replace('phone@', '') }],
      },
      outbound: { domains: ['127.0.0.1'], by: 'sip:telephones', from: 'sip:parley@127.0.0.1' },
    },
  );
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((telephone) => telephone.hangUp()));
  if (!anyAbsent) await vi.waitFor(async () => expect(await server.load()).toEqual(nobody), { timeout: 10_000 });
});

afterAll(async () => {
  if (anyAbsent) return;
  await server.close();
  await model.close();
  await colleague.hangUp();
});

async function call({ open: place }: Program, number: '100' | '200') {
  const from = server.hooks.length;
  const telephone = await place({ uri: `sip:${number}@${host}`, ...line });
  open.push(telephone);
  const { call_id: id } = (await server.hook('realtime.call.answered', from)).data;
  const client = await server.beside(id);
  await vi.waitFor(() => expect(loudMs(telephone.heard)).toBeGreaterThan(40), { timeout: 5000 });
  return { telephone, id, client, from };
}

/** Has the model do something, once it has nothing else to say. */
async function obey(client: Client, what: string): Promise<void> {
  const isQuiet = () => client.log.all.findLast(({ type }) => /^response\.(created|done)$/.test(type))?.type !== 'response.created';
  // The answer to a tool's result begins right after it.
  do await pause(200);
  while (!isQuiet());
  client.say(what);
  client.send({ type: 'response.create' });
}

function loudMs(samples: Int16Array): number {
  return samples.filter((sample) => Math.abs(sample) > 1000).length / 24;
}

async function told(telephone: RealTelephone, what: RegExp, times = 1): Promise<void> {
  const found = () => expect([...telephone.output.matchAll(new RegExp(what, 'g'))].length).toBeGreaterThanOrEqual(times);
  await vi.waitFor(found, { timeout: 10_000 });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.each([baresip, linphone])('$program', (program) => {
  test('presses keys that reach the model, hears those of the model, and is handed over by it to somebody who answers', async ({
    skip,
  }) => {
    skip(anyAbsent !== undefined, anyAbsent);
    const { telephone, id, client, from } = await call(program, '200');
    await telephone.press('42#');
    const pressed = () => client.log.of('input_audio_buffer.dtmf_event_received').map((event) => event['event']);
    await vi.waitFor(() => expect(JSON.stringify(model.requests.at(-1)?.body.messages)).toContain('The caller pressed 4 2.'), {
      timeout: 8000,
    });
    expect(pressed()).toEqual(['4', '2', '#']);
    await obey(client, order('send_digits', { digits: '15*#' }));
    await vi.waitFor(() => expect(telephone.pressed).toBe('15*#'), { timeout: 8000 });
    await client.log.wait('response.mcp_call.completed');
    await obey(client, order('transfer', { to: 'colleague' }));
    expect((await server.hook('realtime.call.transferred', from, id)).data['target']).toBe(colleague.uri);
    expect((await server.hook('realtime.call.ended', from, id)).data['cause']).toBe('transferred');
    await told(telephone, program.talks, 2);
  });

  test('holds the call, and nothing goes on until it takes it up again', async ({ skip }) => {
    skip(anyAbsent !== undefined, anyAbsent);
    const { telephone, client } = await call(program, '200');
    await telephone.hold();
    await told(telephone, program.onHold);
    const detection = (idle_timeout_ms: number | null) =>
      client.send({
        type: 'session.update',
        session: { type: 'realtime', audio: { input: { turn_detection: { type: 'server_vad', idle_timeout_ms } } } },
      });
    const [mark, heardMs] = [client.log.mark, loudMs(telephone.heard)];
    detection(1000);
    // It waits for whoever takes the call up again.
    await obey(client, 'Are you there?');
    await client.log.wait('response.done', mark);
    await pause(1600);
    const types = client.log.all.slice(mark).map(({ type }) => type);
    for (const type of ['input_audio_buffer.timeout_triggered', 'output_audio_buffer.stopped']) expect(types).not.toContain(type);
    expect(loudMs(telephone.heard) - heardMs).toBeLessThan(40);
    await telephone.resume();
    await client.log.wait('output_audio_buffer.stopped', mark);
    await vi.waitFor(() => expect(loudMs(telephone.heard) - heardMs).toBeGreaterThanOrEqual(program.heardMs), { timeout: 5000 });
    // The silence after that is one again.
    await client.log.wait('input_audio_buffer.timeout_triggered', mark);
    detection(null);
    await telephone.press('7');
    await client.log.wait('input_audio_buffer.dtmf_event_received', mark);
  });

  test('hands the call on where that is allowed, and the session talks with whoever answers', async ({ skip }) => {
    skip(anyAbsent !== undefined, anyAbsent);
    const { telephone, id, client, from } = await call(program, '100');
    const heardMs = loudMs(colleague.heard);
    await telephone.transfer(colleague.uri);
    expect((await server.hook('realtime.call.party_changed', from, id)).data).toMatchObject({ party: colleague.uri, by: 'refer' });
    await obey(client, 'Say something.');
    await vi.waitFor(() => expect(loudMs(colleague.heard) - heardMs).toBeGreaterThan(300), { timeout: 8000 });
    expect((await server.post(`/v1/realtime/calls/${id}/hangup`)).status).toBe(200);
  });

  test('hands the call on to nobody where that is not allowed', async ({ skip }) => {
    skip(anyAbsent !== undefined, anyAbsent);
    const calls = [...colleague.output.matchAll(/incoming call/g)].length;
    const { telephone } = await call(program, '200');
    await telephone.transfer(colleague.uri);
    await told(telephone, program === baresip ? /transfer failed: 603 Decline/ : /transfer sip:phone/);
    await pause(500);
    expect([...colleague.output.matchAll(/incoming call/g)].length).toBe(calls);
  });
});

test('linphone transfers the server to a colleague whom it has talked with, and the session goes on there', async ({ skip }) => {
  skip(anyAbsent !== undefined, anyAbsent);
  const { telephone, id, client, from } = await call(linphone, '200');
  await telephone.hold();
  await told(telephone, linphone.onHold);
  await (telephone as Linphone).dial(colleague.uri);
  await told(telephone, /Media streams established with sip:phone@/);
  // The colleague's telephone is told to take this one's place at the server.
  await (telephone as Linphone).join(2, 1);
  expect((await server.hook('realtime.call.party_changed', from, id)).data['by']).toBe('replaces');
  const heardMs = loudMs(colleague.heard);
  await obey(client, 'Say something.');
  await vi.waitFor(() => expect(loudMs(colleague.heard) - heardMs).toBeGreaterThan(300), { timeout: 8000 });
  expect((await server.post(`/v1/realtime/calls/${id}/hangup`)).status).toBe(200);
  expect((await server.hook('realtime.call.ended', from, id)).data['cause']).toBe('hung_up');
});

test('linphone is left to somebody whom the server has called, who talks with it from then on', async ({ skip }) => {
  skip(anyAbsent !== undefined, anyAbsent);
  const { telephone, id, from } = await call(linphone, '200');
  const placed = await server.post('/v1/realtime/calls', { to: colleague.uri, session: { type: 'realtime' } });
  const { id: other } = (await placed.json()) as { id: string };
  expect((await server.hook('realtime.call.ringing', from, other)).data['direction']).toBe('outbound');
  await server.hook('realtime.call.answered', from, other);
  expect((await server.post(`/v1/realtime/calls/${id}/refer`, { target_call_id: other })).status).toBe(200);
  expect((await server.hook('realtime.call.ended', from, id)).data['cause']).toBe('transferred');
  expect((await server.hook('realtime.call.ended', from, other)).data['cause']).toBe('far_side_hung_up');
  await told(telephone, linphone.talks, 2);
});
