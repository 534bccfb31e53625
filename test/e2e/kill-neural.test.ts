// Ear, voice and judge die again and again while people talk: nobody is cut off, no turn is passed over in silence, and all come back. The
// workers run their real scripts, and end themselves when a test says so (test/dying.ts).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type * as bodies from '../../src/engines/local/member-body.ts';
import { Mortals } from '../dying.ts';
import { defaultModels, describeWithModels } from '../models.ts';
import { Client } from './support/client.ts';
import { health, kills, turnsOf, watchHealth } from './support/killing.ts';
import { type RunningServer, startServer } from './support/server.ts';
import { overlap, say } from './support/speech.ts';
import { testTypes } from './support/types.ts';

const hook = vi.hoisted(() => ({
  scriptOf: (script: URL, _engine: string): URL => script,
  /** By engine, how many of its workers have ended. */
  ended: new Map<string, number>(),
}));

vi.mock('../../src/engines/local/member-body.ts', async (original) => {
  const actual = await original<typeof bodies>();
  const threadBody: typeof actual.threadBody = (script, name, data, events) => {
    const exited: typeof events.exited = (how, cause) => {
      hook.ended.set(name, (hook.ended.get(name) ?? 0) + 1);
      events.exited(how, cause);
    };
    return actual.threadBody(hook.scriptOf(script, name), name, data, { ...events, exited });
  };
  return { ...actual, threadBody };
});

const speakers = 4;
const questions = ['Please tell me your name.', 'Can you hear me now?', 'What is the capital of France?'];

describeWithModels(defaultModels, 'while four people talk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-kill-'));
  const mortals = new Mortals(folder);
  /** By engine, what its workers run. */
  const scripts = new Map<string, URL>();
  let running: RunningServer;
  const clients: Client[] = [];
  /** Turns, of all speakers. */
  let finished = 0;

  beforeAll(async () => {
    hook.scriptOf = (script, engine) => {
      if (!['moonshine', 'hibari', 'smart-turn'].includes(engine)) return script;
      scripts.set(engine, script);
      return mortals.script(script);
    };
    running = await startServer({ engines: 'neural', settings: { PARLEY_STT_PROCESSES: '2', PARLEY_TTS_WORKERS: '2' } });
  });

  afterAll(async () => {
    for (const client of clients) client.close();
    await running.close();
    rmSync(folder, { recursive: true });
  });

  /** Asks one question after the other, each once the answer to the one before it has been made. */
  async function talk(samples: readonly Int16Array[], first: number, over: AbortSignal): Promise<Client> {
    const client = await Client.open(running.ws);
    clients.push(client);
    const { log, microphone } = client;
    const audio = { input: { transcription: { model: 'gpt-4o-transcribe' }, turn_detection: { type: 'semantic_vad', eagerness: 'high' } } };
    client.send({ type: 'session.update', session: { type: 'realtime', audio } });
    await log.wait('session.updated');
    for (let turn = first; !over.aborted; turn++) {
      const mark = log.mark;
      await microphone.speak(samples[turn % samples.length] as Int16Array);
      const { item_id } = await log.wait('input_audio_buffer.committed', mark);
      await log.wait((event) => event['item_id'] === item_id && /\.(completed|failed)$/.test(event.type), mark);
      await log.wait('response.done', mark);
      finished++;
    }
    return client;
  }

  test('each dies many times, and every turn is transcribed and answered', { timeout: 240_000 }, async () => {
    const samples = await Promise.all(questions.map((question) => say(running.server, question)));
    const over = new AbortController();
    const watched = watchHealth(running);
    const killing = async (script: URL, engine: string) => {
      for (let kill = 0; kill < kills; kill++) {
        const before = finished;
        const endedBefore = hook.ended.get(engine) ?? 0;
        // Some in the middle of what they hand out, as far as they hand out anything.
        mortals.kill(script, engine === 'hibari' ? kill % 3 : 0);
        await until(() => (hook.ended.get(engine) ?? 0) > endedBefore);
        await until(() => problemOf(engine) === undefined);
        // Whoever lost one has had another turn: two deaths in a row for one task are its failure, which is told.
        await until(() => finished >= before + speakers);
      }
    };
    const talking = Promise.all(Array.from({ length: speakers }, (_, first) => talk(samples, first, over.signal)));
    let told: Client[];
    try {
      const killed = Promise.all([...scripts].map(([engine, script]) => killing(script, engine)));
      // A conversation that breaks off is the failure to be told.
      await Promise.race([killed, talking]);
      over.abort();
      told = await talking;
    } finally {
      over.abort();
    }
    const seen = await watched();

    const turns = told.flatMap(({ log }) => turnsOf(log));
    const failures = turns.filter(({ status }) => status !== 'completed');
    if (process.env['KILLS'] !== undefined) console.log(turns.length, failures, new Set(seen.flatMap(({ problems }) => problems)));
    expect(told.map(({ socket }) => socket.readyState)).toEqual(told.map(() => WebSocket.OPEN));
    expect(told.flatMap(({ log }) => log.of('error'))).toEqual([]);
    expect(turns.filter(({ ends, answers }) => ends.length !== 1 || answers !== 1)).toEqual([]);
    // Either all goes well, or it is said that it did not.
    expect(turns.filter(({ status, ends, sound }) => status === 'completed' && !(sound && ends[0]?.endsWith('completed')))).toEqual([]);
    expect(turns.filter(({ transcript }) => transcript !== undefined && likenessToAny(transcript) <= 0.7)).toEqual([]);
    expect(turns.length).toBeGreaterThanOrEqual(speakers);
    // A turn may be as unlucky as to lose two workers.
    expect(failures.length).toBeLessThanOrEqual(turns.length / 5);
    expect(seen.map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
    expect(seen.flatMap(({ problems }) => problems)).not.toEqual([]);
    await vi.waitFor(async () => expect(await health(running)).toEqual({ status: 200, problems: [] }), { timeout: 20_000 });
    expect(running.server.engines.map(({ info }) => info.id)).toEqual(expect.arrayContaining(['moonshine', 'hibari', 'smart-turn']));
  });

  const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true), { timeout: 30_000, interval: 5 });

  function likenessToAny(transcript: string): number {
    return Math.max(...questions.map((question) => overlap(question, transcript)));
  }

  function problemOf(engine: string): string | undefined {
    const kinds: Readonly<Record<string, string>> = { moonshine: 'stt', hibari: 'tts', 'smart-turn': 'turn' };
    return running.server.engines.find(({ info }) => info.kind === kinds[engine])?.problem;
  }

  testTypes();
});
