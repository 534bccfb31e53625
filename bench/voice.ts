// (e) the voice, through the server: how soon and how cheaply it speaks, how loud, how clean, and how well it is understood.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../src/lib/clock.ts';
import { loudness } from '../src/media/loudness.ts';
import { concat, fromBytes } from '../src/media/pcm.ts';
import { resample } from '../src/media/resample.ts';
import { writeWav } from '../src/media/wav.ts';
import { textFrame } from './frames.ts';
import { medianPitchHz } from './pitch.ts';
import { familyCpuSeconds } from './processes.ts';
import type { Reader } from './readers.ts';
import type { ServerProcess } from './server.ts';
import { RATE_HZ } from './speech.ts';
import { percentile, type Spread, spread } from './statistics.ts';
import { Wire } from './wire.ts';
import { leastWordErrors } from './word-errors.ts';

export interface Understood {
  readonly reader: string;
  readonly words: number;
  readonly errors: number;
}

interface Read {
  readonly understood: readonly Understood[];
  readonly heard: readonly { said: string; reader: string; text: string }[];
}

export interface VoiceResult extends Read {
  readonly sentences: number;
  readonly failed: number;
  /** From `response.create`, with which all of the text is there, to the first sound. */
  readonly firstSoundMs: Spread;
  readonly cpuPerSecond: number;
  readonly lufs: { readonly mean: number; readonly least: number; readonly most: number };
  readonly clippedSamples: number;
  /** At the start of an answer. */
  readonly longestSilenceMs: number;
  readonly characters: readonly (Read & { name: string; lufs: number; pitchHz: number })[];
}

/** One name for each character. */
const voices = ['Olivia', 'Dominus', 'Dennis', 'Alex', 'Liam', 'Elizabeth', 'Wendy', 'Julia', 'Priya'];
const mostOfCharacter = 20;
const patienceMs = 30_000;
/** Quieter is silence: -50 dB of full scale in 5 ms. */
const audible = 32_768 * 10 ** (-50 / 20);
const block = RATE_HZ / 200;
const clipped = 32_767;

interface Spoken {
  readonly text: string;
  readonly samples: Int16Array;
  readonly firstSoundMs: number;
}

export async function measureVoice(
  server: ServerProcess,
  sentences: readonly string[],
  readers: readonly Reader[],
  { quick, folder }: { quick: boolean; folder: string | undefined },
): Promise<VoiceResult> {
  const first = voices[0] as string;
  // The first answer of a session loads what the others have.
  await speakAll(server, first, ['Hello.']);
  const cpuBefore = familyCpuSeconds(server.pid);
  const spoken = await speakAll(server, first, sentences);
  const cpuSeconds = familyCpuSeconds(server.pid) - cpuBefore;
  const seconds = spoken.reduce((sum, { samples }) => sum + samples.length, 0) / RATE_HZ;
  const levels = spoken.map(({ samples }) => loudness({ samples, rateHz: RATE_HZ })).filter(Number.isFinite);
  const read = await readAll(readers, spoken);
  keep(folder, 'sentences', spoken);
  const characters: VoiceResult['characters'][number][] = [];
  for (const name of quick ? [] : voices) {
    const said = await speakAll(server, name, sentences.slice(0, mostOfCharacter));
    keep(folder, name, said);
    const pcm = { samples: concat(said.map(({ samples }) => samples)), rateHz: RATE_HZ };
    characters.push({ name, lufs: loudness(pcm), pitchHz: medianPitchHz(pcm), ...(await readAll(readers, said)) });
  }
  return {
    sentences: sentences.length,
    failed: sentences.length - spoken.length,
    firstSoundMs: spread(spoken.map(({ firstSoundMs }) => firstSoundMs)),
    cpuPerSecond: cpuSeconds / seconds,
    lufs: { mean: levels.reduce((sum, level) => sum + level, 0) / levels.length, least: Math.min(...levels), most: Math.max(...levels) },
    clippedSamples: spoken.reduce((sum, { samples }) => sum + samples.filter((sample) => Math.abs(sample) >= clipped).length, 0),
    longestSilenceMs: percentile(
      spoken.map(({ samples }) => leadingSilenceMs(samples)),
      1,
    ),
    ...read,
    characters,
  };
}

function keep(folder: string | undefined, name: string, spoken: readonly Spoken[]): void {
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  for (const [index, { samples }] of spoken.entries()) {
    writeFileSync(join(folder, `${name}-${String(index + 1).padStart(2, '0')}.wav`), writeWav({ samples, rateHz: RATE_HZ }));
  }
}

async function readAll(readers: readonly Reader[], spoken: readonly Spoken[]): Promise<Read> {
  const heard: Read['heard'][number][] = [];
  const understood: Understood[] = [];
  for (const reader of readers) {
    let [words, errors] = [0, 0];
    for (const { text, samples } of spoken) {
      const read = await reader.read(resample({ samples, rateHz: RATE_HZ }, 16_000).samples);
      const counted = leastWordErrors(reader.asSpoken(text), reader.asSpoken(read));
      words += counted.words;
      errors += counted.errors;
      heard.push({ said: text, reader: reader.name, text: read });
    }
    understood.push({ reader: reader.name, words, errors });
  }
  return { understood, heard };
}

/** One session says all of them, one after the other. */
async function speakAll(server: ServerProcess, voice: string, sentences: readonly string[]): Promise<Spoken[]> {
  const answer = new Answer();
  const wire = await Wire.open(server.port, server.key, (payload) => answer.take(payload));
  const session = { type: 'realtime', audio: { input: { turn_detection: null }, output: { voice } } };
  wire.send(textFrame(JSON.stringify({ type: 'session.update', session })));
  const spoken: Spoken[] = [];
  for (const sentence of sentences) {
    const content = [{ type: 'input_text', text: `Say exactly: ${sentence}` }];
    wire.send(textFrame(JSON.stringify({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } })));
    const askedMs = systemClock.now();
    const done = answer.begin();
    wire.send(textFrame('{"type":"response.create"}'));
    await done;
    const samples = concat(answer.pieces);
    if (answer.firstMs !== undefined && samples.length > 0)
      spoken.push({ text: answer.text, samples, firstSoundMs: answer.firstMs - askedMs });
  }
  wire.close();
  return spoken;
}

class Answer {
  pieces: Int16Array[] = [];
  firstMs: number | undefined;
  text = '';
  #done: (() => void) | undefined;

  begin(): Promise<void> {
    this.pieces = [];
    this.firstMs = undefined;
    this.text = '';
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = systemClock.after(patienceMs, resolve);
    this.#done = () => {
      timer.cancel();
      resolve();
    };
    return promise;
  }

  take(payload: Buffer): void {
    const nowMs = systemClock.now();
    const event = JSON.parse(payload.toString('utf8')) as { type: string; delta?: string; transcript?: string };
    if (event.type === 'response.output_audio.delta') {
      this.firstMs ??= nowMs;
      this.pieces.push(fromBytes(Buffer.from(event.delta ?? '', 'base64')));
    } else if (event.type === 'response.output_audio_transcript.done') this.text = event.transcript ?? '';
    else if (event.type === 'response.done') this.#done?.();
  }
}

export function leadingSilenceMs(samples: Int16Array): number {
  for (let at = 0; at + block <= samples.length; at += block) {
    let sum = 0;
    for (let i = at; i < at + block; i++) sum += (samples[i] ?? 0) ** 2;
    if (Math.sqrt(sum / block) > audible) return (at * 1000) / RATE_HZ;
  }
  return (samples.length * 1000) / RATE_HZ;
}
