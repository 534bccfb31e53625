// Sessions that only write down what is said: by the path, by a secret of the `openai` package, and in the beta; with real speech.
import OpenAI from 'openai';
import { OpenAIRealtimeWebSocket } from 'openai/realtime/websocket';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { Client } from './support/client.ts';
import { EventLog, field, type WireEvent } from './support/events.ts';
import { apiKey, type RunningServer, startServer, trust } from './support/server.ts';
import { base64, Microphone, overlap, say } from './support/speech.ts';
import { testTypes } from './support/types.ts';

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

const openai = (key = apiKey) => new OpenAI({ apiKey: key, baseURL: `${running.http}/v1` });

const inSeconds = { type: 'duration', seconds: expect.any(Number) as number };
const inTokens = { type: 'tokens', input_tokens: expect.any(Number) as number, output_tokens: expect.any(Number) as number };

/** Two sentences, each of which must come back as a turn of its own, and nothing else. */
async function dictate(log: EventLog, mic: Microphone, usage: object): Promise<void> {
  const sentences = ['What is the weather in Paris?', 'Please tell me a joke.'];
  for (const sentence of sentences) {
    const mark = log.mark;
    await mic.speak(await say(running.server, sentence));
    const heard = await log.wait('conversation.item.input_audio_transcription.completed', mark);
    expect(overlap(sentence, String(heard['transcript']))).toBeGreaterThanOrEqual(0.7);
    expect(field(heard, 'usage')).toMatchObject(usage);
    const order = ['input_audio_buffer.speech_started', 'input_audio_buffer.speech_stopped', 'input_audio_buffer.committed'];
    const places = order.map((type) => log.all.findIndex((event, at) => at >= mark && event.type === type));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
    for (const place of places) expect(log.all[place]?.['item_id']).toBe(heard['item_id']);
    const deltas = log.text('conversation.item.input_audio_transcription.delta', heard['item_id']);
    expect(overlap(deltas, String(heard['transcript']))).toBeGreaterThanOrEqual(0.7);
  }
  expect(log.all.filter(({ type }) => type.startsWith('response.'))).toEqual([]);
  expect(log.of('error')).toEqual([]);
}

test('a connection with ?intent=transcription writes down, and answers nothing', async () => {
  const client = await Client.open(running.ws, '/v1/realtime?intent=transcription');
  leave.push(() => client.close());
  const { log } = client;
  expect(field(log.all[0] as WireEvent, 'session')).toMatchObject({ type: 'transcription', object: 'realtime.transcription_session' });
  client.send({
    type: 'session.update',
    session: { type: 'transcription', audio: { input: { transcription: { model: 'gpt-4o-transcribe', language: 'en' } } } },
  });
  expect(field(await log.wait('session.updated'), 'session.audio.input.transcription')).toMatchObject({ language: 'en' });
  await dictate(log, client.microphone, inTokens);
  client.send({ type: 'response.create', event_id: 'mine' });
  expect(field(await log.wait('error'), 'error.event_id')).toBe('mine');
});

test('a secret of a transcription session opens one', async () => {
  const secret = await openai().realtime.clientSecrets.create({
    session: {
      type: 'transcription',
      audio: { input: { transcription: { model: 'whisper-1' }, turn_detection: { type: 'server_vad', silence_duration_ms: 400 } } },
    },
  });
  expect(secret.session).toMatchObject({ type: 'transcription' });
  const connection = new OpenAIRealtimeWebSocket({ model: 'gpt-realtime' }, openai(secret.value));
  leave.push(() => connection.close());
  const log = new EventLog();
  connection.on('event', (event) => log.add(event));
  connection.on('error', () => {});
  const created = await log.wait('session.created');
  expect(field(created, 'session')).toMatchObject({
    type: 'transcription',
    audio: { input: { turn_detection: { silence_duration_ms: 400 } } },
  });
  const mic = new Microphone((frame) => connection.send({ type: 'input_audio_buffer.append', audio: base64(frame) }));
  leave.push(() => mic.stop());
  await dictate(log, mic, inSeconds);
});

test("a secret of the beta's route opens one of the beta", async () => {
  const session = await openai().beta.realtime.transcriptionSessions.create({
    input_audio_format: 'pcm16',
    input_audio_transcription: { model: 'whisper-1' },
    turn_detection: { type: 'server_vad' },
  });
  expect(session).toMatchObject({ input_audio_format: 'pcm16', client_secret: { value: expect.stringMatching(/^ek_/) as string } });
  const log = new EventLog('beta');
  // The package has a type for the event of the update only.
  const created = new EventLog('untyped');
  const socket = new WebSocket(`${running.ws}/v1/realtime`, ['realtime', `openai-insecure-api-key.${session.client_secret.value}`]);
  leave.push(() => socket.close());
  socket.addEventListener('message', ({ data }) => {
    const event = JSON.parse(String(data)) as WireEvent;
    (event.type === 'transcription_session.created' ? created : log).add(event);
  });
  expect(field(await created.wait('transcription_session.created'), 'session')).toMatchObject({ input_audio_format: 'pcm16' });
  socket.send(
    JSON.stringify({
      type: 'transcription_session.update',
      session: { input_audio_transcription: { model: 'whisper-1', language: 'en' } },
    }),
  );
  const updated = await log.wait('transcription_session.updated');
  expect(field(updated, 'session')).toMatchObject({ input_audio_format: 'pcm16', input_audio_transcription: { language: 'en' } });
  const mic = new Microphone((frame) => socket.send(JSON.stringify({ type: 'input_audio_buffer.append', audio: base64(frame) })));
  leave.push(() => mic.stop());
  await dictate(log, mic, inSeconds);
});

testTypes('ga', 'beta');
