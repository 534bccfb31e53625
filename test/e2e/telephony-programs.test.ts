// Telephones that others have made talk with the whole server: what they hear is answered, and what they say is understood.
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { numbersSpoken } from '../../bench/word-errors.ts';
import type { Log } from '../../src/lib/log.ts';
import { trust } from './support/server.ts';
import { missing, run } from '../transports/sip/programs.ts';
import { cancelled, heldAndResumed, lateOffer } from '../transports/sip/scenarios.ts';
import { defaultModels, describeWithModels } from '../models.ts';
import { Baresip } from './support/baresip.ts';
import { Linphone } from './support/linphone.ts';
import type { Codec, RealTelephone, TelephoneOptions } from './support/real-telephone.ts';
import { overlap, say, wordsOf } from './support/speech.ts';
import { nobody, startTelephoneServer, type TelephoneServer } from './support/telephone-server.ts';

vi.setConfig({ testTimeout: 60_000 });

const noBaresip = missing('baresip', 'baresip-core');
const noLinphone = missing('linphonec', 'linphone-cli');
const greeting = 'Welcome to the garden office.';
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** Its words that carry it. */
const greeted = 'welcome garden office';
const transcription = { audio: { input: { transcription: { model: 'gpt-4o-transcribe' } } } };
const session = { instructions: 'Answer briefly.', ...transcription };

describeWithModels(defaultModels, 'a telephone', () => {
  const open: { hangUp(): Promise<void> }[] = [];
  let server: TelephoneServer;
  /** The file of the server's certificate. */
  let trusted: string;

  beforeAll(async () => {
    const routes = [
      { name: 'asked', numbers: ['200'], answer: 'webhook' },
      { name: 'desk', numbers: ['*'], session, greeting, tools: ['hang_up'] },
    ];
    server = await startTelephoneServer(routes, { engines: 'neural', tls: true });
    trust(server.running.certificate);
    trusted = file('certificate.pem', server.running.certificate ?? '');
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((telephone) => telephone.hangUp()));
  });

  afterAll(() => server.close());

  /** What a telephone needs to call that number over TLS; linphone compares the certificate with the name, and baresip 1.0 compares nothing. */
  const callTo = (number: string, transport: 'udp' | 'tcp' | 'tls', host: string) => ({
    uri: `sip:${number}@${server.at(transport).replace('127.0.0.1', host)};transport=${transport}`,
    transport,
    trusted,
  });

  async function dial(number: string, transport: 'udp' | 'tls'): Promise<Baresip> {
    const telephone = await Baresip.open({ ...callTo(number, transport, '127.0.0.1'), codec: 'PCMU', srtp: transport === 'tls' });
    open.push(telephone);
    return telephone;
  }

  describe('baresip', () => {
    test('is greeted, asks and is answered, interrupts, and hangs up', async ({ skip }) => {
      skip(noBaresip !== undefined, noBaresip);
      const from = server.hooks.length;
      const [question, objection] = [
        await say(server.running.server, 'Count from one to one hundred.'),
        await say(server.running.server, 'What time is it?'),
      ];
      const telephone = await dial('100', 'udp');
      const { call_id: id } = (await server.hook('realtime.call.answered', from)).data;
      const client = await server.beside(id);
      await server.hears(() => telephone.heard, greeted);
      const silentUntil = telephone.heard.length;
      await telephone.speak(question);
      const { transcript } = await client.log.wait('conversation.item.input_audio_transcription.completed');
      expect(overlap('count from one', numbersSpoken(String(transcript)))).toBe(1);
      await server.hears(() => telephone.heard.slice(silentUntil), 'one two three four five');
      const [mark, interruptedAt] = [client.log.mark, telephone.heard.length];
      await telephone.speak(objection);
      const truncated = await client.log.wait('conversation.item.truncated', mark);
      client.send({ type: 'conversation.item.retrieve', item_id: truncated['item_id'] });
      const kept = (await client.log.wait('conversation.item.retrieved', mark))['item'] as { content: { transcript: string }[] };
      const remembered = wordsOf(kept.content[0]?.transcript ?? '');
      expect(remembered.slice(0, 4)).toEqual(['one', 'two', 'three', 'four']);
      expect(remembered).not.toContain('ninety');
      await server.hears(() => telephone.heard.slice(interruptedAt), 'it is');
      await telephone.hangUp();
      const ended = await server.hook('realtime.call.ended', from, id);
      expect(ended.data).toMatchObject({ cause: 'far_side_hung_up', carrier: 'sip', to: '100' });
      await vi.waitFor(async () => expect(await server.load()).toEqual(nobody), { timeout: 5000 });
    });

    test('talks over TLS with encrypted sound once the call is accepted', async ({ skip }) => {
      skip(noBaresip !== undefined, noBaresip);
      const from = server.hooks.length;
      const telephone = await dial('200', 'tls');
      const { data } = await server.hook('realtime.call.incoming', from);
      expect(data['sip_media_security']).toBe('srtp');
      expect((await server.post(`/v1/realtime/calls/${data.call_id}/accept`, { type: 'realtime', ...session })).status).toBe(200);
      await server.hook('realtime.call.answered', from);
      const client = await server.beside(data.call_id);
      await telephone.speak(await say(server.running.server, 'Hello, what time is it now?'));
      const { transcript } = await client.log.wait('conversation.item.input_audio_transcription.completed');
      expect(overlap('hello what time is it now', String(transcript))).toBeGreaterThan(0.7);
      await server.hears(() => telephone.heard, 'it is');
      await telephone.hangUp();
      expect((await server.hook('realtime.call.ended', from, data.call_id)).data).toMatchObject({ cause: 'far_side_hung_up' });
    });
  });

  test('linphone is greeted over TCP with Opus, and hung up on by the model when its caller asks for it', async ({ skip }) => {
    skip(noLinphone !== undefined, noLinphone);
    const from = server.hooks.length;
    const telephone = await Linphone.open({ ...callTo('100', 'tcp', '127.0.0.1'), codec: 'opus' });
    open.push(telephone);
    const { call_id: id } = (await server.hook('realtime.call.answered', from)).data;
    await server.hears(() => telephone.heard, greeted);
    expect(telephone.output).toMatch(/0: opus \(48000\) enabled/);
    await telephone.speak(await say(server.running.server, 'Please hang up now.'));
    expect((await server.hook('realtime.call.ended', from, id)).data).toMatchObject({ cause: 'hung_up' });
    await vi.waitFor(() => expect(telephone.output).toMatch(/Call 1 with .* ended/), { timeout: 5000 });
  });

  test('linphone asks over TLS with encrypted sound, holds the answer and hears all of it after that', async ({ skip }) => {
    skip(noLinphone !== undefined, noLinphone);
    const from = server.hooks.length;
    const telephone = await Linphone.open({ ...callTo('100', 'tls', 'localhost'), codec: 'PCMA', srtp: true });
    open.push(telephone);
    const { call_id: id } = (await server.hook('realtime.call.answered', from)).data;
    const client = await server.beside(id);
    await telephone.speak(await say(server.running.server, 'Hello, what time is it now?'));
    const { transcript } = await client.log.wait('conversation.item.input_audio_transcription.completed');
    expect(overlap('hello what time is it now', String(transcript))).toBeGreaterThan(0.7);
    await server.hears(() => telephone.heard, 'it is');
    await vi.waitFor(() => expect(client.log.all.findLast(({ type }) => type.startsWith('output_audio_buffer'))?.type).toMatch(/stopped/), {
      timeout: 10_000,
    });
    const [mark, silentUntil] = [client.log.mark, telephone.heard.length];
    client.say('Say exactly: We open at nine and close at five, every day of the week.');
    client.send({ type: 'response.create' });
    await client.log.wait('output_audio_buffer.started', mark);
    await pause(700);
    await telephone.hold();
    await vi.waitFor(() => expect(telephone.output).toMatch(/is now paused/), { timeout: 5000 });
    await pause(2000);
    await telephone.resume();
    // Where it stopped it goes on.
    await server.hears(() => telephone.heard.slice(silentUntil), 'open at nine close at five every day of the week', 0.9);
  });

  const codecs: readonly Codec[] = ['PCMU', 'PCMA', 'opus'];
  const transports = ['udp', 'tcp', 'tls'] as const;
  const ways = transports.flatMap((transport) => (transport === 'tls' ? [false, true] : [false]).map((srtp) => ({ transport, srtp })));
  const programs = [
    {
      name: 'baresip',
      host: '127.0.0.1',
      absent: noBaresip,
      place: (options: TelephoneOptions): Promise<RealTelephone> => Baresip.open(options),
    },
    {
      name: 'linphone',
      host: 'localhost',
      absent: noLinphone,
      place: (options: TelephoneOptions): Promise<RealTelephone> => Linphone.open(options),
    },
  ];
  const combinations = programs.flatMap((program) =>
    ways.flatMap((way) => codecs.map((codec) => ({ ...program, ...way, codec, sound: way.srtp ? 'SRTP' : 'RTP' }))),
  );

  // Some minutes, after a change to what is signalled or to the sound.
  test.each(process.env['TELEPHONES'] === 'all' ? combinations : [])(
    '$name over $transport with $codec over $sound asks and is answered',
    async (each) => {
      if (each.absent) throw new Error(each.absent);
      const from = server.hooks.length;
      const telephone = await each.place({ ...callTo('100', each.transport, each.host), codec: each.codec, srtp: each.srtp });
      open.push(telephone);
      const { call_id: id } = (await server.hook('realtime.call.answered', from)).data;
      const client = await server.beside(id);
      await server.hears(() => telephone.heard, greeted);
      const silentUntil = telephone.heard.length;
      await telephone.speak(await say(server.running.server, 'Hello, what time is it now?'));
      const { transcript } = await client.log.wait('conversation.item.input_audio_transcription.completed');
      expect(overlap('hello what time is it now', String(transcript))).toBeGreaterThan(0.7);
      await server.hears(() => telephone.heard.slice(silentUntil), 'it is');
    },
  );
});

const noSipp = missing('sipp', 'sip-tester');

describe('sipp', () => {
  const lines: { level: keyof Log; fields: object; message: string }[] = [];
  const keep = (level: keyof Log) => (fields: object, message: string) => void lines.push({ level, fields, message });
  const log: Log = { debug() {}, info: keep('info'), warn: keep('warn'), error: keep('error'), child: () => log };
  let server: TelephoneServer;

  beforeAll(async () => {
    const routes = [
      { name: 'slow', numbers: ['301'], answer: { after_ms: 2000 } },
      { name: 'desk', numbers: ['*'], greeting },
    ];
    server = await startTelephoneServer(routes, { engines: 'scripted', log });
  });

  afterAll(() => server.close());

  /** What the server tells of so many calls, from the first to the last. */
  async function calls(number: string, most: number, ...args: string[]): Promise<object[]> {
    const from = server.hooks.length;
    await run('sipp', [server.at('udp'), '-s', number, '-m', String(most), '-i', '127.0.0.1', '-t', 'u1', '-nostdin', ...args], 50_000);
    const ended = () => server.hooks.slice(from).filter(({ type }) => type === 'realtime.call.ended');
    await vi.waitFor(() => expect(ended()).toHaveLength(most), { timeout: 10_000 });
    await vi.waitFor(async () => expect(await server.load()).toEqual(nobody), { timeout: 5000 });
    const answered = server.hooks.slice(from).filter(({ type }) => type === 'realtime.call.answered');
    return ended().map(({ data }) => ({
      cause: data['cause'],
      answered: answered.filter((each) => each.data.call_id === data.call_id).length,
    }));
  }

  const times = (count: number, call: object) => Array.from({ length: count }, () => call);
  const hungUp = { cause: 'far_side_hung_up', answered: 1 };

  // TELEPHONES=all makes two hundred of them.
  const many = process.env['TELEPHONES'] === 'all' ? 200 : 30;

  test('makes thirty calls at ten in a second, which are greeted and leave nothing behind', async ({ skip }) => {
    skip(noSipp !== undefined, noSipp);
    // The first calls start the threads of the sound.
    await calls('300', 2, '-sn', 'uac', '-d', '500');
    const [from, open] = [lines.length, descriptors()];
    expect(await calls('300', many, '-sn', 'uac', '-r', '10', '-d', '2000')).toEqual(times(many, hungUp));
    const logged = lines.slice(from);
    const responses = logged.flatMap(({ fields }) => ('responses' in fields ? [fields.responses as Record<string, number>] : []));
    expect(responses.map((each) => Object.values(each).reduce((sum, count) => sum + count, 0))).toEqual(Array(many).fill(1));
    expect(logged.filter(({ level }) => level !== 'info')).toEqual([]);
    // Ports of calls, and whatever else they had.
    await vi.waitFor(() => expect(descriptors()).toBeLessThanOrEqual(open), { timeout: 5000 });
  });

  test('leaves the offer to the server', async ({ skip }) => {
    skip(noSipp !== undefined, noSipp);
    expect(await calls('300', 2, '-sf', file('late.xml', lateOffer))).toEqual(times(2, hungUp));
  });

  test('changes the session, holds the call and takes it up again', async ({ skip }) => {
    skip(noSipp !== undefined, noSipp);
    expect(await calls('300', 2, '-sf', file('held.xml', heldAndResumed))).toEqual(times(2, hungUp));
  });

  test('takes its calls back before they are answered', async ({ skip }) => {
    skip(noSipp !== undefined, noSipp);
    const gone = { cause: 'cancelled', answered: 0 };
    expect(await calls('301', 5, '-sf', file('cancel.xml', cancelled), '-r', '10')).toEqual(times(5, gone));
  });
});

/** Sockets and files that this process, the server in it, has open. */
function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

function file(name: string, text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'sipp-')), name);
  writeFileSync(path, text);
  return path;
}
