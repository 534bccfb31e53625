// A client that changes its session while its user is speaking, with real speech: every word of the question is heard, as one turn.
import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { fromBytes, toBytes } from '../../src/media/pcm.ts';
import { Resampler } from '../../src/media/resample.ts';
import { Client } from './support/client.ts';
import { type RunningServer, startServer } from './support/server.ts';
import { base64, Microphone, rateHz, say, wordsOf } from './support/speech.ts';

vi.setConfig({ testTimeout: 60_000 });

let running: RunningServer;
let question: Int16Array;
const leave: (() => void)[] = [];

beforeAll(async () => {
  running = await startServer({ engines: 'real' });
  question = await say(running.server, 'What time is it?');
});

afterEach(() => {
  for (const task of leave.splice(0)) task();
});

afterAll(async () => {
  await running.close();
});

type Input = Record<string, unknown>;

/** A second update follows the first after 300 ms. */
const changes: [string, Input, Input?][] = [
  ['another threshold', { turn_detection: { type: 'server_vad', threshold: 0.6 } }],
  ['another silence', { turn_detection: { type: 'server_vad', silence_duration_ms: 700 } }],
  ['an idle timeout', { turn_detection: { type: 'server_vad', idle_timeout_ms: 8000 } }],
  ['semantic_vad', { turn_detection: { type: 'semantic_vad', eagerness: 'high' } }],
  ['no detection, and detection again', { turn_detection: null }, { turn_detection: { type: 'server_vad' } }],
  ['noise reduction, and none again', { noise_reduction: { type: 'near_field' } }, { noise_reduction: null }],
  ['sound at 16 kHz', { format: { type: 'audio/pcm', rate: 16_000 } }],
  ['another model and language', { transcription: { model: 'whisper-1', language: 'en' } }],
];

test.each(changes)('C01 F18 F20 F22 F24 F25 F26: %s in the middle of a question', async (_name, first, second) => {
  const client = await Client.open(running.ws);
  leave.push(() => client.close());
  const { log } = client;
  const update = (input: Input) => client.send({ type: 'session.update', session: { type: 'realtime', audio: { input } } });
  update({ transcription: { model: 'gpt-4o-transcribe' } });
  await log.wait('session.updated');
  const slower = new Resampler(rateHz, 16_000);
  let sent = (frame: Uint8Array) => frame;
  const mic = new Microphone((frame) => client.send({ type: 'input_audio_buffer.append', audio: base64(sent(frame)) }));
  leave.push(() => mic.stop());
  const spoken = mic.speak(question);
  await pass(800);
  update(first);
  if (first['format']) sent = (frame) => toBytes(slower.process(fromBytes(frame)));
  if (second) {
    await pass(300);
    update(second);
  }
  await spoken;
  const { transcript, item_id } = await log.wait('conversation.item.input_audio_transcription.completed');
  expect(wordsOf(String(transcript))).toEqual(['what', 'time', 'is', 'it']);
  const turns = log.all.filter(({ type }) => /^input_audio_buffer\.(speech_started|speech_stopped|committed)$/.test(type));
  expect(turns.map((event) => [event.type, event['item_id']])).toEqual([
    ['input_audio_buffer.speech_started', item_id],
    ['input_audio_buffer.speech_stopped', item_id],
    ['input_audio_buffer.committed', item_id],
  ]);
  expect(log.of('error')).toEqual([]);
});
