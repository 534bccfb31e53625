// (e) how many words are heard wrong through the whole server: of people, by telephone, in noise, and where nobody speaks at all.
import { concat } from '../src/media/pcm.ts';
import { resample } from '../src/media/resample.ts';
import { framesOf, type Heard, Hearing, type Line } from './hearing.ts';
import { babble, mixedAt, NOISE_RATE_HZ, pinkNoise, type Sound, speechless } from './noise.ts';
import type { ServerProcess } from './server.ts';
import type { Recording } from './speech.ts';
import { type Spread, spread } from './statistics.ts';
import { wordErrors } from './word-errors.ts';

export interface EarsResult {
  readonly sets: readonly SetResult[];
  /** End of turn to words, one speaker at a time, of the first set. */
  readonly delayMs: Spread;
  readonly speechless: { readonly clips: number; readonly withWords: readonly { name: string; text: string }[] } | undefined;
}

interface SetResult {
  readonly set: string;
  readonly words: number;
  readonly errors: number;
  readonly failures: number;
  readonly heard: readonly { name: string; text: string }[];
}

const snrDb = 10;
const leadSeconds = 0.5;
/** After the speech, with the noise and then without it: noise may sound like somebody who goes on. */
const tailSeconds = 1.2;
const silentSeconds = 1.2;
/** Sessions at once where only the words count. */
const atOnce = 3;

export async function measureEars(
  server: ServerProcess,
  people: readonly Recording[],
  folder: string,
  quick: boolean,
): Promise<EarsResult> {
  const spoken = people.map(({ name, pcm, words }) => ({ name, words, samples: padded(resample(pcm, NOISE_RATE_HZ).samples) }));
  const most = Math.max(...spoken.map(({ samples }) => samples.length), 1);
  const many = babble(folder);
  const noises: readonly { set: string; noise?: Int16Array; line: Line }[] = [
    { set: 'telephone (µ-law, 8 kHz)', line: 'telephone' },
    { set: `pink noise, ${snrDb} dB`, noise: pinkNoise(most), line: 'pcm' },
    ...(many ? [{ set: `babble, ${snrDb} dB`, noise: many, line: 'pcm' } as const] : []),
  ];
  const clean: { name: string; words: string; heard: Heard }[] = [];
  for (const { name, words, samples } of spoken) clean.push({ name, words, heard: await hear(server, samples, 'pcm') });
  const sets = [resultOf('people', clean)];
  for (const { set, noise, line } of quick ? noises.slice(0, 1) : noises) {
    const heard = await inParallel(spoken, async ({ name, words, samples }) => ({
      name,
      words,
      heard: await hear(server, noise ? mixedAt(snrDb, samples, noise) : samples, line),
    }));
    sets.push(resultOf(set, heard));
  }
  const clips = quick ? [] : speechless(folder);
  return {
    sets,
    delayMs: spread(clean.flatMap(({ heard }) => heard.delaysMs)),
    speechless: clips.length === 0 ? undefined : { clips: clips.length, withWords: await wordsIn(server, clips) },
  };
}

async function wordsIn(server: ServerProcess, clips: readonly Sound[]): Promise<{ name: string; text: string }[]> {
  const heard = await inParallel(clips, async ({ name, samples }) => ({
    name,
    text: (await hear(server, padded(samples), 'pcm')).text.trim(),
  }));
  return heard.filter(({ text }) => /[\p{L}\p{N}]/u.test(text));
}

async function hear(server: ServerProcess, samples: Int16Array, line: Line): Promise<Heard> {
  const hearing = await Hearing.open(server, { line });
  await hearing.send(framesOf(concat([samples, new Int16Array(silentSeconds * NOISE_RATE_HZ)]), line));
  return hearing.finish();
}

function padded(samples: Int16Array): Int16Array {
  return concat([new Int16Array(leadSeconds * NOISE_RATE_HZ), samples, new Int16Array(tailSeconds * NOISE_RATE_HZ)]);
}

function resultOf(set: string, pairs: readonly { name: string; words: string; heard: Heard }[]): SetResult {
  const counts = pairs.map(({ words, heard }) => wordErrors(words, heard.text));
  return {
    set,
    words: counts.reduce((sum, { words }) => sum + words, 0),
    errors: counts.reduce((sum, { errors }) => sum + errors, 0),
    failures: pairs.reduce((sum, { heard }) => sum + heard.failures, 0),
    heard: pairs.map(({ name, heard }) => ({ name, text: heard.text })),
  };
}

async function inParallel<From, To>(list: readonly From[], work: (each: From) => Promise<To>): Promise<To[]> {
  const results: To[] = [];
  const left = [...list.entries()];
  const worker = async () => {
    for (let next = left.shift(); next; next = left.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
