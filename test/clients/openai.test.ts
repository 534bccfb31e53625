// The `openai` package's two Realtime clients, unmodified, over TLS: a spoken turn, a function call and an interruption each.
import { setTimeout as pass } from 'node:timers/promises';
import OpenAI from 'openai';
import { OpenAIRealtimeWebSocket } from 'openai/realtime/websocket';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import type { RealtimeClientEvent } from 'openai/resources/realtime/realtime';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { EventLog, field } from '../e2e/support/events.ts';
import { apiKey, type RunningServer, startServer, trust } from '../e2e/support/server.ts';
import { base64, Microphone, overlap, samplesOf, say, understand, wordsOf } from '../e2e/support/speech.ts';
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

interface Client {
  readonly log: EventLog;
  send(event: RealtimeClientEvent): void;
}

const clients = {
  OpenAIRealtimeWS: () => new OpenAIRealtimeWS({ model: 'gpt-realtime' }, openai()),
  OpenAIRealtimeWebSocket: () => new OpenAIRealtimeWebSocket({ model: 'gpt-realtime' }, openai()),
};

function openai(): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${running.http}/v1` });
}

async function connect(kind: keyof typeof clients): Promise<Client> {
  const connection = clients[kind]();
  const log = new EventLog();
  connection.on('event', (event) => log.add(event));
  // Without a listener the package rejects a promise of its own; the events are in the log.
  connection.on('error', () => {});
  leave.push(() => connection.close());
  await log.wait('session.created');
  return { log, send: (event) => connection.send(event) };
}

function microphone({ send }: Client): Microphone {
  const mic = new Microphone((frame) => send({ type: 'input_audio_buffer.append', audio: base64(frame) }));
  leave.push(() => mic.stop());
  return mic;
}

const weather = {
  type: 'function',
  name: 'get_weather',
  description: 'Fetch the weather for a location',
  parameters: { type: 'object', properties: { location: { type: 'string' } }, required: ['location'] },
} as const;

describe.each(Object.keys(clients) as (keyof typeof clients)[])('%s', (kind) => {
  test('a question is heard, and the answer says aloud what its transcript says', async () => {
    const client = await connect(kind);
    const { log, send } = client;
    expect(field(log.all[0] ?? { type: '' }, 'session.model')).toBe('gpt-realtime');
    send({
      type: 'session.update',
      session: { type: 'realtime', audio: { input: { transcription: { model: 'whisper-1' } }, output: { voice: 'marin' } } },
    });
    expect(field(await log.wait('session.updated'), 'session.audio.output.voice')).toBe('marin');

    await microphone(client).speak(await say(running.server, 'Can you hear me?'));
    const heard = await log.wait('conversation.item.input_audio_transcription.completed');
    expect(overlap('can you hear me', String(heard['transcript']))).toBeGreaterThanOrEqual(0.75);

    const done = await log.wait('response.done');
    expect(field(done, 'response.status')).toBe('completed');
    expect(field(done, 'response.usage.total_tokens')).toBeGreaterThan(0);
    const { transcript } = (await log.wait('response.output_audio_transcript.done')) as { transcript?: string };
    expect(wordsOf(String(transcript))).toEqual(expect.arrayContaining(['hear', 'you']));
    expect(log.text('response.output_audio_transcript.delta')).toBe(transcript);
    const deltas = log.of('response.output_audio.delta').map((event) => String(event['delta']));
    expect(overlap(String(transcript), await understand(running.server, samplesOf(deltas)))).toBeGreaterThanOrEqual(0.7);

    const order = [
      'input_audio_buffer.speech_started',
      'input_audio_buffer.speech_stopped',
      'input_audio_buffer.committed',
      'response.created',
      'response.done',
    ];
    expect(order.map((type) => log.all.findIndex((event) => event.type === type))).toEqual(
      order.map((type) => log.all.findIndex((event) => event.type === type)).sort((a, b) => a - b),
    );
    expect(heard['item_id']).toBe(log.of('input_audio_buffer.speech_started')[0]?.['item_id']);
    expect(log.of('error')).toEqual([]);
  });

  test('a spoken wish becomes a function call, and its result is spoken', async () => {
    const client = await connect(kind);
    const { log, send } = client;
    send({ type: 'session.update', session: { type: 'realtime', tools: [weather], tool_choice: 'auto' } });
    await log.wait('session.updated');

    await microphone(client).speak(await say(running.server, 'What is the weather in Paris?'));
    const call = await log.wait('response.function_call_arguments.done');
    expect(call['name']).toBe('get_weather');
    expect(JSON.parse(String(call['arguments']))).toEqual({ location: 'Paris' });
    const callDone = await log.wait('response.done');
    expect(field(callDone, 'response.output.0.type')).toBe('function_call');
    const mark = log.mark;
    send({
      type: 'conversation.item.create',
      item: { type: 'function_call_output', call_id: String(call['call_id']), output: JSON.stringify({ condition: 'rainy' }) },
    });
    send({ type: 'response.create' });
    const answer = await log.wait('response.output_audio_transcript.done', mark);
    expect(String(answer['transcript'])).toMatch(/rain/i);
    await log.wait('response.done', mark);
    expect(log.of('response.created')).toHaveLength(2);
    expect(log.of('error')).toEqual([]);
  });

  test('speech cuts a long answer, and only what was heard of it stays in the conversation', async () => {
    const client = await connect(kind);
    const { log, send } = client;
    const objection = await say(running.server, 'Please stop now.');
    const mic = microphone(client);
    send({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Count from one thousand to two thousand.' }] },
    });
    send({ type: 'response.create' });
    const answer = await log.wait('response.output_audio.delta');
    // Some of it is heard first.
    await pass(1000);
    void mic.speak(objection);

    const done = await log.wait('response.done');
    expect(field(done, 'response.status')).toBe('cancelled');
    expect(field(done, 'response.status_details.reason')).toBe('turn_detected');
    const types = log.all.map((event) => event.type);
    expect(types.indexOf('input_audio_buffer.speech_started')).toBeLessThan(types.indexOf('response.done'));

    const made = log.text('response.output_audio_transcript.delta', answer['item_id']);
    send({ type: 'conversation.item.retrieve', item_id: String(answer['item_id']) });
    const { item } = (await log.wait('conversation.item.retrieved')) as unknown as {
      item: { status: string; content: { transcript: string }[] };
    };
    expect(item.status).toBe('incomplete');
    const kept = item.content[0]?.transcript ?? '';
    expect(made.startsWith(kept.replace(/\W+$/, ''))).toBe(true);
    // A second or two of counting, of the minutes that were under way.
    expect(wordsOf(kept)).toEqual(expect.arrayContaining(['one', 'thousand']));
    expect(wordsOf(kept).length).toBeLessThan(60);
    expect(wordsOf(made).length).toBeGreaterThan(wordsOf(kept).length);
    // Nothing of a cut answer comes after its end, and the objection is answered.
    const after = log.all.slice(log.all.indexOf(done) + 1).filter((event) => event['response_id'] === field(done, 'response.id'));
    expect(after).toEqual([]);
    await log.wait((event) => event.type === 'response.done' && event !== done);
    expect(log.of('error')).toEqual([]);
  });
});

test('a wrong key is refused at the door, and the client says so', async () => {
  const refused = new OpenAIRealtimeWS({ model: 'gpt-realtime' }, new OpenAI({ apiKey: 'wrong', baseURL: `${running.http}/v1` }));
  const error = await new Promise<Error>((resolve) => refused.on('error', resolve));
  expect(error.message).toMatch(/401/);
});

testTypes();
