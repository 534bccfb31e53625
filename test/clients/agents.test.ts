// `@openai/agents-realtime`, unmodified, over its WebSocket transport: a spoken turn, a tool of its own and an interruption.
import { setTimeout as pass } from 'node:timers/promises';
import { RealtimeAgent, tool } from '@openai/agents-realtime';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type Conversation, connectAgent, expectAllUnderstood, said } from '../e2e/support/agents.ts';
import { field } from '../e2e/support/events.ts';
import { type RunningServer, startServer } from '../e2e/support/server.ts';
import { Microphone, overlap, samplesOf, say, understand, wordsOf } from '../e2e/support/speech.ts';
import { testTypes } from '../e2e/support/types.ts';

vi.setConfig({ testTimeout: 60_000 });

let running: RunningServer;
const leave: (() => void)[] = [];

beforeAll(async () => {
  running = await startServer({ engines: 'real' });
});

afterEach(() => {
  for (const task of leave.splice(0)) task();
});

afterAll(async () => {
  await running.close();
});

async function connect(agent: RealtimeAgent): Promise<Conversation> {
  const conversation = await connectAgent(running.ws, agent);
  leave.push(() => conversation.session.close());
  return conversation;
}

function microphone({ session }: Conversation): Microphone {
  const mic = new Microphone((frame) => session.sendAudio(new Uint8Array(frame).buffer));
  leave.push(() => mic.stop());
  return mic;
}

const host = () => new RealtimeAgent({ name: 'Host', instructions: 'You are a friendly host.' });

test('a spoken turn is in the history of both sides, and the sound says the words', async () => {
  const conversation = await connect(host());
  const { session, log, told } = conversation;
  await microphone(conversation).speak(await say(running.server, 'What can you do?'));
  await log.wait('response.done');
  await log.wait('conversation.item.retrieved');

  await vi.waitFor(() => expect(overlap('what can you do', said(session.history, 'user').join(' '))).toBeGreaterThanOrEqual(0.75));
  const [answer = ''] = said(session.history, 'assistant');
  expect(wordsOf(answer)).toEqual(expect.arrayContaining(['time', 'count']));
  expect(told.ends).toEqual([answer]);
  const sound = samplesOf([Buffer.concat(told.sound).toString('base64')]);
  expect(overlap(answer, await understand(running.server, sound))).toBeGreaterThanOrEqual(0.7);
  expect(told.errors).toEqual([]);
  expectAllUnderstood(conversation);
});

test("the application's own function runs once, and its result is spoken", async () => {
  const asked: unknown[] = [];
  const horoscope = tool({
    name: 'get_horoscope',
    description: 'Get the horoscope for a zodiac sign',
    strict: false,
    parameters: {
      type: 'object',
      properties: { sign: { type: 'string', description: 'Zodiac sign, e.g. Aries, Taurus' } },
      required: ['sign'],
      additionalProperties: true,
    },
    execute: (input) => {
      asked.push(input);
      return 'You will find a golden key.';
    },
  });
  const conversation = await connect(new RealtimeAgent({ name: 'Seer', instructions: 'You read the stars.', tools: [horoscope] }));
  const { session, log, told } = conversation;
  session.sendMessage('What is the horoscope for Taurus?');
  const spoken = await log.wait('response.output_audio_transcript.done');
  expect(String(spoken['transcript'])).toMatch(/golden key/i);
  await log.wait((event) => event.type === 'response.done' && field(event, 'response.output.0.type') === 'message');
  expect(asked).toEqual([{ sign: expect.stringMatching(/^taurus$/i) as string }]);
  expect(told.tools).toEqual([['get_horoscope', 'You will find a golden key.']]);
  expect(log.of('response.created')).toHaveLength(2);
  expect(told.errors).toEqual([]);
  expectAllUnderstood(conversation);
});

test('speech interrupts a long answer, and the history keeps what was heard of it', async () => {
  const conversation = await connect(host());
  const { session, log, told } = conversation;
  const objection = await say(running.server, 'Please stop now.');
  const mic = microphone(conversation);
  session.sendMessage('Count from one thousand to two thousand.');
  const answer = await log.wait('response.output_audio.delta');
  // Some of it is heard first.
  await pass(1000);
  await mic.speak(objection);

  const done = await log.wait('response.done');
  expect(field(done, 'response.status')).toBe('cancelled');
  expect(field(done, 'response.status_details')).toEqual({ type: 'cancelled', reason: 'turn_detected' });
  expect(told.interruptions).toBe(1);
  // The SDK truncates by its own clock, and reads the item back.
  await log.wait((event) => event.type === 'conversation.item.truncated' && event['item_id'] === answer['item_id']);
  await log.wait((event) => event.type === 'conversation.item.retrieved' && field(event, 'item.id') === answer['item_id']);
  const made = log.text('response.output_audio_transcript.delta', answer['item_id']);
  await vi.waitFor(() => {
    const kept = said(session.history, 'assistant')[0] ?? '';
    expect(made.startsWith(kept.replace(/\W+$/, ''))).toBe(true);
    expect(wordsOf(kept)).toEqual(expect.arrayContaining(['one', 'thousand']));
    expect(wordsOf(kept).length).toBeLessThan(60);
    expect(wordsOf(kept).length).toBeLessThan(wordsOf(made).length);
  });
  await log.wait((event) => event.type === 'response.done' && event !== done);
  expect(told.errors).toEqual([]);
  expectAllUnderstood(conversation);
});

testTypes();
