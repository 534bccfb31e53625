// How many words of people are heard wrong who call by SIP: their recordings are said at real time into calls of G.711, through the whole
// server with its embedded engines. `node bench/telephone-words.ts`; ends with 1 when more than 8 % are wrong. With `--network` they are said for ten
// minutes over networks that are bad, and over a good one at the same time; ends with 1 when a bad one costs more than 3 % of the words.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { sleep, systemClock } from '../src/lib/clock.ts';
import { concat } from '../src/media/pcm.ts';
import { resample } from '../src/media/resample.ts';
import { createG711Encoder } from '../src/transports/rtp/g711-voice.ts';
import { Chance } from '../test/session/chance.ts';
import { FRAME_MS } from './frames.ts';
import { type Heard, Hearing, SILENCE_MS } from './hearing.ts';
import { ServerProcess } from './server.ts';
import { FRAME_SAMPLES, people, type Recording, RATE_HZ } from './speech.ts';
import { percentile } from './statistics.ts';
import { table } from './table.ts';
import type { LineEvents } from './telephone-line.ts';
import { freeUdpPort } from './telephone-server.ts';
import { addressOf, openSipLines, type SipLine } from './telephone-sip-lines.ts';
import { leastWordErrors, numbersSpoken, type WordErrors } from './word-errors.ts';

/** What a caller's packets go through. */
interface Network {
  readonly name: string;
  /** A share of 1. */
  readonly loss: number;
  /** Packets come late by up to so much, and overtake each other. */
  readonly jitterMs: number;
  /** How much too fast the caller's clock goes, in millionths. */
  readonly clockPpm: number;
  /** In the middle of the call the NAT gives it another port. */
  readonly moves: boolean;
}

const good: Network = { name: 'a good network', loss: 0, jitterMs: 0, clockPpm: 0, moves: false };
const bad = { loss: 0.05, jitterMs: 40 };
const networks: readonly Network[] = [
  good,
  { ...bad, name: '5 % loss, 40 ms jitter, clock 200 ppm fast', clockPpm: 200, moves: false },
  { ...bad, name: '5 % loss, 40 ms jitter, clock 200 ppm slow, another port in mid-call', clockPpm: -200, moves: true },
];

const mostErrorShare = 0.08;
const mostCostShare = 0.03;
const leadMs = 500;
/** After the speech, for the turn to end and its words to come. */
const tailMs = 2400;
const deaf: LineEvents = { onSound() {}, onClear() {}, onFault: (what) => console.error(what) };

const { values } = parseArgs({ options: { network: { type: 'boolean', default: false }, minutes: { type: 'string', default: '10' } } });
const folder = resolve(import.meta.dirname, '..', '..', 'shared', 'speech');
const recordings = people(folder);
if (recordings.length === 0) throw new Error(`There are no recordings in ${folder}.`);

const sipPort = await freeUdpPort();
const own = mkdtempSync(join(tmpdir(), 'parley-telephone-words-'));
const input = {
  transcription: { model: 'bench', language: 'en' },
  turn_detection: { type: 'server_vad', silence_duration_ms: SILENCE_MS, create_response: false, interrupt_response: false },
};
const telephony = {
  routes: [{ name: 'listen', numbers: ['*'], session: { type: 'realtime', audio: { input } } }],
  sip: { listen: [`udp:127.0.0.1:${sipPort}`], trunks: [{ name: 'callers', addresses: ['127.0.0.1'] }] },
};
writeFileSync(join(own, 'telephony.json'), JSON.stringify(telephony));
const server = await ServerProcess.start({ engines: 'embedded', settings: { PARLEY_TELEPHONY: join(own, 'telephony.json') } });
const lines = await openSipLines('pcmu', `127.0.0.1:${sipPort}`, []);

async function callFrom(from: string): Promise<string> {
  const headers = { authorization: `Bearer ${server.key}` };
  const answer = await fetch(`http://127.0.0.1:${server.port}/v1/realtime/calls`, { headers });
  const { data } = (await answer.json()) as { data: { id: string; from: string }[] };
  const found = data.find((call) => call.from === from);
  if (!found) throw new Error(`The server has no call from ${from}.`);
  return found.id;
}

/** Frames as they go over the line, and how many of them there are when each recording has been said. */
function script(said: readonly Recording[]): { frames: Buffer[]; ends: number[] } {
  const quiet = (ms: number) => new Int16Array((RATE_HZ * ms) / 1000);
  const pieces: Int16Array[] = [quiet(leadMs)];
  const ends: number[] = [];
  for (const { pcm } of said) {
    pieces.push(resample(pcm, RATE_HZ).samples);
    ends.push(Math.ceil(pieces.reduce((sum, { length }) => sum + length, 0) / FRAME_SAMPLES));
    pieces.push(quiet(tailMs));
  }
  const sound = concat(pieces);
  const encoder = createG711Encoder('mu');
  const frames = Array.from({ length: Math.floor(sound.length / FRAME_SAMPLES) }, (_, index) =>
    Buffer.from(encoder.encode(sound.subarray(index * FRAME_SAMPLES, (index + 1) * FRAME_SAMPLES))),
  );
  return { frames, ends };
}

async function speak(
  line: SipLine,
  frames: readonly Buffer[],
  { loss, jitterMs, clockPpm, moves }: Network,
  chance: Chance,
): Promise<void> {
  const startMs = systemClock.now();
  for (const [index, frame] of frames.entries()) {
    await sleep(systemClock, startMs + frameEndMs(index, clockPpm) - systemClock.now());
    if (moves && index === Math.floor(frames.length / 2)) await line.move();
    const send = line.write(frame);
    if (chance.often(loss)) continue;
    if (jitterMs === 0) send();
    else systemClock.after(chance.next() * jitterMs, send);
  }
  await sleep(systemClock, jitterMs);
}

function frameEndMs(index: number, clockPpm: number): number {
  return ((index + 1) * FRAME_MS) / (1 + clockPpm / 1e6);
}

interface Call extends WordErrors {
  readonly name: string;
  readonly heard: Heard;
  /** By how much later the last words of a recording were taken for said the last time it was said than the first time; half of the recordings. */
  readonly laterMs: number;
}

/** One call in which all of it is said, `rounds` times. */
async function call(name: string, said: readonly Recording[], rounds: number, network: Network): Promise<Call> {
  const user = `caller-${name.replaceAll(/\W+/g, '-')}`;
  const line = await lines.call(user, deaf);
  const hearing = await Hearing.beside(server, await callFrom(addressOf(user)));
  const all = Array.from({ length: rounds }, () => said).flat();
  const { frames, ends } = script(all);
  const startMs = systemClock.now();
  await speak(line, frames, network, new Chance(rounds));
  const heard = await hearing.finish();
  line.hangUp();
  const lateMs = ends.map((end) => {
    const endMs = startMs + frameEndMs(end, network.clockPpm);
    return (heard.committedMs.find((atMs) => atMs > endMs) ?? Number.NaN) - endMs;
  });
  const text = all.map(({ words }) => words).join(' ');
  return {
    ...leastWordErrors([text], [heard.text, numbersSpoken(heard.text)]),
    name,
    heard,
    laterMs: percentile(
      said.map((_, index) => (lateMs.at(index - said.length) ?? 0) - (lateMs[index] ?? 0)),
      0.5,
    ),
  };
}

const percent = ({ errors, words }: WordErrors) => `${((errors / words) * 100).toFixed(1)} %`;

/** Each recording in a call of its own. */
async function measureWords(): Promise<boolean> {
  const calls = await Promise.all(recordings.map((recording) => call(recording.name, [recording], 1, good)));
  const sum = calls.reduce((all, { words, errors }) => ({ words: all.words + words, errors: all.errors + errors }), {
    words: 0,
    errors: 0,
  });
  const delaysMs = calls.flatMap(({ heard }) => heard.delaysMs);
  const rows = calls.map(({ name, words, errors, heard }) => [name, String(words), String(errors), heard.text]);
  console.log(table(['recording', 'words', 'wrong', 'heard'], rows));
  const failures = calls.reduce((all, { heard }) => all + heard.failures, 0);
  console.log(`\n${percent(sum)} of ${sum.words} words wrong; ${failures} failures`);
  console.log(`end of turn to words: p50 ${percentile(delaysMs, 0.5).toFixed(0)} ms, p95 ${percentile(delaysMs, 0.95).toFixed(0)} ms`);
  return sum.errors <= sum.words * mostErrorShare;
}

/** All recordings over and over, in one call over each network. */
async function measureNetworks(minutes: number): Promise<boolean> {
  const onceMs = script(recordings).frames.length * FRAME_MS;
  const rounds = Math.max(1, Math.round((minutes * 60_000) / onceMs));
  const calls = await Promise.all(networks.map((network) => call(network.name, recordings, rounds, network)));
  const share = ({ errors, words }: WordErrors) => errors / words;
  const costs = calls.map((each) => share(each) - share(calls[0] as Call));
  const rows = calls.map((each, index) => [
    each.name,
    String(each.words),
    percent(each),
    `${((costs[index] ?? 0) * 100).toFixed(1)} %`,
    String(each.heard.failures),
    `${each.laterMs.toFixed(0)} ms`,
  ]);
  console.log(`${((rounds * onceMs) / 60_000).toFixed(1)} minutes, all recordings ${rounds} times in each call\n`);
  console.log(
    table(['network', 'words', 'wrong', 'more than over the good one', 'failures', 'later at the end than at the beginning'], rows),
  );
  return costs.every((cost) => cost <= mostCostShare);
}

try {
  const keeps = values.network ? await measureNetworks(Number(values.minutes)) : await measureWords();
  if (!keeps) process.exitCode = 1;
} finally {
  await lines.close();
  await server.stop();
  rmSync(own, { recursive: true, force: true });
}
