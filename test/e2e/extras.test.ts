// What only some engines can tell, over a real socket: the scripted ones tell all of it.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Client } from './support/client.ts';
import { field } from './support/events.ts';
import { type RunningServer, startServer } from './support/server.ts';
import { base64 } from './support/speech.ts';
import { testTypes } from './support/types.ts';

vi.setConfig({ testTimeout: 30_000 });

let running: RunningServer;
const clients: Client[] = [];

beforeAll(async () => {
  running = await startServer({ engines: 'scripted', settings: { PARLEY_SCRIPTED: 'stt=0,llm=0,tts=0,rate=1000,tokens=12' } });
});

afterAll(async () => {
  for (const client of clients) client.close();
  await running.close();
});

/** A client whose turns end when it says so. */
async function connect(providerData: object): Promise<Client> {
  const client = await Client.open(running.ws);
  clients.push(client);
  const input = { turn_detection: null, transcription: { model: 'whisper-1' } };
  client.send({ type: 'session.update', session: { type: 'realtime', audio: { input }, providerData } });
  await client.log.wait('session.updated');
  return client;
}

/** A second of sound, which the scripted recogniser takes for what it always hears. */
function speak(client: Client): void {
  client.send({ type: 'input_audio_buffer.append', audio: base64(new Uint8Array(48_000)) });
  client.send({ type: 'input_audio_buffer.commit' });
}

test('S14 conversation.item.input_audio_transcription.segment: who said what, from a recogniser that tells voices apart', async () => {
  const client = await connect({});
  speak(client);
  const completed = await client.log.wait('conversation.item.input_audio_transcription.completed');
  const segments = client.log.of('conversation.item.input_audio_transcription.segment');
  expect(segments).toMatchObject([
    { item_id: completed['item_id'], content_index: 0, text: 'This is', speaker: 'speaker_0', start: 0, end: 0.4 },
    {
      item_id: completed['item_id'],
      content_index: 0,
      text: 'a scripted transcript.',
      speaker: 'speaker_1',
      start: 0.4,
      end: expect.closeTo(1, 2) as number,
    },
  ]);
  expect(new Set(segments.map(({ id }) => id)).size).toBe(2);
  expect(completed).not.toHaveProperty('providerData');
});

test('S62 providerData.voiceProfile of the completed transcription, for a client that asks', async () => {
  const client = await connect({ stt: { voice_profile: true } });
  speak(client);
  const completed = await client.log.wait('conversation.item.input_audio_transcription.completed');
  const profile = field(completed, 'providerData.voiceProfile') as Record<string, { label: string; confidence: number }[]>;
  expect(Object.keys(profile).sort()).toEqual(['accent', 'age', 'emotion', 'gender', 'vocal_style']);
  expect(profile['emotion']).toEqual([
    { label: 'calm', confidence: 0.7 },
    { label: 'tender', confidence: 0.2 },
  ]);
});

/** All that was said about when things are said, with the length of the sound before it in the same event. */
async function answer(client: Client): Promise<{ sound: number; info: Record<string, Record<string, unknown[]>> | undefined }[]> {
  client.say('Hello.');
  client.send({ type: 'response.create' });
  await client.log.wait('response.done');
  return client.log.of('response.output_audio.delta').map((event) => ({
    sound: Buffer.from(String(event['delta']), 'base64').length,
    info: event['timestamp_info'] as Record<string, Record<string, unknown[]>> | undefined,
  }));
}

const words = 'This is a scripted reply that says nothing of use. It only'.split(' ');

test('S61 timestamp_info comes with the sound, word by word', async () => {
  const deltas = await answer(await connect({ tts: { timestamp_type: 'WORD', timestamp_transport_strategy: 'SYNC' } }));
  expect(deltas.every(({ sound }) => sound > 0)).toBe(true);
  const told = deltas.flatMap(({ info }) => (info?.['word_alignment'] ? [info['word_alignment']] : []));
  expect(told.flatMap((alignment) => alignment['words'])).toEqual(words);
  expect(told.flatMap((alignment) => alignment['word_start_time_seconds'])).toEqual(words.map((_, index) => (index * 60) / 1000));
});

test('S61 timestamp_info ASYNC comes after the sound, letter by letter if it is asked for so', async () => {
  const deltas = await answer(await connect({ tts: { timestamp_type: 'CHARACTER', timestamp_transport_strategy: 'ASYNC' } }));
  const timed = deltas.filter(({ info }) => info);
  expect(timed.length).toBeGreaterThan(0);
  expect(timed.every(({ sound }) => sound === 0)).toBe(true);
  expect(deltas[0]?.info).toBeUndefined();
  expect(timed.flatMap(({ info }) => info?.['character_alignment']?.['characters']).join('')).toBe(words.join(' '));
});

test('S61 timestamp_info is not there for a client that does not ask', async () => {
  const deltas = await answer(await connect({}));
  expect(deltas.filter(({ info }) => info)).toEqual([]);
});

testTypes();
