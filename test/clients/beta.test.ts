// Two clients of the beta, unmodified: the `openai` package's own, and `openai-realtime-api`, which keeps a conversation out of the events.
// Each holds a spoken turn, is interrupted and calls a function.
import { setTimeout as pass } from 'node:timers/promises';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/beta/realtime/ws';
import type { RealtimeClientEvent } from 'openai/resources/beta/realtime/realtime';
import { RealtimeClient } from 'openai-realtime-api';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { EventLog, field, type WireEvent } from '../e2e/support/events.ts';
import { apiKey, type RunningServer, startServer, trust } from '../e2e/support/server.ts';
import { base64, Microphone, overlap, rateHz, samplesOf, say, understand, wordsOf } from '../e2e/support/speech.ts';
import { testTypes } from '../e2e/support/types.ts';

vi.setConfig({ testTimeout: 60_000 });

let running: RunningServer;
const leave: (() => void)[] = [];

beforeAll(async () => {
  running = await startServer({ engines: 'real', tls: true });
  trust(running.certificate);
});

afterEach(() => {
  for (const task of leave.splice(0)) task();
});

afterAll(async () => {
  await running.close();
});

const weather = {
  type: 'function',
  name: 'get_weather',
  description: 'Fetch the weather for a location',
  parameters: { type: 'object', properties: { location: { type: 'string' } }, required: ['location'] },
} as const;

/** Names that only GA has. */
const gaOnly = /^(conversation\.item\.(added|done)|response\.output_(text|audio|audio_transcript)\..*|mcp_.*)$/;

function expectBetaNames(log: EventLog): void {
  expect(log.all.map(({ type }) => type).filter((type) => gaOnly.test(type))).toEqual([]);
  expect(JSON.stringify(log.all)).not.toMatch(/"type":"output_(text|audio)"|"output_modalities"/);
}

function expectBetaOnly(log: EventLog): void {
  expectBetaNames(log);
  expect(log.of('error')).toEqual([]);
}

describe('OpenAIRealtimeWS of the beta', () => {
  async function connect(): Promise<{ log: EventLog; send(event: RealtimeClientEvent): void }> {
    const client = new OpenAI({ apiKey, baseURL: `${running.http}/v1` });
    const connection = new OpenAIRealtimeWS({ model: 'gpt-4o-realtime-preview' }, client);
    const log = new EventLog('beta');
    connection.on('event', (event) => log.add(event));
    connection.on('error', () => {});
    leave.push(() => connection.close());
    await log.wait('session.created');
    return { log, send: (event) => connection.send(event) };
  }

  function microphone(send: (event: RealtimeClientEvent) => void): Microphone {
    const mic = new Microphone((frame) => send({ type: 'input_audio_buffer.append', audio: base64(frame) }));
    leave.push(() => mic.stop());
    return mic;
  }

  test('E04 S07 S54: is greeted with a flat session, and answered in text under the old names', async () => {
    const { log, send } = await connect();
    expect(field(log.all[0] as WireEvent, 'session')).toMatchObject({
      object: 'realtime.session',
      model: 'gpt-4o-realtime-preview',
      modalities: ['text', 'audio'],
      input_audio_format: 'pcm16',
      output_audio_format: 'pcm16',
      turn_detection: { type: 'server_vad' },
    });
    send({
      type: 'session.update',
      session: { voice: 'marin', temperature: 0.7, max_response_output_tokens: 300, output_audio_format: 'g711_ulaw' },
    });
    expect(field(await log.wait('session.updated'), 'session')).toMatchObject({
      voice: 'marin',
      temperature: 0.7,
      max_response_output_tokens: 300,
      output_audio_format: 'g711_ulaw',
    });
    send({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'What can you do?' }] },
    });
    send({ type: 'response.create', response: { modalities: ['text'], metadata: { topic: 'abilities' } } });
    const done = await log.wait('response.done');
    expect(field(done, 'response')).toMatchObject({ status: 'completed', modalities: ['text'], metadata: { topic: 'abilities' } });
    expect(field(done, 'response.output.0.content.0')).toEqual({ type: 'text', text: log.text('response.text.delta') });
    expect(log.text('response.text.delta')).toMatch(/time/i);
    expect(log.of('conversation.item.created').map((event) => field(event, 'item.role'))).toEqual(['user', 'assistant']);
    expectBetaOnly(log);
  });

  test('speaks and is spoken to, with the names and shapes of the beta', async () => {
    const { log, send } = await connect();
    send({ type: 'session.update', session: { input_audio_transcription: { model: 'whisper-1' } } });
    await log.wait('session.updated');
    await microphone(send).speak(await say(running.server, 'Can you hear me?'));
    const heard = await log.wait('conversation.item.input_audio_transcription.completed');
    expect(overlap('can you hear me', String(heard['transcript']))).toBeGreaterThanOrEqual(0.75);
    const { transcript } = await log.wait('response.audio_transcript.done');
    expect(String(transcript)).toMatch(/hear you/i);
    const done = await log.wait('response.done');
    expect(field(done, 'response.output.0.content.0')).toEqual({ type: 'audio', transcript });
    const deltas = log.of('response.audio.delta').map((event) => String(event['delta']));
    expect(overlap(String(transcript), await understand(running.server, samplesOf(deltas)))).toBeGreaterThanOrEqual(0.7);
    expectBetaOnly(log);
  });

  test('a spoken wish becomes a function call, and its result is spoken', async () => {
    const { log, send } = await connect();
    send({ type: 'session.update', session: { tools: [weather], tool_choice: 'auto' } });
    await log.wait('session.updated');
    await microphone(send).speak(await say(running.server, 'What is the weather in Paris?'));
    const call = await log.wait('response.function_call_arguments.done');
    expect(JSON.parse(String(call['arguments']))).toEqual({ location: 'Paris' });
    expect(field(await log.wait('response.done'), 'response.output')).toMatchObject([{ type: 'function_call', name: 'get_weather' }]);
    const output = JSON.stringify({ condition: 'rainy' });
    send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: String(call['call_id']), output } });
    send({ type: 'response.create' });
    expect(String((await log.wait('response.audio_transcript.done'))['transcript'])).toMatch(/rain/i);
    await log.wait((event) => event.type === 'response.done' && field(event, 'response.output.0.type') === 'message');
    expect(log.of('response.created')).toHaveLength(2);
    expectBetaOnly(log);
  });

  test('speech cuts a long answer, and only what was heard of it stays in the conversation', async () => {
    const { log, send } = await connect();
    const objection = await say(running.server, 'Please stop now.');
    const mic = microphone(send);
    const content = [{ type: 'input_text' as const, text: 'Count from one thousand to two thousand.' }];
    send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
    send({ type: 'response.create' });
    const answer = await log.wait('response.audio.delta');
    // Some of it is heard first.
    await pass(1000);
    void mic.speak(objection);
    const cut = await log.wait('response.done');
    expect(field(cut, 'response.status_details')).toEqual({ type: 'cancelled', reason: 'turn_detected' });
    send({ type: 'conversation.item.retrieve', item_id: String(answer['item_id']) });
    const kept = await log.wait('conversation.item.retrieved');
    expect(field(kept, 'item.status')).toBe('incomplete');
    const words = wordsOf(String(field(kept, 'item.content.0.transcript')));
    expect(words).toEqual(expect.arrayContaining(['one', 'thousand']));
    expect(words.length).toBeLessThan(60);
    const sound = samplesOf([String(field(kept, 'item.content.0.audio'))]);
    expect(wordsOf(await understand(running.server, sound))).toContain('thousand');
    await log.wait((event) => event.type === 'response.done' && field(event, 'response.status') === 'completed');
    expectBetaOnly(log);
  });

  test('an error names the field as the beta does, and the session lives', async () => {
    const { log, send } = await connect();
    send({ type: 'session.update', event_id: 'mine', session: { turn_detection: { type: 'server_vad', threshold: 7 } } });
    const { error } = await log.wait('error');
    expect(error).toMatchObject({ event_id: 'mine', param: 'session.turn_detection.threshold', message: expect.any(String) as string });
    send({ type: 'input_audio_buffer.clear' });
    await log.wait('input_audio_buffer.cleared');
  });
});

/** The client copies all sound of an item with each piece of it that comes: the longest answer would keep this process busy for long. */
const shortCount = 'Count from one to one hundred.';

describe('RealtimeClient of openai-realtime-api', () => {
  function connect(): { client: RealtimeClient; log: EventLog } {
    const client = new RealtimeClient({ url: `${running.ws}/v1/realtime`, apiKey, model: 'gpt-4o-realtime-preview' });
    const log = new EventLog('beta');
    client.realtime.on('server.*', (event) => log.add(event));
    leave.push(() => client.disconnect());
    return { client, log };
  }

  /** What the client's own conversation holds, as `role: words`. */
  function conversation(client: RealtimeClient): string[] {
    return client.conversation.getItems().map((item) => {
      const { transcript, text, output, tool } = item.formatted;
      return `${item.type === 'message' ? item.role : item.type}: ${transcript || text || output || tool?.arguments}`;
    });
  }

  test('a text turn is in its conversation', async () => {
    const { client, log } = connect();
    await client.connect();
    await client.waitForSessionCreated();
    await log.wait('session.updated');
    client.sendUserMessageContent([{ type: 'input_text', text: 'What can you do?' }]);
    await log.wait('response.done');
    const [question, answer] = conversation(client);
    expect(question).toBe('user: What can you do?');
    expect(answer).toMatch(/^assistant: .*time/i);
    expect(client.conversation.getItems()[1]?.formatted.audio?.length).toBeGreaterThan(24_000);
    expectBetaOnly(log);
  });

  test('a spoken turn that the client ends itself is heard and answered', async () => {
    const { client, log } = connect();
    await client.connect();
    await log.wait('session.updated');
    const question = await say(running.server, 'Can you hear me?');
    for (let at = 0; at < question.length; at += 4800) client.appendInputAudio(question.slice(at, at + 4800));
    client.createResponse();
    await log.wait('response.done');
    await log.wait('conversation.item.input_audio_transcription.completed');
    const [heard = '', answer] = conversation(client);
    expect(overlap('can you hear me', heard.replace('user: ', ''))).toBeGreaterThanOrEqual(0.75);
    expect(answer).toMatch(/^assistant: .*hear you/i);
    expectBetaOnly(log);
  });

  test('its function is called once, and what it returns is spoken', async () => {
    const { client, log } = connect();
    const asked: unknown[] = [];
    client.addTool(weather, (input: unknown) => {
      asked.push(input);
      return { condition: 'rainy' };
    });
    await client.connect();
    await log.wait('session.updated');
    client.sendUserMessageContent([{ type: 'input_text', text: 'What is the weather in Paris?' }]);
    const spoken = await log.wait('response.audio_transcript.done');
    expect(String(spoken['transcript'])).toMatch(/rain/i);
    await log.wait((event) => event.type === 'response.done' && field(event, 'response.output.0.type') === 'message');
    expect(asked).toEqual([{ location: 'Paris' }]);
    expect(log.of('response.created')).toHaveLength(2);
    expect(conversation(client).slice(0, 3)).toEqual([
      'user: What is the weather in Paris?',
      'function_call: {"location":"Paris"}',
      'function_call_output: {"condition":"rainy"}',
    ]);
    expectBetaOnly(log);
  });

  test('speech interrupts a long answer, which its application cuts to what was played, and is answered', async () => {
    const { client, log } = connect();
    client.updateSession({ turn_detection: { type: 'server_vad' } });
    await client.connect();
    await log.wait('session.updated');
    const objection = await say(running.server, 'Please stop now.');
    const mic = new Microphone((frame) => client.appendInputAudio(new Int16Array(new Uint8Array(frame).buffer)));
    leave.push(() => mic.stop());
    client.sendUserMessageContent([{ type: 'input_text', text: shortCount }]);
    const delta = await log.wait('response.audio.delta');
    const itemId = String(delta['item_id']);
    const began = performance.now();
    let played = 0;
    client.on('conversation.interrupted', () => {
      played = Math.round(((performance.now() - began) * rateHz) / 1000);
      client.cancelResponse(itemId, played);
    });
    // The first number is heard before.
    await pass(400);
    void mic.speak(objection);
    await log.wait('conversation.item.truncated');
    const cut = await log.wait('response.done');
    expect(field(cut, 'response.status_details')).toEqual({ type: 'cancelled', reason: 'turn_detected' });
    await log.wait((event) => event.type === 'response.done' && event !== cut);
    await log.wait('conversation.item.input_audio_transcription.completed');

    const [question, , heard = '', answer] = conversation(client);
    expect(question).toBe(`user: ${shortCount}`);
    expect(overlap('please stop now', heard.replace('user: ', ''))).toBe(1);
    expect(answer).toMatch(/^assistant: \w/);
    // It keeps the sound that was played, in whole milliseconds, and drops the words of what was cut.
    const kept = client.conversation.getItem(itemId)?.formatted.audio ?? new Int16Array();
    expect(Math.abs(kept.length - played)).toBeLessThan(rateHz / 1000);
    expect(wordsOf(await understand(running.server, kept))).toContain('one');
    // It cancels what the server has ended already, and passes over the answer to that.
    expect(log.of('error').map((event) => field(event, 'error.code'))).toEqual(['response_cancel_not_active']);
    expectBetaNames(log);
  });

  test('an answer that is called off is cut in its conversation too', async () => {
    const { client, log } = connect();
    await client.connect();
    await log.wait('session.updated');
    client.sendUserMessageContent([{ type: 'input_text', text: 'Count from one thousand to two thousand.' }]);
    const delta = await log.wait('response.audio.delta');
    client.cancelResponse(String(delta['item_id']), 24_000);
    const done = await log.wait('response.done');
    expect(field(done, 'response')).toMatchObject({ status: 'cancelled', status_details: { reason: 'client_cancelled' } });
    expect(await log.wait('conversation.item.truncated')).toMatchObject({ item_id: delta['item_id'] });
    expectBetaOnly(log);
  });
});

testTypes('beta');
