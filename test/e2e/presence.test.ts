// A listener who says "I see", and a thinker who says "Let me see", over a real socket: the model and the recogniser play a script, the
// voice and the detector are real.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { Client } from './support/client.ts';
import { field } from './support/events.ts';
import { type RunningServer, startServer } from './support/server.ts';
import { samplesOf, say } from './support/speech.ts';
import { testTypes } from './support/types.ts';

vi.setConfig({ testTimeout: 60_000 });

let running: RunningServer;
let client: Client;

beforeAll(async () => {
  running = await startServer({ engines: 'scripted', settings: { PARLEY_TTS: 'flite', PARLEY_SCRIPTED: 'llm=2500,tokens=10' } });
});

afterEach(() => client.close());

afterAll(async () => {
  await running.close();
});

/** A client that has asked for what Inworld's clients ask for in this way. */
async function connect(providerData: Record<string, unknown>): Promise<Client> {
  client = await Client.open(running.ws);
  client.send({ type: 'session.update', session: { type: 'realtime', providerData } });
  await client.log.wait('session.updated');
  return client;
}

const story = 'Yesterday I went to the market to buy some apples and a loaf of bread for my grandmother and her neighbours.';

test('F41 S56 S57 whoever tells a story is acknowledged while speaking, and nothing of it is remembered', async () => {
  const { log, microphone } = await connect({
    backchannel: { enabled: true, decider_kind: 'rule', rule_fire_probability: 1, max_per_turn: 1, allowed_phrases: ['I see'] },
  });
  await microphone.speak(await say(running.server, story));
  const done = await log.wait('response.backchannel.audio.done');
  await log.wait('response.done');
  const at = (type: string) => log.all.findIndex((event) => event.type === type);
  expect(at('input_audio_buffer.speech_started')).toBeLessThan(at('response.backchannel.audio.delta'));
  expect(at('response.backchannel.audio.done')).toBeLessThan(at('input_audio_buffer.speech_stopped'));
  expect(log.of('input_audio_buffer.speech_started')).toHaveLength(1);

  const id = done['backchannel_id'];
  expect(done).toMatchObject({ phrase: 'I see' });
  const deltas = log.of('response.backchannel.audio.delta');
  expect(deltas.map((event) => event['backchannel_id'])).toEqual(deltas.map(() => id));
  const quieter = samplesOf(deltas.map((event) => String(event['delta'])));
  const whole = await say(running.server, 'I see', 'alloy');
  expect(quieter.length / whole.length).toBeCloseTo(1, 1);
  const loudest = (samples: Int16Array) => samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  expect(loudest(quieter) / loudest(whole)).toBeCloseTo(0.6, 1);

  const items = log.of('conversation.item.done').map((event) => field(event, 'item.role'));
  expect(items).toEqual(['user', 'assistant']);
  expect(JSON.stringify(log.of('response.done'))).not.toContain('I see');
  expect(log.of('error')).toEqual([]);
});

test('S58 a decision against it is told as well', async () => {
  const { log, microphone } = await connect({ backchannel: { enabled: true, deciderKind: 'rule', ruleFireProbability: 0 } });
  await microphone.speak(await say(running.server, story));
  await log.wait('response.done');
  expect(log.of('response.backchannel.skipped').length).toBeGreaterThanOrEqual(2);
  expect(log.of('response.backchannel.skipped')[0]).toMatchObject({ reason: 'declined' });
  expect(log.of('response.backchannel.audio.delta')).toEqual([]);
});

test('F42 an answer that takes long begins with a filler, in the same item', async () => {
  const { log } = await connect({
    responsiveness: { enabled: true, initial_wait_timeout_ms: 300, enable_filler_on_first_assistant_reply: true },
  });
  client.say('How far is the moon?');
  client.send({ type: 'response.create' });
  const [words, sound] = await Promise.all([log.wait('response.output_audio_transcript.delta'), log.wait('response.output_audio.delta')]);
  // The model has said nothing yet: both are the filler's.
  expect(log.of('response.output_audio_transcript.delta')).toHaveLength(1);
  const filler = String(words['delta']);
  expect(filler).toMatch(/^[A-Z][a-z ]+\. $/);
  expect(samplesOf([String(sound['delta'])]).length).toBeGreaterThan(24_000 * 0.3);

  const done = await log.wait('response.done');
  expect(field(done, 'response.status')).toBe('completed');
  expect(field(done, 'response.output.length')).toBe(1);
  expect(field(done, 'response.output.0.content.0.transcript')).toBe(`${filler}This is a scripted reply that says nothing of use.`);
  expect(new Set(log.of('response.output_audio.delta').map((event) => event['item_id']))).toEqual(new Set([words['item_id']]));
});

test('F41 F42 without being asked the server does neither', async () => {
  client = await Client.open(running.ws);
  const { log, microphone } = client;
  await microphone.speak(await say(running.server, story));
  const done = await log.wait('response.done');
  expect(field(done, 'response.output.0.content.0.transcript')).toBe('This is a scripted reply that says nothing of use.');
  expect(log.all.filter(({ type }) => type.includes('backchannel'))).toEqual([]);
});

testTypes();
