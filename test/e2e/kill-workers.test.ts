// The detector of speech, noise reduction, the old voice and the old ear die again and again while people talk: nobody is cut off, no turn is
// passed over in silence, /health says who is missing, and all come back. The detector runs native code, and ends itself when it is told to
// (test/dying.ts); the others are ended in the middle of whatever they do.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type * as bodies from '../../src/engines/local/member-body.ts';
import { Mortals } from '../dying.ts';
import { Client } from './support/client.ts';
import { decoders } from './support/decoders.ts';
import { health, kills, Threads, turnsOf, watchHealth } from './support/killing.ts';
import { type RunningServer, startServer } from './support/server.ts';
import { rateHz, say } from './support/speech.ts';
import { testTypes } from './support/types.ts';

const hook = vi.hoisted(() => ({ scriptOf: (script: URL, _engine: string): URL => script }));

vi.mock('../../src/engines/local/member-body.ts', async (original) => {
  const actual = await original<typeof bodies>();
  const threadBody: typeof actual.threadBody = (script, name, ...rest) => actual.threadBody(hook.scriptOf(script, name), name, ...rest);
  return { ...actual, threadBody };
});

const speakers = 2;
const folder = mkdtempSync(join(tmpdir(), 'parley-kill-'));
const mortals = new Mortals(folder);
const threads = new Threads();
const clients: Client[] = [];
let detector: URL | undefined;
let running: RunningServer;
let question: Int16Array;
/** Turns, of all speakers. */
let finished = 0;

beforeAll(async () => {
  hook.scriptOf = (script, engine) => {
    if (engine !== 'silero') return script;
    detector = script;
    return mortals.script(script);
  };
  // They are chosen here, and stand in for nobody.
  const chosen = { PARLEY_STT: 'pocketsphinx', PARLEY_TTS: 'flite', PARLEY_TURN: 'lexical' };
  running = await startServer({ engines: 'real', settings: { ...chosen, PARLEY_STT_PROCESSES: '2', PARLEY_TTS_WORKERS: '2' } });
  question = await say(running.server, 'What is two plus three?');
});

afterAll(async () => {
  for (const client of clients) client.close();
  threads.close();
  await running.close();
  rmSync(folder, { recursive: true });
});

/** Asks the question again and again, each time once all that came of the last time is over. */
async function talk(over: AbortSignal): Promise<Client> {
  const client = await Client.open(running.ws);
  clients.push(client);
  const { log, microphone } = client;
  const turn_detection = { type: 'server_vad', silence_duration_ms: 400 };
  const input = { transcription: { model: 'gpt-4o-transcribe' }, noise_reduction: { type: 'near_field' }, turn_detection };
  client.send({ type: 'session.update', session: { type: 'realtime', audio: { input } } });
  await log.wait('session.updated');
  while (!over.aborted) {
    const before = turnsOf(log).length;
    await microphone.speak(question);
    // A detector that dies in the middle of a question may hear two where there was one, or none.
    const untilMs = performance.now() + 6000;
    while (!(turnsOf(log).length > before && idle(client)) && performance.now() < untilMs) await pass(50);
    await vi.waitFor(() => expect(idle(client)).toBe(true), { timeout: 30_000, interval: 50 });
    finished += turnsOf(log).length - before;
  }
  return client;
}

/** Nobody speaks, and every turn has its words and its answer. */
function idle({ log }: Client): boolean {
  const starts = log.of('input_audio_buffer.speech_started').length;
  const turns = turnsOf(log);
  return (
    starts === log.of('input_audio_buffer.speech_stopped').length && turns.every(({ ends, answers }) => ends.length > 0 && answers > 0)
  );
}

const problemOf = async (name: RegExp) => (await health(running)).problems.find((problem) => name.test(problem));

const mortal: readonly { name: string; health: RegExp; kill(): void | Promise<void> }[] = [
  { name: 'the detector of speech', health: /Silero/, kill: () => mortals.kill(detector as URL) },
  { name: 'noise reduction', health: /RNNoise/, kill: () => threads.kill('rnnoise') },
  { name: 'the old voice', health: /Flite/, kill: () => killAll('flite') },
  { name: 'the old ear', health: /PocketSphinx/, kill: () => decoders().forEach((pid) => process.kill(pid, 'SIGKILL')) },
];

async function killAll(name: string): Promise<void> {
  await Promise.all(threads.of(name).map((worker) => worker.terminate()));
}

test.each(mortal)('$name dies many times while people talk, and every turn has its end', { timeout: 240_000 }, async (victim) => {
  const over = new AbortController();
  const watched = watchHealth(running);
  const talking = Promise.all(Array.from({ length: speakers }, () => talk(over.signal)));
  const killing = (async () => {
    await turns(speakers);
    for (let kill = 0; kill < kills; kill++) {
      // At another moment of the question, or of the answer, each time.
      await pass((kill * 370) % 2000);
      await victim.kill();
      await vi.waitFor(async () => expect(await problemOf(victim.health)).toBeUndefined(), { timeout: 30_000, interval: 5 });
      await turns(1);
    }
  })();
  let told: Client[];
  try {
    await Promise.race([killing, talking]);
    over.abort();
    told = await talking;
  } finally {
    over.abort();
  }
  const seen = await watched();
  await expectHealed(told);
  const all = told.flatMap(({ log }) => turnsOf(log));
  if (process.env['KILLS'] !== undefined)
    console.log(
      victim.name,
      all.length,
      all.filter(({ status }) => status !== 'completed'),
    );
  expect(told.map(({ socket }) => socket.readyState)).toEqual(told.map(() => WebSocket.OPEN));
  expect(told.flatMap(({ log }) => log.of('error'))).toEqual([]);
  expect(all.filter(({ ends, answers }) => ends.length !== 1 || answers !== 1)).toEqual([]);
  // Either all goes well, or it is said that it did not.
  expect(all.filter(({ status, sound }) => status === 'completed' && !sound)).toEqual([]);
  expect(all.filter(({ status, details }) => status === 'failed' && !details?.includes('code'))).toEqual([]);
  expect(seen.map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
  expect(seen.flatMap(({ problems }) => problems).some((problem) => victim.health.test(problem))).toBe(true);
  for (const client of told) client.close();
});

/** So many more turns come to their end. */
async function turns(count: number): Promise<void> {
  const before = finished;
  await vi.waitFor(() => expect(finished).toBeGreaterThanOrEqual(before + count), { timeout: 60_000, interval: 20 });
}

/** Without a word from anybody all is as it was, and whoever stayed is understood and answered. */
async function expectHealed(told: readonly Client[]): Promise<void> {
  await vi.waitFor(async () => expect(await health(running)).toEqual({ status: 200, problems: [] }), { timeout: 20_000 });
  for (const { log, microphone } of told) {
    const before = turnsOf(log).length;
    await microphone.speak(new Int16Array(rateHz));
    await microphone.speak(question);
    await vi.waitFor(() => expect(turnsOf(log)[before]).toMatchObject({ answers: 1, status: 'completed', sound: true }), {
      timeout: 20_000,
      interval: 50,
    });
  }
}

testTypes();
