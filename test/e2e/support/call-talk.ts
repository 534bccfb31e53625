// A talk over calls, some of whose turns are spoken: what its user does, turn by turn.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readWav } from '../../../src/media/wav.ts';
import { serverVadDefaults } from '../../../src/protocol/session-config.ts';
import { until } from '../../transports/webrtc/caller.ts';
import type { WireEvent } from './events.ts';
import { giveOutputs, history, isDone, type Kind, user } from './resume-talk.ts';
import { ResumingClient } from './resuming-client.ts';
import type { RunningServer } from './server.ts';

const samplesPerMs = 24;
/** What lies in it between two silences. */
const words = readWav(readFileSync(resolve(import.meta.dirname, '../../../samples/question.wav'))).samples.subarray(
  400 * samplesPerMs,
  1200 * samplesPerMs,
);
/** Who has heard nothing for so long takes what was said for over. */
const quietMs = 300;
/** So much of an answer is heard before the user speaks into it. */
const beforeBargeInMs = 500;
export const is =
  (...types: string[]) =>
  ({ type }: WireEvent) =>
    types.includes(type);

/** The user speaks until the server has noticed. What is asked for before the words have come is told among them. */
async function speak(client: ResumingClient, from: number): Promise<void> {
  await client.speakUntil(words, is('input_audio_buffer.speech_started'));
  await client.wait(is('conversation.item.input_audio_transcription.completed'), from);
}

/** All that was made has been heard. What was on its way when a call broke is said again, though it was told to have been played. */
async function quiet(client: ResumingClient): Promise<void> {
  const starts = client.events.filter(is('output_audio_buffer.started'));
  const ends = client.events.filter(is('output_audio_buffer.stopped', 'output_audio_buffer.cleared'));
  if (ends.length < starts.length)
    await client.wait(is('output_audio_buffer.stopped', 'output_audio_buffer.cleared'), client.events.length);
  await until('nothing is heard any more', () => client.quietMs >= quietMs, 20_000);
}

/** How an answer was interrupted: what of it had come over the line by then, and how much of it the server takes to have been heard. */
export interface BargeIn {
  readonly item: unknown;
  readonly lineMs: number;
  readonly toldMs: number;
  readonly returns: number;
}

/** Undefined when it came too late: a machine that is busy had let the answer come to its end before. */
async function interrupt(client: ResumingClient, from: number): Promise<BargeIn | undefined> {
  const [beforeMs, returnsBefore] = [client.sound.lineMs, client.greetedMs.length];
  client.send(user('hello'));
  client.send({ type: 'response.create' });
  // By then all of it is made, in every talk: what an interruption tells depends on that.
  await client.wait(isDone, from);
  await until('some of it is heard', () => client.sound.lineMs - beforeMs >= beforeBargeInMs);
  await speak(client, client.events.length);
  const [over, noticed] = ['output_audio_buffer.stopped', 'input_audio_buffer.speech_started'].map((type) =>
    client.events.findIndex((event, index) => index >= from && event.type === type),
  ) as [number, number];
  if (over >= 0 && over < noticed) return undefined;
  const { item_id: item, audio_end_ms: toldMs } = await client.wait(is('conversation.item.truncated'), from);
  return { item, lineMs: client.sound.lineMs - beforeMs, toldMs: Number(toldMs), returns: client.greetedMs.length - returnsBefore };
}

async function turn(client: ResumingClient, kind: Kind, bargeIns: (BargeIn | undefined)[]): Promise<void> {
  client.turn = kind;
  await quiet(client);
  let from = client.events.length;
  if (kind === 'interrupted') bargeIns.push(await interrupt(client, from));
  else if (kind === 'spoken') await speak(client, from);
  else client.send(user(kind === 'tool' ? 'use the tool' : 'hello'));
  from = client.events.length;
  client.send({ type: 'response.create' });
  await giveOutputs(client, await client.wait(isDone, from));
}

export async function talk(running: RunningServer, script: readonly Kind[], cutter?: (client: ResumingClient) => () => void) {
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
  const bargeIns: (BargeIn | undefined)[] = [];
  for (const kind of script) await turn(client, kind, bargeIns);
  stop?.();
  await quiet(client);
  const events = [...client.events];
  const items = await history(client);
  await client.leave();
  return { client, script, events, items, bargeIns: bargeIns.filter((each) => each !== undefined), isLate: bargeIns.includes(undefined) };
}

export type Talk = Awaited<ReturnType<typeof talk>>;

/** From here on a caller of whom nothing comes is heard as silent. */
const heardAsSilentMs = 300;

/**
 * Whether something else was said than the script has. One utterance was heard as two because its speaker stood still in the middle of it: no other
 * words were said, and a machine that is busy makes as long a pause as any user. Or an answer was over before it could be interrupted.
 */
export function hasStuttered({ client, events, script, isLate }: Talk): boolean {
  if (isLate) return true;
  const utterances = script.filter((kind) => kind === 'spoken' || kind === 'interrupted').length;
  return events.filter(is('input_audio_buffer.speech_started')).length > utterances && client.sound.stillMs >= heardAsSilentMs;
}
