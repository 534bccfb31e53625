// What Inworld's own apps and other people's clients of its API send with their default settings (test/fixtures/inworld-clients.json, by fields
// and values), over real sockets and a real call, in the order in which they send it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { encodeMuLaw } from '../../src/media/g711.ts';
import { resample } from '../../src/media/resample.ts';
import { readWav } from '../../src/media/wav.ts';
import type { AnsweredCall, CallMedia } from '../../src/transports/webrtc/media.ts';
import { Caller } from '../transports/webrtc/caller.ts';
import { Client } from './support/client.ts';
import { EventLog, field, type WireEvent } from './support/events.ts';
import { fixture } from './support/sample.ts';
import { apiKey, type RunningServer, startServer } from './support/server.ts';

interface Fixture {
  readonly 'session.update': { readonly type: 'session.update'; readonly session: Record<string, unknown> };
  readonly greeting: string;
}

const clients = JSON.parse(fixture('inworld-clients.json')) as Record<'android' | 'ios' | 'telnyx' | 'mastra' | 'memberjunction', Fixture>;
const question = readWav(readFileSync(join(import.meta.dirname, '../../samples/question.wav')));
const completed = 'conversation.item.input_audio_transcription.completed';
const message = (text: string) => ({
  type: 'conversation.item.create',
  item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
});

let running: RunningServer;
const open: Client[] = [];
const callers: Caller[] = [];

beforeAll(async () => {
  running = await startServer({ engines: 'scripted' });
});
afterEach(async () => {
  for (const client of open.splice(0)) client.close();
  await Promise.all(callers.splice(0).map((caller) => caller.hangUp()));
});
afterAll(() => running.close());

async function connect(path: string): Promise<Client> {
  const client = await Client.open(running.ws, path);
  open.push(client);
  return client;
}

const errors = (events: readonly WireEvent[]) => events.filter(({ type }) => type === 'error').map(({ error }) => error);
const updates = (events: readonly WireEvent[]) => events.filter(({ type }) => type === 'session.updated');

/** A server as a caller's media plane sees it: one that answers offers at an address, as the apps post them. */
function desk(log: EventLog): CallMedia {
  return {
    async answer(offer: string): Promise<AnsweredCall> {
      const answer = await fetch(`${running.http}/v1/realtime/calls`, {
        method: 'POST',
        headers: { Authorization: `Basic ${apiKey}`, 'Content-Type': 'application/sdp' },
        body: offer,
      });
      if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
      log.add({ type: 'answered' });
      const unused = { mostMessageBytes: 0, takenBytes: 0, waitingBytes: 0, send: () => false, play() {}, clear() {}, close() {} };
      return { sdp: await answer.text(), ...unused };
    },
  } as Partial<CallMedia> as CallMedia;
}

describe.each(['android', 'ios'] as const)('the app for %s', (name) => {
  test('E09 F13: holds a spoken turn on a call, after its greeting', async () => {
    const log = new EventLog('untyped');
    const caller = await Caller.call(desk(log));
    callers.push(caller);
    caller.channel?.onMessage.subscribe((text) => log.add(JSON.parse(String(text))));
    await log.wait('session.created');
    const app = clients[name];
    for (const event of [app['session.update'], message(app.greeting), { type: 'response.create' }]) {
      caller.channel?.send(JSON.stringify(event));
    }
    const updated = await log.wait('session.updated');
    expect(field(updated, 'session.tools')).toEqual(app['session.update'].session['tools']);
    expect(field(updated, 'session.audio.output.model')).toMatch(/^inworld-tts-2/);
    expect(field(await log.wait('response.done'), 'response.status')).toBe('completed');
    await log.wait('output_audio_buffer.stopped');
    const greeted = log.all.length;
    caller.speak(resample(question, 24_000).samples);
    await log.wait('input_audio_buffer.speech_started');
    // The app silences its agent and cancels, whether there is an answer or not.
    caller.channel?.send(JSON.stringify({ type: 'response.cancel' }));
    expect(field(await log.wait('response.done', greeted), 'response.status')).toBe('completed');
    expect(errors(log.all)).toMatchObject([{ code: 'response_cancel_not_active' }]);
    expect(updates(log.all)).toHaveLength(1);
  });
});

test('F18 S02: the bridge to Telnyx greets once and holds a spoken turn in µ-law, cancelling whenever somebody speaks', async () => {
  const client = await connect(`/api/v1/realtime/session?key=voice-1700000000000&protocol=realtime`);
  const bridge = clients.telnyx;
  client.send(bridge['session.update']);
  const updated = await client.log.wait('session.updated');
  for (const way of ['input', 'output']) expect(field(updated, `session.audio.${way}.format`)).toEqual({ type: 'audio/pcmu' });
  client.send(message(bridge.greeting));
  client.send({ type: 'response.create' });
  expect(field(await client.log.wait('response.done'), 'response.status')).toBe('completed');
  const greeted = client.log.all.length;
  const speech = encodeMuLaw(resample(question, 8000).samples);
  const silence = new Uint8Array(8000).fill(0xff);
  const sound = Buffer.concat([silence, speech, silence, silence]);
  for (let at = 0; at < sound.length; at += 400) {
    client.send({ type: 'input_audio_buffer.append', audio: sound.subarray(at, at + 400).toString('base64') });
  }
  await client.log.wait('input_audio_buffer.speech_started');
  client.send({ type: 'response.cancel' });
  await client.log.wait('response.done', greeted);
  expect((await client.log.wait(completed))['transcript']).not.toBe('');
  // Everything after the first `session.updated` would be another greeting.
  expect(updates(client.log.all)).toHaveLength(1);
  expect(errors(client.log.all).filter((error) => field(error as WireEvent, 'code') !== 'response_cancel_not_active')).toEqual([]);
});

test("E03 C03: mastra's voice names the model in the address and no type in its update, and answers a call twice over", async () => {
  const client = await connect('/api/v1/realtime/session?model=anthropic%2Fclaude-sonnet-4-6');
  client.send(clients.mastra['session.update']);
  const updated = await client.log.wait('session.updated');
  expect(field(updated, 'session')).toMatchObject({ type: 'realtime', model: 'anthropic/claude-sonnet-4-6', tools: [{ name: 'weather' }] });
  client.send(message(clients.mastra.greeting));
  client.send({ type: 'response.create', response: { instructions: `Repeat the following text: ${clients.mastra.greeting}` } });
  const done = await client.log.wait('response.done');
  const calls = (field(done, 'response.output') as { type: string; call_id?: string }[]).filter(({ type }) => type === 'function_call');
  for (const { call_id } of calls) {
    client.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id, output: '"sunny"' } });
    client.send({ type: 'response.create' });
  }
  const answers = (event: WireEvent) => event.type === 'response.done' && field(event, 'response.id') !== field(done, 'response.id');
  const last = calls.length > 0 ? await client.log.wait(answers) : done;
  expect(field(last, 'response.status')).toBe('completed');
  expect(errors(client.log.all)).toEqual([]);
});

test("E01 A06: memberjunction's driver comes with a token in the address; what its author guessed at is refused and harms nothing", async () => {
  const client = new Client(`${running.ws}/v1/realtime?token=${apiKey}`, 'no-key');
  open.push(client);
  await client.log.wait('session.created');
  client.send(clients.memberjunction['session.update']);
  const updated = await client.log.wait('session.updated');
  expect(field(updated, 'session')).toMatchObject({
    model: 'anthropic/claude-sonnet-4-6',
    audio: { output: { voice: 'Dennis' } },
    tools: [{ name: 'weather' }],
  });
  client.send({ type: 'session.update', session: { instructions: 'Be brief.\n\n## Background updates\n- It rains.' } });
  client.send({ type: 'input_audio.append', audio: Buffer.alloc(4800).toString('base64') });
  client.send({ type: 'response.create', instructions: 'Say that it rains.' });
  expect(field(await client.log.wait('response.done'), 'response.status')).toBe('completed');
  client.send({ type: 'session.close' });
  await client.log.wait((event) => event.type === 'error' && /session\.close/.test(String(field(event, 'error.message'))));
  expect(errors(client.log.all)).toMatchObject([{ param: 'type' }, { param: 'type' }]);
});

test.each(['inworld-tts-2', 'inworld-tts-2-flash', 'inworld-tts-1.5-mini'])(
  'F32 F21: the documented model %s is taken, and so is its recogniser',
  async (model) => {
    const client = await connect('/api/v1/realtime/session');
    const audio = { input: { transcription: { model: 'inworld/inworld-stt-1' } }, output: { model } };
    client.send({ type: 'session.update', session: { type: 'realtime', audio } });
    expect(field(await client.log.wait('session.updated'), 'session')).toMatchObject({ audio });
    expect(errors(client.log.all)).toEqual([]);
  },
);
