// A session outlives its call: calls are cut at random moments of typed, tool, spoken and interrupted turns, and their caller is told the same as one
// whose call was never cut, and has heard what the history says. How often, RESUME_CUTS says; RESUME_SEED repeats a run.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readWav } from '../../src/media/wav.ts';
import { serverVadDefaults } from '../../src/protocol/session-config.ts';
import { until } from '../transports/webrtc/caller.ts';
import type { WireEvent } from './support/events.ts';
import { Books, chanceFrom, cutterOf, giveOutputs, history, isDone, type Kind, kinds, told, user } from './support/resume-talk.ts';
import { ResumingClient } from './support/resuming-client.ts';
import { type RunningServer, startServer } from './support/server.ts';

const cuts = Math.ceil(Number(process.env['RESUME_CUTS'] ?? 6) / 4);
const seed = Number(process.env['RESUME_SEED'] ?? Math.floor(Math.random() * 1e9));
vi.setConfig({ testTimeout: 60_000 + cuts * 10_000 });

const samplesPerMs = 24;
/** What lies in it between two silences. */
const words = readWav(readFileSync(resolve(import.meta.dirname, '../../samples/question.wav'))).samples.subarray(
  400 * samplesPerMs,
  1200 * samplesPerMs,
);
/** The user looks so often whether what was said is enough. */
const lookMs = 50;
/** The scripted voice takes so long for each word. */
const wordMs = 60;
/** So much of an answer is heard before the user speaks into it. */
const beforeBargeInMs = 500;
/**
 * By how much what is taken to have been heard may lie above what came over the line, and below it: a frame that is under way, and the 80 ms to the ear
 * with what is sent until the cut is decided. What was on its way when a call broke is said again.
 */
const aboveMs = 40;
const belowMs = 250;
const againMs = 500;

let running: RunningServer;
let books: Books;

beforeAll(async () => {
  books = new Books();
  running = await startServer({ engines: 'scripted', settings: { PARLEY_SCRIPTED: 'stt=5,llm=10,rate=300,tokens=60,tts=5' } });
});

afterAll(async () => {
  await running.close();
});

const is =
  (...types: string[]) =>
  ({ type }: WireEvent) =>
    types.includes(type);

/** The user speaks until the server has noticed: what is said into a line that breaks is lost. */
async function speak(client: ResumingClient, from: number): Promise<void> {
  const started = () => client.events.slice(from).some(is('input_audio_buffer.speech_started'));
  while (!started()) {
    client.speak(words);
    await pass(lookMs);
  }
  await client.wait(is('input_audio_buffer.committed'), from);
}

/** All that was made has been heard. */
async function quiet(client: ResumingClient): Promise<void> {
  const starts = client.events.filter(is('output_audio_buffer.started'));
  const ends = client.events.filter(is('output_audio_buffer.stopped', 'output_audio_buffer.cleared'));
  if (ends.length < starts.length)
    await client.wait(is('output_audio_buffer.stopped', 'output_audio_buffer.cleared'), client.events.length);
}

/** How an answer was interrupted: what of it had come over the line by then, and how much of it the server takes to have been heard. */
interface BargeIn {
  readonly item: unknown;
  readonly lineMs: number;
  readonly toldMs: number;
  readonly returns: number;
}

async function interrupt(client: ResumingClient, from: number): Promise<BargeIn> {
  const [beforeMs, returnsBefore] = [client.lineMs, client.greetedMs.length];
  client.send(user('hello'));
  client.send({ type: 'response.create' });
  // By then all of it is made, in every talk: what an interruption tells depends on that.
  await client.wait(isDone, from);
  await until('some of it is heard', () => client.lineMs - beforeMs >= beforeBargeInMs);
  await speak(client, client.events.length);
  const { item_id: item, audio_end_ms: toldMs } = await client.wait(is('conversation.item.truncated'), from);
  return { item, lineMs: client.lineMs - beforeMs, toldMs: Number(toldMs), returns: client.greetedMs.length - returnsBefore };
}

async function turn(client: ResumingClient, kind: Kind, bargeIns: BargeIn[]): Promise<void> {
  await quiet(client);
  let from = client.events.length;
  if (kind === 'interrupted') bargeIns.push(await interrupt(client, from));
  else if (kind === 'spoken') await speak(client, from);
  else client.send(user(kind === 'tool' ? 'use the tool' : 'hello'));
  from = client.events.length;
  client.send({ type: 'response.create' });
  await giveOutputs(client, await client.wait(isDone, from));
}

async function talk(script: readonly Kind[], cutter?: (client: ResumingClient) => () => void) {
  const client = new ResumingClient({ http: running.http, ws: running.ws, way: () => 'call' });
  await client.wait(is('session.created'));
  client.send({
    type: 'session.update',
    session: {
      type: 'realtime',
      tools: [{ type: 'function', name: 'look', parameters: { type: 'object', properties: {} } }],
      audio: {
        input: {
          turn_detection: { ...serverVadDefaults, silence_duration_ms: 800, create_response: false },
          transcription: { model: 'whisper-1' },
        },
      },
    },
  });
  await client.wait(is('session.updated'));
  const stop = cutter?.(client);
  const bargeIns: BargeIn[] = [];
  for (const kind of script) await turn(client, kind, bargeIns);
  stop?.();
  await quiet(client);
  const events = [...client.events];
  const items = await history(client);
  await client.leave();
  return { client, events, items, bargeIns };
}

type Talk = Awaited<ReturnType<typeof talk>>;

/** How much was heard of an answer that was interrupted is its own matter: expectHeard. */
function itemsHeardOut({ events, items, bargeIns }: Talk): string[] {
  const ids = events.filter(is('conversation.item.added')).map(({ item }) => (item as { id: string }).id);
  return items.map((text, at) => (bargeIns.some(({ item }) => item === ids[at]) ? 'interrupted' : text));
}

/** Of an interrupted answer the history has the words whose sound came over the line whole, and no other. */
function expectHeard(about: string, { client, bargeIns }: Talk): void {
  for (const { item, lineMs, toldMs, returns } of bargeIns) {
    const whole = client.events.find((event) => event.type === 'response.output_audio_transcript.done' && event['item_id'] === item);
    const kept = client.events.find(
      (event) => event.type === 'conversation.item.retrieved' && (event['item'] as { id: string }).id === item,
    );
    const [part] = (kept?.['item'] as { content: { transcript: string }[] } | undefined)?.content ?? [];
    const heard = String(whole?.['transcript'])
      .split(' ')
      .slice(0, Math.floor(toldMs / wordMs));
    expect({ about, kept: part?.transcript }).toEqual({ about, kept: heard.join(' ') });
    const isRight = toldMs <= lineMs + aboveMs && toldMs >= lineMs - belowMs - returns * againMs;
    expect({ about, toldMs, lineMs, returns, isRight }).toEqual({ about, toldMs, lineMs, returns, isRight: true });
  }
}

/** Without what depends on where exactly somebody was heard or not heard any more. */
function withoutTimes(events: readonly WireEvent[]): WireEvent[] {
  const loose = new Set(['audio_start_ms', 'audio_end_ms', 'start', 'end', 'usage']);
  return events.map((event) => JSON.parse(JSON.stringify(event, (key, value: unknown) => (loose.has(key) ? null : value))) as WireEvent);
}

/** What our own speaker plays is told when it is played, whatever else is told meanwhile. */
const ofSpeaker = ({ type }: WireEvent) => type.startsWith('output_audio_buffer.');

test('S63 E29: cut at random moments, a call is told the same as one that is never cut, and its history has the words that were heard', async () => {
  const chance = chanceFrom(seed);
  const count = { left: cuts };
  const greetedMs: number[] = [];
  const cutter = cutterOf(chance, count, 1500, (client) => client.reconnect());
  let interruptions = 0;
  while (count.left > 0) {
    // An interruption is what there is most to go wrong with.
    const script: Kind[] = [kinds[Math.floor(chance() * kinds.length)] as Kind, 'interrupted'];
    const about = `seed ${seed}: ${script.join()}`;
    const [one, twin] = await Promise.all([talk(script, cutter), talk(script)]);
    expect({ about, refusals: one.client.refusals }).toEqual({ about, refusals: [] });
    const ids = one.client.events.map(({ event_id }) => event_id);
    const book = books.of(one.client.sessionId).flatMap(({ id, kind }) => (kind === 'event' ? id : []));
    // What is said after the last event that was asked for is said to nobody: the client has left.
    expect({ about, ids }).toEqual({ about, ids: book.slice(0, ids.length) });
    expect(one.client.events.at(-1)?.type).toBe('conversation.item.retrieved');
    const [said, asTwin] = [withoutTimes(one.events), withoutTimes(twin.events)];
    expect({ about, told: told(said.filter((event) => !ofSpeaker(event))) }).toEqual({
      about,
      told: told(asTwin.filter((event) => !ofSpeaker(event))),
    });
    expect({ about, speaker: told(said.filter(ofSpeaker)) }).toEqual({ about, speaker: told(asTwin.filter(ofSpeaker)) });
    expect({ about, items: itemsHeardOut(one) }).toEqual({ about, items: itemsHeardOut(twin) });
    for (const each of [one, twin]) expectHeard(about, each);
    interruptions += one.bargeIns.length;
    greetedMs.push(...one.client.greetedMs);
  }
  const slowestMs = Math.round(Math.max(...greetedMs));
  console.log(`${cuts} cuts of calls, ${interruptions} interruptions, greeted within ${slowestMs} ms, seed ${seed}`);
  expect(slowestMs).toBeLessThan(300);
});
