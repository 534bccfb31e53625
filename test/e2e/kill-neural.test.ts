// Ear, voice and judge die again and again while people talk: nobody is cut off, no turn is passed over in silence, and all come back. The
// workers run their real scripts, and end themselves when a test says so (test/dying.ts).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type * as bodies from '../../src/engines/local/member-body.ts';
import { Mortals } from '../dying.ts';
import { defaultModels, describeWithModels } from '../models.ts';
import { Client } from './support/client.ts';
import { type EventLog, field } from './support/events.ts';
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

/** Of each. */
const kills = Number(process.env['KILLS'] ?? 5);
const speakers = 4;
const questions = ['Please tell me your name.', 'Can you hear me now?', 'What is the capital of France?'];
const input = 'conversation.item.input_audio_transcription';

interface Health {
  readonly status: number;
  readonly problems: readonly string[];
}

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

  async function health(): Promise<Health> {
    const response = await fetch(`${running.http}/health`);
    const { engines } = (await response.json()) as { engines: { name: string; problem?: string }[] };
    return {
      status: response.status,
      problems: engines.flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name}: ${problem}`])),
    };
  }

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
    const seen: Health[] = [];
    const watching = (async () => {
      for (; !over.signal.aborted; await pass(20)) seen.push(await health());
    })();
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
      await watching;
    }

    const turns = told.flatMap(({ log }) => log.of('input_audio_buffer.committed').map((event) => turnOf(log, event['item_id'])));
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
    await vi.waitFor(async () => expect(await health()).toEqual({ status: 200, problems: [] }), { timeout: 20_000 });
    expect(running.server.engines.map(({ info }) => info.id)).toEqual(expect.arrayContaining(['moonshine', 'hibari', 'smart-turn']));
  });

  const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true), { timeout: 30_000, interval: 5 });

  /** What became of the turn of an item: how its transcription ended, and its answer. */
  function turnOf(log: EventLog, item: unknown) {
    const committed = log.all.findIndex((event) => event.type === 'input_audio_buffer.committed' && event['item_id'] === item);
    const next = log.all.findIndex((event, at) => at > committed && event.type === 'input_audio_buffer.committed');
    const events = log.all.slice(committed, next < 0 ? undefined : next);
    const ends = events.filter(({ type }) => [`${input}.completed`, `${input}.failed`].includes(type));
    const answers = events.filter(({ type }) => type === 'response.done');
    return {
      ends: ends.map(({ type }) => type),
      transcript: ends[0]?.['transcript'] as string | undefined,
      answers: answers.length,
      status: answers[0] && field(answers[0], 'response.status'),
      details: answers[0] && JSON.stringify(field(answers[0], 'response.status_details')),
      sound: events.some(({ type }) => type === 'response.output_audio.delta'),
    };
  }

  function likenessToAny(transcript: string): number {
    return Math.max(...questions.map((question) => overlap(question, transcript)));
  }

  function problemOf(engine: string): string | undefined {
    const kinds: Readonly<Record<string, string>> = { moonshine: 'stt', hibari: 'tts', 'smart-turn': 'turn' };
    return running.server.engines.find(({ info }) => info.kind === kinds[engine])?.problem;
  }

  testTypes();
});
