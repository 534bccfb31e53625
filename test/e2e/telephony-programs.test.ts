// Telephones that others have made talk with the whole server: what they hear is answered, and what they say is understood.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { numbersSpoken } from '../../bench/word-errors.ts';
import { trust } from './support/server.ts';
import { missing } from '../transports/sip/programs.ts';
import { defaultModels, describeWithModels } from '../models.ts';
import { Baresip } from './support/baresip.ts';
import { overlap, say, wordsOf } from './support/speech.ts';
import { freeTcpPort, startTelephoneServer, type TelephoneServer } from './support/telephone-server.ts';

vi.setConfig({ testTimeout: 60_000 });

const noBaresip = missing('baresip', 'baresip-core');
const greeting = 'Welcome to the garden office.';
const transcription = { audio: { input: { transcription: { model: 'gpt-4o-transcribe' } } } };
const session = { instructions: 'Answer briefly.', ...transcription };

describeWithModels(defaultModels, 'a telephone', () => {
  const open: Baresip[] = [];
  let server: TelephoneServer;

  beforeAll(async () => {
    const routes = [
      { name: 'asked', numbers: ['200'], answer: 'webhook' },
      { name: 'desk', numbers: ['*'], session, greeting, tools: ['hang_up'] },
    ];
    server = await startTelephoneServer(routes, { engines: 'neural', tls: true });
    trust(server.running.certificate);
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((telephone) => telephone.hangUp()));
  });

  afterAll(() => server.close());

  async function dial(number: string, transport: 'udp' | 'tls'): Promise<Baresip> {
    const uri = `sip:${number}@${server.at(transport)};transport=${transport}`;
    const telephone = new Baresip({ uri, transport, srtp: transport === 'tls', controlPort: await freeTcpPort() });
    open.push(telephone);
    return telephone;
  }

  describe('baresip', () => {
    test('is greeted, asks and is answered, interrupts, and hangs up', async ({ skip }) => {
      skip(noBaresip !== undefined, noBaresip);
      const from = server.hooks.length;
      const [question, objection] = [
        await say(server.running.server, 'Count from one to one hundred.'),
        await say(server.running.server, 'Please stop. What is your name?'),
      ];
      const telephone = await dial('100', 'udp');
      const { call_id: id } = (await server.hook('realtime.call.answered', from)).data;
      const client = await server.beside(id);
      await server.hears(() => telephone.heard, greeting);
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
      await server.hears(() => telephone.heard.slice(interruptedAt), 'call me parley');
      await telephone.hangUp();
      const ended = await server.hook('realtime.call.ended', from, id);
      expect(ended.data).toMatchObject({ cause: 'far_side_hung_up', carrier: 'sip', to: '100' });
      await vi.waitFor(async () => expect(await server.load()).toEqual({ phones: 0, calls: 0, sessions: 0 }), { timeout: 5000 });
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

    test('is hung up on by the model when its caller asks for it', async ({ skip }) => {
      skip(noBaresip !== undefined, noBaresip);
      const from = server.hooks.length;
      const telephone = await dial('100', 'udp');
      const { call_id: id } = (await server.hook('realtime.call.answered', from)).data;
      await server.hears(() => telephone.heard, greeting);
      await telephone.speak(await say(server.running.server, 'Please hang up now.'));
      expect((await server.hook('realtime.call.ended', from, id)).data).toMatchObject({ cause: 'hung_up' });
      await vi.waitFor(() => expect(telephone.output).toMatch(/session closed|terminated/i));
    });
  });
});
