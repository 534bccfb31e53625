// Speech for the benchmark: our own synthesiser's, cut so that begin and end are exact, and recordings of people where there are some.
import { noModels } from '../src/engines/engine.ts';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { flite } from '../src/engines/local/flite/flite.ts';
import { systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import { concat, type Pcm } from '../src/media/pcm.ts';
import { resample } from '../src/media/resample.ts';
import { readWav } from '../src/media/wav.ts';

export const RATE_HZ = 24_000;
export const FRAME_SAMPLES = 480;

/** One piece of speech, sounding from its first sample to its last, without a pause that would end a turn. */
export interface Clip {
  readonly samples: Int16Array;
}

export interface Recording {
  readonly name: string;
  readonly pcm: Pcm;
  readonly words: string;
}

const root = resolve(import.meta.dirname, '..');
const folders = [join(root, 'samples'), join(root, '..', 'shared', 'speech')];
const block = RATE_HZ / 200; // 5 ms
/** Sound is what is louder than this share of the loudest 5 ms, -25 dB: breath and room are not. */
const audibleShare = 10 ** (-25 / 20);
const lines = [
  'Could you tell me what the weather is going to be like tomorrow?',
  'I would like to book a table for four people this evening.',
  'Please remind me to call my sister when I get back home.',
  'What time does the last train to the city leave tonight?',
];
const voices = ['Dennis', 'Olivia', 'Clive', 'Sarah'];

/** Recordings that ship with the project or lie beside it, with the words the table of their README gives them. */
export function recordings(from: readonly string[] = folders): Recording[] {
  return from.flatMap((folder) => {
    if (!existsSync(join(folder, 'README.md'))) return [];
    const words = new Map<string, string>();
    for (const [, name = '', text = ''] of readFileSync(join(folder, 'README.md'), 'utf8').matchAll(
      /^\|\s*`?([\w-]+\.wav)`?\s*\|([^|]+)\|/gm,
    )) {
      words.set(name, text.trim());
    }
    return readdirSync(folder).flatMap((name) => {
      const text = words.get(name);
      return text === undefined ? [] : [{ name, pcm: readWav(readFileSync(join(folder, name))), words: text }];
    });
  });
}

/** What is said in a recording whose README only gives the beginning: the opening of Dickens's novel of 1859, as far as the recording goes. */
const passages: Readonly<Record<string, string>> = {
  'two-cities.wav':
    'it was the best of times it was the worst of times it was the age of wisdom it was the age of foolishness it was the epoch of belief it was the epoch of incredulity it was the season of light it was the season of darkness it was the spring of hope it was the winter of despair we had everything before us we had nothing before us we were all going direct to heaven we were all going direct the other way in short the period was so far like the present period that some of its noisiest authorities insisted on its being received for good or for evil in the superlative degree of comparison only',
};

/** People's recordings in a folder, those of which all words are known. */
export function people(folder: string): Recording[] {
  return recordings([folder]).flatMap((recording) => {
    if (!recording.words.includes('…')) return [recording];
    const words = passages[recording.name];
    return words === undefined ? [] : [{ ...recording, words }];
  });
}

/**
 * Four clips of about 2.8 s, the synthesiser's: where its sound begins and ends can be said to 5 ms. People fade in and out, so that a
 * time measured from their speech is mostly a matter of opinion; theirs is for word error rates.
 */
export async function clips(): Promise<Clip[]> {
  const spoken = await speak(lines.map((text, index) => ({ text, voice: voices[index] ?? 'Dennis' })));
  return spoken.map((samples) => ({ samples: trim(samples) }));
}

/** Speech of the embedded synthesiser. */
export async function speak(asked: readonly { text: string; voice: string }[]): Promise<Int16Array[]> {
  const engine = flite.create({
    dataDir: tmpdir(),
    settings: { PARLEY_TTS_WORKERS: '1' },
    log: silentLog,
    clock: systemClock,
    models: noModels,
  });
  try {
    const spoken: Int16Array[] = [];
    for (const { text, voice } of asked) {
      const pieces: Int16Array[] = [];
      for await (const { pcm } of engine.speak(once(text), { model: '', voice, speed: 1 }, new AbortController().signal)) {
        pieces.push(resample(pcm, RATE_HZ).samples);
      }
      spoken.push(concat(pieces));
    }
    return spoken;
  } finally {
    await engine.close();
  }
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

/** The stretch from the first to the last audible sound. */
export function trim(samples: Int16Array): Int16Array {
  const levels = levelsOf(samples);
  const floor = Math.max(...levels) * audibleShare;
  const first = levels.findIndex((level) => level > floor);
  return samples.slice(first * block, (levels.findLastIndex((level) => level > floor) + 1) * block);
}

/** The level (root of the mean square) of each 5 ms. */
function levelsOf(samples: Int16Array): number[] {
  return Array.from({ length: Math.floor(samples.length / block) }, (_, index) => {
    let sum = 0;
    for (let at = index * block; at < (index + 1) * block; at++) sum += (samples[at] ?? 0) ** 2;
    return Math.sqrt(sum / block);
  });
}
