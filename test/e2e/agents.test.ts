// `@openai/agents-realtime`, unmodified, over its WebSocket transport: a spoken turn, a tool of its own and an interruption.
import { setTimeout as pass } from 'node:timers/promises';
import { RealtimeAgent, type RealtimeItem, RealtimeSession, tool } from '@openai/agents-realtime';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { EventLog, field } from './support/events.ts';
import { apiKey, type RunningServer, startServer } from './support/server.ts';
import { Microphone, overlap, samplesOf, say, understand, wordsOf } from './support/speech.ts';
import { testTypes } from './support/types.ts';

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

/** The events the SDK acts on: one that fails its schema becomes "generic" there, and is passed by without a word. */
const actedOn = [
  'session.created',
  'session.updated',
  'conversation.item.added',
  'conversation.item.done',
  'conversation.item.retrieved',
  'conversation.item.truncated',
  'conversation.item.input_audio_transcription.delta',
  'conversation.item.input_audio_transcription.completed',
  'input_audio_buffer.speech_started',
  'input_audio_buffer.speech_stopped',
  'input_audio_buffer.committed',
  'response.created',
  'response.done',
  'response.output_item.added',
  'response.output_item.done',
  'response.content_part.added',
  'response.content_part.done',
  'response.output_audio.delta',
  'response.output_audio.done',
  'response.output_audio_transcript.delta',
  'response.output_audio_transcript.done',
  'response.function_call_arguments.delta',
  'response.function_call_arguments.done',
] as const;

interface Conversation {
  readonly session: RealtimeSession;
  readonly log: EventLog;
  /** What the session told its application. */
  readonly told: { tools: [name: string, result: string][]; interruptions: number; errors: unknown[]; sound: Buffer[]; ends: string[] };
  /** How often the SDK understood an event of the type. */
  readonly understood: Map<string, number>;
}

async function connect(agent: RealtimeAgent): Promise<Conversation> {
  const session = new RealtimeSession(agent, { transport: 'websocket', model: 'gpt-realtime' });
  const log = new EventLog();
  const told: Conversation['told'] = { tools: [], interruptions: 0, errors: [], sound: [], ends: [] };
  const understood = new Map<string, number>();
  session.transport.on('*', (event) => log.add(event));
  for (const type of actedOn) session.transport.on(type, () => understood.set(type, (understood.get(type) ?? 0) + 1));
  session.on('agent_tool_end', (_context, _agent, { name }, result) => told.tools.push([name, result]));
  session.on('audio_interrupted', () => told.interruptions++);
  session.on('audio', ({ data }) => told.sound.push(Buffer.from(data)));
  session.on('agent_end', (_context, _agent, output) => told.ends.push(output));
  session.on('error', (error) => told.errors.push(error));
  leave.push(() => session.close());
  await session.connect({ apiKey, url: `${running.ws}/v1/realtime?model=gpt-realtime` });
  await log.wait('session.updated');
  return { session, log, told, understood };
}

function microphone({ session }: Conversation): Microphone {
  const mic = new Microphone((frame) => session.sendAudio(new Uint8Array(frame).buffer));
  leave.push(() => mic.stop());
  return mic;
}

function expectAllUnderstood({ log, understood }: Conversation): void {
  const sent = Object.fromEntries(actedOn.map((type) => [type, log.of(type).length]));
  expect(Object.fromEntries(actedOn.map((type) => [type, understood.get(type) ?? 0]))).toEqual(sent);
}

/** What the SDK's own history says one side has said. */
function said(history: readonly RealtimeItem[], role: 'user' | 'assistant'): string[] {
  return history.flatMap((item) => {
    if (item.type !== 'message' || item.role !== role) return [];
    return [item.content.map((part) => ('transcript' in part ? (part.transcript ?? '') : 'text' in part ? part.text : '')).join('')];
  });
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
