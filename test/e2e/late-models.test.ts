// A server on a machine where pip is refused: it starts all the same, says what it lacks and how to get it, and takes the models up as soon
// as they are there.
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type * as clocks from '../../src/lib/clock.ts';
import { dataDir, defaultModels, describeWithModels, modelSource } from '../models.ts';
import { Client } from './support/client.ts';
import { field } from './support/events.ts';
import { type RunningServer, startServer } from './support/server.ts';
import { say, wordsOf } from './support/speech.ts';
import { testTypes } from './support/types.ts';

vi.setConfig({ testTimeout: 60_000 });

/** What waits for the moment at which engines are tried again. */
const retries = vi.hoisted((): (() => void)[] => []);
const retryMs = 15_000;

vi.mock('../../src/lib/clock.ts', async (original) => {
  const actual = await original<typeof clocks>();
  const after: clocks.Clock['after'] = (ms, task) => {
    if (ms !== retryMs) return actual.systemClock.after(ms, task);
    retries.push(task);
    return { cancel() {} };
  };
  return { ...actual, systemClock: { ...actual.systemClock, after } };
});

describeWithModels(defaultModels, 'a server whose machine gets no packages', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-late-'));
  const [bin, own, mirror] = ['bin', 'data', 'mirror'].map((name) => join(folder, name)) as [string, string, string];
  let running: RunningServer;
  const clients: Client[] = [];
  let tryAgain: (() => void)[];

  beforeAll(async () => {
    for (const each of [bin, own, mirror]) mkdirSync(each);
    // The recogniser that needs no models is fetched once for all tests.
    if (existsSync(join(dataDir, 'engines'))) symlinkSync(join(dataDir, 'engines'), join(own, 'engines'));
    writeFileSync(join(bin, 'python3'), '#!/bin/sh\necho "ERROR: HTTP error 403 while getting the index"\nexit 1\n', { mode: 0o755 });
    vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`);
    running = await startServer({ engines: 'neural', settings: { PARLEY_DATA_DIR: own, PARLEY_MODELS_MIRROR: mirror } });
    tryAgain = retries.splice(0);
  });

  afterAll(async () => {
    for (const client of clients) client.close();
    await running.close();
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  const serving = () => running.server.engines.filter(({ info }) => ['stt', 'tts', 'turn'].includes(info.kind));

  /** One spoken question: how it was written down. */
  async function ask(): Promise<string> {
    const client = await Client.open(running.ws);
    clients.push(client);
    const { log, microphone } = client;
    const transcription = { model: 'gpt-4o-transcribe' };
    client.send({ type: 'session.update', session: { type: 'realtime', audio: { input: { transcription } } } });
    await log.wait('session.updated');
    await microphone.speak(await say(running.server, 'What time is it?'));
    const { transcript } = await log.wait('conversation.item.input_audio_transcription.completed');
    expect(field(await log.wait('response.done'), 'response.status')).toBe('completed');
    return String(transcript);
  }

  test('talks with the engines that need no models, and says why and what to do', async () => {
    expect(serving().map(({ info }) => info.id)).toEqual(['pocketsphinx', 'flite', 'lexical']);
    for (const [index, short] of ['moonshine', 'hibari', 'smart-turn'].entries()) {
      const state = serving()[index];
      expect(state?.works).toBe(true);
      expect(state?.problem).toMatch(/could not be had: .*pip could not fetch/);
      expect(state?.problem).toContain(`\`npm run models fetch ${short}\``);
    }
    expect(wordsOf(await ask())).toEqual(['what', 'time', 'is', 'it']);
  });

  test('and with the better ones from the next session on, once their models are there', async () => {
    // Two by another process (`npm run models fetch`), one by the operator's mirror.
    for (const model of defaultModels) {
      const inPlace = join(own, 'models', model);
      const inMirror = join(mirror, model);
      for (const each of [inPlace, inMirror]) rmSync(each, { recursive: true, force: true });
      if (model.startsWith('smart-turn')) symlinkSync(modelSource(model) ?? '', inMirror);
      else symlinkSync(join(dataDir, 'models', model), inPlace);
    }
    // Those three, and the searches for servers of language models, ears and voices on this machine, which are as often.
    expect(tryAgain).toHaveLength(6);
    for (const task of tryAgain) task();
    const ready = { problem: undefined, works: true };
    await vi.waitFor(
      () =>
        expect(serving()).toEqual(
          ['moonshine', 'hibari', 'smart-turn'].map((id) => expect.objectContaining({ ...ready, info: expect.objectContaining({ id }) })),
        ),
      { timeout: 30_000 },
    );
    // With a capital and a question mark: PocketSphinx writes neither.
    expect(await ask()).toBe('What time is it?');
  });

  testTypes();
});
