// The whole server with the engines that need models: what people say is understood, what it says is understandable, and pauses are judged.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import OpenAI, { toFile } from 'openai';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { resample } from '../../src/media/resample.ts';
import { readWav } from '../../src/media/wav.ts';
import { toBytes } from '../../src/media/pcm.ts';
import { defaultModels, describeWithModels } from '../models.ts';
import { Client, openaiPath } from './support/client.ts';
import { field } from './support/events.ts';
import { apiKey, type RunningServer, startServer } from './support/server.ts';
import { base64, overlap, rateHz, samplesOf, say, wordsOf } from './support/speech.ts';
import { testTypes } from './support/types.ts';

vi.setConfig({ testTimeout: 60_000 });

const repository = resolve(import.meta.dirname, '../..');
/** A person reading, in the public domain: beside the clone, or beside the folder of a worktree. */
const reader = ['..', '../..'].map((up) => resolve(repository, up, 'shared/speech/austen-0880.wav')).find((file) => existsSync(file));
const heard = 'conversation.item.input_audio_transcription.completed';

function recording(file: string): Int16Array {
  return resample(readWav(readFileSync(file)), rateHz).samples;
}

describeWithModels(defaultModels, 'a server with its models', () => {
  let running: RunningServer;
  const clients: Client[] = [];

  beforeAll(async () => {
    running = await startServer({ engines: 'neural' });
  });

  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  afterAll(async () => {
    await running.close();
  });

  async function connect(input: Record<string, unknown>, session: Record<string, unknown> = {}, path = openaiPath): Promise<Client> {
    const client = await Client.open(running.ws, path);
    clients.push(client);
    const transcription = { model: 'gpt-4o-transcribe' };
    client.send({ type: 'session.update', session: { type: 'realtime', audio: { input: { transcription, ...input } }, ...session } });
    await client.log.wait('session.updated');
    return client;
  }

  /** What is heard in a sound that is handed over as a whole. */
  async function transcribed(client: Client, samples: Int16Array): Promise<string> {
    const mark = client.log.mark;
    for (let at = 0; at < samples.length; at += rateHz) {
      client.send({ type: 'input_audio_buffer.append', audio: base64(toBytes(samples.slice(at, at + rateHz))) });
    }
    client.send({ type: 'input_audio_buffer.commit' });
    return String((await client.log.wait(heard, mark))['transcript']);
  }

  test('its engines are those with models, and nothing is wrong', () => {
    const engines = running.server.engines.map(({ info, problem }) => [info.id, problem]);
    expect(engines).toEqual(
      expect.arrayContaining([
        ['moonshine', undefined],
        ['hibari', undefined],
        ['smart-turn', undefined],
      ]),
    );
  });

  test('what a person says is written down word for word, and answered', async ({ skip }) => {
    if (reader === undefined) return skip('the recording of a person is not beside the clone');
    const { log, microphone } = await connect({});
    await microphone.speak(recording(reader));
    expect(wordsOf(String((await log.wait(heard))['transcript'])).join(' ')).toBe('he was not an ill disposed young man');
    expect(field(await log.wait('response.done'), 'response.status')).toBe('completed');
    expect(samplesOf(log.of('response.output_audio.delta').map(({ delta }) => String(delta))).length).toBeGreaterThan(rateHz);
  });

  test('a question gets its answer, and another session understands the sound of it', async () => {
    const sentence = 'The garden behind the old house is full of roses.';
    const { log, microphone } = await connect({});
    await microphone.speak(await say(running.server, `Repeat after me: ${sentence}`));
    const answer = String((await log.wait('response.output_audio_transcript.done'))['transcript']);
    expect(overlap(sentence, answer)).toBe(1);
    await log.wait('response.done');
    const sound = samplesOf(log.of('response.output_audio.delta').map(({ delta }) => String(delta)));
    const other = await connect({ turn_detection: null });
    expect(wordsOf(await transcribed(other, sound))).toEqual(wordsOf(sentence));
  });

  test('a long answer is interrupted, and remembered up to the word that was heard last', async () => {
    const { log, microphone } = await connect({}, {}, '/api/v1/realtime/session?key=interrupted&protocol=realtime');
    const mark = log.mark;
    const objection = await say(running.server, 'Please stop now.');
    await microphone.speak(await say(running.server, 'Count from one to two hundred.'));
    const answer = await log.wait('response.output_audio.delta', mark);
    const beganAt = performance.now();
    await microphone.speak(new Int16Array(1.5 * rateHz));
    await microphone.speak(objection);
    const cut = await log.wait('response.done', mark);
    const heardSeconds = (performance.now() - beganAt) / 1000;
    expect(field(cut, 'response.status_details')).toEqual({ type: 'cancelled', reason: 'turn_detected' });
    const ofAnswer = (type: string) => log.of(type).filter((event) => event['item_id'] === answer['item_id']);
    const kept = wordsOf(String(ofAnswer('response.output_audio_transcript.done')[0]?.['transcript']));
    expect(kept.slice(0, 2)).toEqual(['one', 'two']);
    // Nobody says more than four numbers a second.
    expect(kept.length).toBeLessThan(4 * heardSeconds + 1);
    const again = await log.wait((event) => event.type === 'response.done' && event !== cut, mark);
    expect(field(again, 'response.status')).toBe('completed');
  });

  test('semantic_vad waits longer for a speaker who breaks off than for one who has finished', async () => {
    const { log, microphone } = await connect({ turn_detection: { type: 'semantic_vad', eagerness: 'medium' } });
    const waitedMs = async (text: string) => {
      const mark = log.mark;
      await microphone.speak(await say(running.server, text));
      const overAt = performance.now();
      await log.wait('input_audio_buffer.speech_stopped', mark);
      const ms = performance.now() - overAt;
      await log.wait('response.done', mark);
      return ms;
    };
    const finished = await waitedMs('What is the capital of France?');
    const brokenOff = await waitedMs('I would like to know the');
    expect(finished).toBeLessThan(1000);
    expect(brokenOff - finished).toBeGreaterThan(600);
  });

  test('noise, a hum, clicks and coughs are no words, and do not spoil those that follow', async () => {
    const client = await connect({ turn_detection: null });
    for (const [name, sound] of noises()) expect([name, await transcribed(client, sound)]).toEqual([name, '']);
    const { log, microphone } = await connect({});
    for (const [, sound] of noises()) await microphone.speak(sound.subarray(0, 0.7 * rateHz));
    await microphone.speak(new Int16Array(0.8 * rateHz));
    const mark = log.mark;
    await microphone.speak(await say(running.server, 'Can you hear me now?'));
    expect(wordsOf(String((await log.wait(heard, mark))['transcript']))).toEqual(['can', 'you', 'hear', 'me', 'now']);
    expect(
      log
        .of(heard)
        .map(({ transcript }) => transcript)
        .filter((text) => text !== ''),
    ).toHaveLength(1);
  });

  test('F23: a rare name is heard when the prompt of the transcription has it, or a tool', async () => {
    const sound = await say(running.server, 'I want the Pelimont report.');
    const turn_detection = null;
    const tool = { type: 'function', name: 'fetch_pelimont_report', parameters: { type: 'object', properties: {} } };
    const [plain, prompted, tooled] = await Promise.all([
      connect({ turn_detection }),
      connect({ turn_detection, transcription: { model: 'gpt-4o-transcribe', prompt: 'The customer asks about Pelimont.' } }),
      connect({ turn_detection }, { tools: [tool] }),
    ]);
    expect(await transcribed(prompted, sound)).toMatch(/pelimont/i);
    expect(await transcribed(tooled, sound)).toMatch(/pelimont/i);
    expect(await transcribed(plain, sound)).not.toMatch(/pelimont/i);
  });

  test('F02 F21 F31 F32: a conversation moves to the ears, the mind and the voice of another server and back, and stays whole', async () => {
    // This server is the service of the other, by its endpoints without a session.
    const service = { url: `${running.http}/v1`, key: apiKey };
    const chained = await startServer({
      engines: 'scripted',
      settings: Object.fromEntries(
        ['LLM', 'STT', 'TTS'].flatMap((kind) => [
          [`PARLEY_${kind}_BASE_URL`, service.url],
          [`PARLEY_${kind}_API_KEY`, service.key],
          [`PARLEY_${kind}_MODEL`, { LLM: 'parley/offline', STT: 'whisper-1', TTS: 'tts-1' }[kind] ?? ''],
        ]),
      ),
    });
    try {
      const client = await Client.open(chained.ws);
      clients.push(client);
      const question = resample(readWav(readFileSync(resolve(repository, 'samples/question.wav'))), rateHz).samples;
      /** What comes of a response; `words` of what was said before it, where it was spoken. */
      const answered = async (mark: number, isSpoken: boolean) => {
        client.send({ type: 'response.create' });
        const done = await client.log.wait('response.done', mark);
        const words = isSpoken ? String((await client.log.wait(heard, mark))['transcript']) : '';
        const events = client.log.all.slice(mark);
        const deltas = (type: string) => events.filter((event) => event.type === type).map((event) => String(event['delta']));
        const sound = samplesOf(deltas('response.output_audio.delta'));
        return { words, said: deltas('response.output_audio_transcript.delta').join(''), sound, done };
      };
      const ask = async (session: Record<string, unknown>) => {
        const mark = client.log.mark;
        client.send({ type: 'session.update', session: { type: 'realtime', ...session } });
        await client.log.wait('session.updated', mark);
        client.send({ type: 'input_audio_buffer.append', audio: base64(toBytes(question)) });
        client.send({ type: 'input_audio_buffer.commit' });
        return answered(mark, true);
      };
      const here = {
        model: 'parley/scripted',
        audio: { input: { turn_detection: null, transcription: { model: 'parley' } }, output: { voice: 'parley/Dennis' } },
      };
      const there = {
        model: 'custom/parley/offline',
        audio: { input: { transcription: { model: 'custom/whisper-1' } }, output: { voice: 'custom/Olivia' } },
      };
      const first = await ask(here);
      const second = await ask(there);
      client.say('Repeat after me: the kettle is on the stove.');
      const repeated = await answered(client.log.mark, false);
      const third = await ask(here);
      expect(field(second.done, 'response.status')).toBe('completed');
      expect(overlap('what time is it', second.words)).toBeGreaterThan(0.7);
      expect(first.words).not.toBe(second.words);
      expect(third.words).toBe(first.words);
      // What came out of the other server's voice is what its mind said.
      const listener = await connect({ turn_detection: null });
      expect(overlap('the kettle is on the stove', await transcribed(listener, repeated.sound))).toBeGreaterThan(0.8);
      expect(client.log.of('error')).toEqual([]);
      expect(client.log.of('conversation.item.done')).toHaveLength(8);
    } finally {
      await chained.close();
    }
  });

  test("speech without a session is understood as a file without a session, both by OpenAI's client", async () => {
    const openai = new OpenAI({ apiKey, baseURL: `${running.http}/v1`, maxRetries: 0 });
    const input = 'The train to the coast leaves at noon, and the tickets are at the counter.';
    const spoken = new Uint8Array(
      await (await openai.audio.speech.create({ model: 'gpt-4o-mini-tts', voice: 'marin', input })).arrayBuffer(),
    );
    const file = await toFile(spoken, 'speech.wav');
    const { text } = await openai.audio.transcriptions.create({ model: 'gpt-4o-mini-transcribe', file });
    expect(overlap(input, text)).toBeGreaterThan(0.9);
    const verbose = await openai.audio.transcriptions.create({ model: 'whisper-1', file, response_format: 'verbose_json' });
    expect(verbose.duration).toBeCloseTo(readWav(spoken).samples.length / 24_000, 0);
    await expect(
      openai.audio.transcriptions.create({ model: 'whisper-1', file: await toFile(Buffer.from('no sound'), 'a.wav') }),
    ).rejects.toMatchObject({
      status: 400,
      param: 'file',
    });
  });

  testTypes();
});

/** Sounds of two seconds that are loud enough to be heard. */
function noises(): readonly (readonly [name: string, sound: Int16Array])[] {
  let state = 1;
  const chance = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const make = (sample: (i: number) => number) => Int16Array.from({ length: 2 * rateHz }, (_, i) => Math.round(sample(i)));
  const rows = Array.from({ length: 12 }, () => 0);
  const pink = (i: number) => {
    // Voss and McCartney's way: row n changes every 2 to the nth sample.
    for (const row of rows.keys()) if (i % 2 ** row === 0) rows[row] = chance();
    return rows.reduce((sum, value) => sum + value, 0) / rows.length;
  };
  const harmonics = [1, 2, 3, 5];
  return [
    ['pink noise', make((i) => 9000 * pink(i))],
    ['a hum', make((i) => harmonics.reduce((sum, n) => sum + (1500 / n) * Math.sin((2 * Math.PI * 50 * n * i) / rateHz), 0))],
    ['clicks', make((i) => 20_000 * Math.exp(-(i % (rateHz / 4)) / 40) * Math.sin(i))],
    // Bursts that start at once and fade within a fifth of a second.
    ['coughs', make((i) => 16_000 * Math.exp(-(i % rateHz) / (rateHz * 0.06)) * pink(i))],
  ];
}
