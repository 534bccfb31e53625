// A recogniser process that dies in the middle of an utterance costs that transcription, and nothing else.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Client } from './support/client.ts';
import { decoders } from './support/decoders.ts';
import { field } from './support/events.ts';
import { type RunningServer, startServer } from './support/server.ts';
import { overlap, say } from './support/speech.ts';
import { testTypes } from './support/types.ts';

vi.setConfig({ testTimeout: 60_000 });

let running: RunningServer;
const clients: Client[] = [];

beforeAll(async () => {
  running = await startServer({ engines: 'real', settings: { PARLEY_STT_PROCESSES: '2' } });
});

afterAll(async () => {
  for (const client of clients) client.close();
  await running.close();
});

async function transcribing(): Promise<Client> {
  const client = await Client.open(running.ws);
  clients.push(client);
  client.send({ type: 'session.update', session: { type: 'realtime', audio: { input: { transcription: { model: 'whisper-1' } } } } });
  await client.log.wait('session.updated');
  return client;
}

test('the transcription fails, the turn says so, and everybody goes on', async () => {
  const long = await say(running.server, 'Please tell me everything that you can do, and then tell me what the time is.');
  const short = await say(running.server, 'Can you hear me?');
  const [unlucky, other] = [await transcribing(), await transcribing()];

  // Until a second speaker needs another, there is one decoder, and the first speaker has it.
  void unlucky.microphone.speak(long);
  await unlucky.log.wait('conversation.item.input_audio_transcription.delta');
  const [victim, ...more] = decoders();
  expect(more).toEqual([]);
  const heardByOther = other.microphone.speak(long);
  await vi.waitFor(() => expect(decoders()).toHaveLength(2), 20_000);
  process.kill(victim ?? 0, 'SIGKILL');

  const failed = await unlucky.log.wait('conversation.item.input_audio_transcription.failed');
  expect(field(failed, 'error.code')).toBe('crashed');
  const done = await unlucky.log.wait('response.done');
  expect(field(done, 'response.status')).toBe('failed');
  expect(field(done, 'response.status_details.error.code')).toBe('transcription_failed');
  expect(field(done, 'response.output')).toEqual([]);

  await heardByOther;
  const words = await other.log.wait('conversation.item.input_audio_transcription.completed');
  expect(
    overlap('please tell me everything that you can do and then tell me what the time is', String(words['transcript'])),
  ).toBeGreaterThanOrEqual(0.6);
  expect(field(await other.log.wait('response.done'), 'response.status')).toBe('completed');

  const mark = unlucky.log.mark;
  await unlucky.microphone.speak(short);
  const again = await unlucky.log.wait('conversation.item.input_audio_transcription.completed', mark);
  expect(overlap('can you hear me', String(again['transcript']))).toBeGreaterThanOrEqual(0.75);
  expect(field(await unlucky.log.wait('response.done', mark), 'response.status')).toBe('completed');
  expect(unlucky.log.of('response.created')).toHaveLength(2);
  expect(other.log.of('conversation.item.input_audio_transcription.failed')).toEqual([]);
});

testTypes();
