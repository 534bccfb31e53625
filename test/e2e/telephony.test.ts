// Somebody calls by telephone, over the media stream of a provider: from the provider's question to the end of the call, with the whole server.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { readWav } from '../../src/media/wav.ts';
import { resample } from '../../src/media/resample.ts';
import { defaultModels, describeWithModels } from '../models.ts';
import { CallEar } from './support/call-ear.ts';
import { Client } from './support/client.ts';
import { apiKey, type RunningServer, startServer } from './support/server.ts';
import { overlap, rateHz, say, understand } from './support/speech.ts';
import { askForInstructions, publicUrl, TelephoneLine, twilioToken } from './support/telephone-line.ts';

vi.setConfig({ testTimeout: 60_000 });

interface Hook {
  readonly type: string;
  readonly data: { readonly call_id: string; readonly [name: string]: unknown };
}

describeWithModels(defaultModels, 'a telephone call', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-telephony-'));
  const hooks: Hook[] = [];
  let receiver: Server;
  let running: RunningServer;
  const lines: TelephoneLine[] = [];
  const clients: Client[] = [];

  beforeAll(async () => {
    receiver = createServer((request, response) => {
      void json(request).then((event) => {
        hooks.push(event as Hook);
        response.end();
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => receiver.once('listening', resolve));
    const session = { instructions: 'Answer briefly.', audio: { input: { transcription: { model: 'gpt-4o-transcribe' } } } };
    const file = {
      public_url: publicUrl,
      carriers: { twilio: { account_sid: 'AC1', auth_token: twilioToken } },
      routes: [
        { name: 'desk', numbers: ['+15550002'], session, greeting: 'Welcome to the garden office.', tools: ['hang_up'], recording: {} },
        { name: 'asked', numbers: ['+15550003'], session, answer: 'webhook' },
        { name: 'keys', numbers: ['+15550004'], session, collect_digits: { end_key: '#' } },
      ],
      webhooks: [
        {
          url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
          secret: `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`,
        },
      ],
    };
    writeFileSync(join(folder, 'telephony.json'), JSON.stringify(file));
    const settings = { PARLEY_TELEPHONY: join(folder, 'telephony.json'), PARLEY_RECORDINGS_DIR: join(folder, 'recordings') };
    running = await startServer({ engines: 'neural', settings });
  });

  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
    for (const line of lines.splice(0)) line.hangUp();
  });

  afterAll(async () => {
    await running.close();
    receiver.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function call(to: string): Promise<TelephoneLine> {
    const line = await TelephoneLine.call(running.http, to);
    lines.push(line);
    return line;
  }

  async function hook(type: string, from: number, call?: string): Promise<Hook> {
    const found = () => hooks.slice(from).find((each) => each.type === type && (call === undefined || each.data.call_id === call));
    await vi.waitFor(() => expect(found()).toBeDefined(), { timeout: 10_000 });
    return found() as Hook;
  }

  /** A connection beside the call. */
  async function beside(id: string): Promise<Client> {
    const client = await Client.open(running.ws, `/v1/realtime?call_id=${id}`);
    clients.push(client);
    return client;
  }

  async function greeted(line: TelephoneLine): Promise<void> {
    const heard = async () => expect(overlap('welcome to the garden office', await words(line.heard))).toBe(1);
    await vi.waitFor(heard, { timeout: 15_000, interval: 500 });
  }

  const words = (samples: Int16Array) => understand(running.server, resample({ samples, rateHz: 8000 }, rateHz).samples);
  const post = (path: string, body: object = {}) =>
    fetch(running.http + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  test('E28: is greeted, asks, is answered, interrupts, and is recorded as it was heard', async () => {
    const from = hooks.length;
    const line = await call('+15550002');
    const { call_id: id } = (await hook('realtime.call.answered', from)).data;
    await greeted(line);
    const client = await beside(id);
    const silentUntil = line.heard.length;
    await line.say(await say(running.server, 'Hello, what time is it now?'));
    const { transcript } = await client.log.wait('conversation.item.input_audio_transcription.completed');
    expect(overlap('hello what time is it now', String(transcript))).toBeGreaterThan(0.7);
    await vi.waitFor(async () => expect(await words(line.heard.slice(silentUntil))).toMatch(/it is/i), { timeout: 15_000, interval: 500 });

    const mark = client.log.mark;
    await line.say(await say(running.server, 'Please count from one to thirty.'));
    await client.log.wait('output_audio_buffer.started', mark);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const clears = () => line.provider.understood.filter(({ kind }) => kind === 'clear').length;
    const [before, cut] = [clears(), client.log.mark];
    void line.say(await say(running.server, 'Wait, stop please.'));
    await client.log.wait('conversation.item.truncated', cut);
    await vi.waitFor(() => expect(clears()).toBe(before + 1));
    expect(line.provider.errors).toEqual([]);

    line.hangUp();
    const ended = await hook('realtime.call.ended', from, id);
    expect(ended.data).toMatchObject({ call_id: id, cause: 'far_side_hung_up', from: '+15550001', to: '+15550002', carrier: 'twilio' });
    const file = join(folder, 'recordings', String(ended.data['recording']));
    const { samples } = readWav(readFileSync(file));
    expect(samples.length).toBeGreaterThan(0);
  });

  test('is hung up by the model once its goodbye has been heard', async () => {
    const from = hooks.length;
    const line = await call('+15550002');
    const { call_id: id } = (await hook('realtime.call.answered', from)).data;
    const client = await beside(id);
    await greeted(line);
    const mark = client.log.mark;
    client.say('Please hang up now.');
    client.send({ type: 'response.create' });
    await client.log.wait('response.mcp_call.in_progress', mark);
    await vi.waitFor(() => expect(line.closed).toBe(true), { timeout: 10_000 });
    expect((await hook('realtime.call.ended', from, id)).data).toMatchObject({ cause: 'hung_up' });
    const metrics = await fetch(`${running.http}/metrics`, { headers: { authorization: `Bearer ${apiKey}` } });
    expect(await metrics.text()).toMatch(/^parley_sessions_opened_total\{way="twilio",api="openai"\} [1-9]/m);
  });

  test('E16 E17 E19: waits for whoever got the webhook, who accepts or rejects it, once', async () => {
    let from = hooks.length;
    const rejected = await call('+15550003');
    const first = await hook('realtime.call.incoming', from);
    expect((await post(`/v1/realtime/calls/${first.data.call_id}/reject`)).status).toBe(200);
    await vi.waitFor(() => expect(rejected.closed).toBe(true));
    expect((await post(`/v1/realtime/calls/${first.data.call_id}/accept`, { type: 'realtime' })).status).toBe(404);

    from = hooks.length;
    const line = await call('+15550003');
    const { call_id: id } = (await hook('realtime.call.incoming', from)).data;
    const wrong = await post(`/v1/realtime/calls/${id}/accept`, { type: 'realtime', audio: { output: { voice: 'Nobody' } } });
    expect([wrong.status, await wrong.json()]).toMatchObject([400, { error: { param: 'session.audio.output.voice' } }]);
    expect((await post(`/v1/realtime/calls/${id}/accept`, { type: 'realtime', instructions: 'Be kind.' })).status).toBe(200);
    const client = await beside(id);
    const created = await client.log.wait('session.created');
    expect(created).toMatchObject({ session: { instructions: 'Be kind.', audio: { input: { format: { type: 'audio/pcmu' } } } } });
    expect((await post(`/v1/realtime/calls/${id}/hangup`)).status).toBe(200);
    await vi.waitFor(() => expect(line.closed).toBe(true));
  });

  test('E31: is listened to: the caller comes out on the left and the agent on the right, as they were heard, for those with a key', async () => {
    const from = hooks.length;
    const line = await call('+15550002');
    const { call_id: id } = (await hook('realtime.call.answered', from)).data;
    const ear = await CallEar.open(running.ws, id);
    await greeted(line);
    const question = await say(running.server, 'Hello, what time is it now?');
    await line.say(question);
    const asked = async () => overlap('hello what time is it now', await words(ear.caller));
    await vi.waitFor(async () => expect(await asked()).toBeGreaterThan(0.7), { timeout: 15_000, interval: 500 });
    await vi.waitFor(async () => expect(await words(ear.agent)).toMatch(/it is/i), { timeout: 15_000, interval: 500 });
    // Neither is heard on the other's side.
    expect(await words(ear.caller)).not.toMatch(/it is \w+/i);
    expect(await words(ear.agent)).not.toMatch(/hello what/i);
    expect(ear.told).toEqual([{ type: 'call.listening', call_id: id, format: { type: 'audio/pcm', rate: 8000, channels: 2 } }]);

    const { value } = (await (await post('/v1/realtime/client_secrets')).json()) as { value: string };
    expect(await CallEar.refused(running.ws, id, value)).toEqual({ status: 403, code: 'key_needed' });
    expect(await CallEar.refused(running.ws, id, 'wrong-key-0123456789')).toEqual({ status: 401, code: 'invalid_api_key' });
    expect(await CallEar.refused(running.ws, 'rtc_none', apiKey)).toEqual({ status: 404, code: 'call_not_found' });
    line.hangUp();
    expect(await ear.closed).toEqual({ code: 1000, reason: 'call ended' });
  });

  test('gives keys that are pressed to the model as one entry', async () => {
    const from = hooks.length;
    const line = await call('+15550004');
    const client = await beside((await hook('realtime.call.answered', from)).data.call_id);
    for (const key of '42#') line.provider.press(key);
    const digits = ['4', '2', '#'];
    for (const event of digits)
      await client.log.wait((each) => each.type === 'input_audio_buffer.dtmf_event_received' && each['event'] === event);
    const added = await client.log.wait('conversation.item.added');
    expect(JSON.stringify(added)).toContain('The caller pressed 4 2.');
    await client.log.wait('response.done');
  });

  test('comes to nothing without a signature, without a route, and with a token that was used', async () => {
    expect((await askForInstructions(running.http, '+15550002', 'AAAA')).status).toBe(403);
    expect(await (await askForInstructions(running.http, '+15559999')).text()).toContain('<Reject/>');
    expect((await fetch(`${running.http}/v1/realtime/telnyx/voice`, { method: 'POST' })).status).toBe(404);
    const answered = await (await askForInstructions(running.http, '+15550002')).text();
    expect(answered).toMatch(/^<\?xml[^>]*><Response><Connect><Stream url="wss:\/\/voice\.example\.test\/v1\/realtime\/twilio">/);
  });
});
