// The Twilio layer of `@openai/agents-extensions`, unmodified, between a telephone and this server: µ-law both ways, marks, interruption and a
// function of the application's.
import { setTimeout as pass } from 'node:timers/promises';
import { TwilioRealtimeTransportLayer } from '@openai/agents-extensions';
import { RealtimeAgent, tool } from '@openai/agents-realtime';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { decodeMuLaw } from '../../src/media/g711.ts';
import { resample } from '../../src/media/resample.ts';
import { type Conversation, connectAgent, expectAllUnderstood, said } from '../e2e/support/agents.ts';
import { field } from '../e2e/support/events.ts';
import { Phone } from '../e2e/support/phone.ts';
import { type RunningServer, startServer } from '../e2e/support/server.ts';
import { overlap, rateHz, say, understand, wordsOf } from '../e2e/support/speech.ts';
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

async function call(tools: ConstructorParameters<typeof RealtimeAgent>[0]['tools'] = []): Promise<Conversation & { phone: Phone }> {
  const phone = new Phone();
  leave.push(() => phone.hangUp());
  // The layer listens and sends; nothing else of a socket is used.
  const twilioWebSocket = phone as unknown as ConstructorParameters<typeof TwilioRealtimeTransportLayer>[0]['twilioWebSocket'];
  const transport = new TwilioRealtimeTransportLayer({ twilioWebSocket });
  const agent = new RealtimeAgent({ name: 'Operator', instructions: 'You answer the telephone.', tools });
  // This pair of package versions fills in PCM before the layer looks, so the application names the format. Of the embedded voices this one
  // is best understood in the band of a telephone.
  const config = { audio: { input: { format: 'g711_ulaw' }, output: { format: 'g711_ulaw', voice: 'cedar' } } } as const;
  const conversation = await connectAgent(running.ws, agent, { transport, config });
  leave.push(() => conversation.session.close());
  phone.start();
  return { ...conversation, phone };
}

test('a caller is heard and answered in the sound of a telephone, and every piece of it is marked', async () => {
  const conversation = await call();
  const { session, log, told, phone } = conversation;
  const updated = await log.wait(
    (event) => event.type === 'session.updated' && field(event, 'session.audio.input.format.type') !== 'audio/pcm',
  );
  expect(field(updated, 'session.audio.input.format')).toEqual({ type: 'audio/pcmu' });
  expect(field(updated, 'session.audio.output.format')).toEqual({ type: 'audio/pcmu' });

  await phone.speak(await say(running.server, 'What can you do?'));
  await log.wait('response.done');
  await vi.waitFor(() => expect(overlap('what can you do', said(session.history, 'user').join(' '))).toBeGreaterThanOrEqual(0.75));
  const [answer = ''] = said(session.history, 'assistant');
  // What it answers depends on every word being heard right, which is much to ask of a telephone's band.
  expect(wordsOf(answer).length).toBeGreaterThan(3);

  expect(new Set(phone.received.map(({ event }) => event))).toEqual(new Set(['media', 'mark']));
  expect(phone.received.every(({ streamSid }) => streamSid === 'MZ1')).toBe(true);
  const media = phone.received.filter(({ event }) => event === 'media');
  const marks = phone.received.flatMap(({ mark }) => mark?.name ?? []);
  // One behind each piece, and one for the end.
  expect(marks).toHaveLength(media.length + 1);
  expect(marks.at(-1)).toMatch(/^done:/);
  const sound = resample({ samples: decodeMuLaw(phone.sound), rateHz: 8000 }, rateHz).samples;
  expect(overlap(answer, await understand(running.server, sound))).toBeGreaterThanOrEqual(0.6);
  expect(phone.errors).toEqual([]);
  expect(told.errors).toEqual([]);
  expectAllUnderstood(conversation);
});

test('a caller who speaks into the answer silences it, and it is cut where the telephone had got to', async () => {
  const conversation = await call();
  const { session, log, told, phone } = conversation;
  const objection = await say(running.server, 'Please stop now.');
  session.sendMessage('Count from one thousand to two thousand.');
  const answer = await log.wait('response.output_audio.delta');
  // Some of it is heard first.
  await pass(1500);
  await phone.speak(objection);
  await log.wait('input_audio_buffer.speech_started');
  const truncated = await log.wait((event) => event.type === 'conversation.item.truncated' && event['item_id'] === answer['item_id']);
  expect(phone.received.filter(({ event }) => event === 'clear')).toHaveLength(1);
  expect(phone.cleared.length).toBeGreaterThan(0);
  const heardMs = Math.max(0, ...phone.played.map((name) => Number(name.split(':')[1])).filter(Number.isFinite));
  expect(Number(truncated['audio_end_ms'])).toBeGreaterThan(0);
  expect(Number(truncated['audio_end_ms'])).toBeLessThanOrEqual(heardMs + 50);
  expect(told.interruptions).toBe(1);

  const made = log.text('response.output_audio_transcript.delta', answer['item_id']);
  await log.wait((event) => event.type === 'conversation.item.retrieved' && field(event, 'item.id') === answer['item_id']);
  await vi.waitFor(() => {
    const kept = said(session.history, 'assistant')[0] ?? '';
    expect(made.startsWith(kept.replace(/\W+$/, ''))).toBe(true);
    expect(wordsOf(kept).length).toBeLessThan(wordsOf(made).length);
  });
  // Nothing of the cut answer follows, and the caller is answered.
  const cut = phone.received.findIndex(({ event }) => event === 'clear');
  await log.wait((event) => event.type === 'response.done' && field(event, 'response.status') === 'completed');
  const later = phone.received.slice(cut + 1).flatMap(({ mark }) => mark?.name ?? []);
  expect(later.filter((name) => name.includes(String(answer['item_id'])))).toEqual([]);
  expect(phone.errors).toEqual([]);
  expect(told.errors).toEqual([]);
  expectAllUnderstood(conversation);
});

test("a caller's wish has the application's function run once, and its result is heard in the telephone", async () => {
  const asked: unknown[] = [];
  const weather = tool({
    name: 'get_weather',
    description: 'Fetch the weather for a location',
    strict: false,
    parameters: {
      type: 'object',
      properties: { location: { type: 'string', description: 'City' } },
      required: ['location'],
      additionalProperties: true,
    },
    execute: (input) => {
      asked.push(input);
      return 'It is rainy there.';
    },
  });
  const conversation = await call([weather]);
  const { session, log, told, phone } = conversation;
  // The voice is the one that is understood in the band of a telephone.
  await phone.speak(await say(running.server, 'What is the weather in Boston?', 'cedar'));
  await log.wait((event) => event.type === 'response.done' && field(event, 'response.output.0.type') === 'message');
  expect(asked).toEqual([{ location: 'Boston' }]);
  expect(told.tools).toEqual([['get_weather', 'It is rainy there.']]);
  expect(log.of('response.created')).toHaveLength(2);
  await vi.waitFor(() => expect(overlap('weather in Boston', said(session.history, 'user').join(' '))).toBe(1));
  const [answer = ''] = said(session.history, 'assistant');
  expect(answer).toMatch(/rain/i);
  expect(session.history.filter(({ type }) => type === 'function_call')).toMatchObject([
    { name: 'get_weather', status: 'completed', output: 'It is rainy there.' },
  ]);
  const sound = resample({ samples: decodeMuLaw(phone.sound), rateHz: 8000 }, rateHz).samples;
  expect(overlap(answer, await understand(running.server, sound))).toBeGreaterThanOrEqual(0.6);
  expect(phone.errors).toEqual([]);
  expect(told.errors).toEqual([]);
  expectAllUnderstood(conversation);
});

testTypes();
