// (e) the engines that come with the server, end to end: those of a server without models and the default ones, one after the other.
import { existsSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { type AnswersResult, measureAnswers } from './answers.ts';
import { type CrowdResult, type FloodResult, measureCrowd, measureFlood } from './crowd.ts';
import { type EarsResult, measureEars } from './ears.ts';
import { openReaders } from './readers.ts';
import { ServerProcess } from './server.ts';
import { people } from './speech.ts';
import { measureStarts, type StartResult } from './starts.ts';
import { measureVoice, type VoiceResult } from './voice.ts';

export const aspects = ['answers', 'ears', 'crowd', 'voice', 'starts'] as const;
export type Aspect = (typeof aspects)[number];

export interface EmbeddedOptions {
  readonly quick: boolean;
  /** Recordings of people. */
  readonly speech: string;
  /** Noises. */
  readonly sounds: string;
  /** Sentences for the voice: the first column of a table. */
  readonly sentences: string;
  /** Where WAV files of the voice go. */
  readonly keep?: string | undefined;
  /** What of it is measured. */
  readonly aspects: ReadonlySet<Aspect>;
}

export interface EmbeddedResult {
  /** What hears, speaks and judges. */
  readonly engines: readonly string[];
  /** Of the machine in the minutes before each aspect was done: far above what the aspect itself takes, others were at work. */
  readonly load: readonly number[];
  readonly answers?: AnswersResult;
  readonly ears?: EarsResult;
  readonly crowd?: CrowdResult;
  readonly flood?: FloodResult;
  readonly voice?: VoiceResult;
  readonly starts?: StartResult;
}

const root = resolve(import.meta.dirname, '..');
const mostSentences = 50;
/** People's recordings that one turn may hold; longer ones are for words only. */
const longestTurnSeconds = 15;
const ownSentences = ['Your appointment is on Tuesday at three.', 'Would you like me to read the next message?', 'I did not catch that.'];

export async function measureEmbedded(options: EmbeddedOptions, say: (line: string) => void): Promise<EmbeddedResult[]> {
  const results: EmbeddedResult[] = [];
  for (const settings of [{ PARLEY_MODELS: 'off' }, {}]) results.push(await measureGeneration(settings, options, say));
  return results;
}

async function measureGeneration(
  settings: Readonly<Record<string, string>>,
  { quick, speech, sounds, sentences, keep, aspects }: EmbeddedOptions,
  say: (line: string) => void,
): Promise<EmbeddedResult> {
  const spoken = people(resolve(root, speech));
  const turns = spoken.filter(({ pcm }) => pcm.samples.length / pcm.rateHz <= longestTurnSeconds);
  const wants = (aspect: Aspect) => aspects.has(aspect);
  let result: EmbeddedResult = { engines: [], load: [] };
  const note = (more: Partial<EmbeddedResult>) => {
    result = { ...result, ...more, load: [...result.load, loadavg()[0] ?? Number.NaN] };
  };
  const server = await ServerProcess.start({ engines: 'embedded', settings });
  try {
    const engines = await enginesOf(server);
    result = { ...result, engines };
    const tell = (what: string) => say(`${engines[0]}: ${what}`);
    if (wants('answers')) {
      tell('answers');
      note({ answers: await measureAnswers(server, quick ? 3 : 10) });
    }
    if (wants('ears') && spoken.length > 0) {
      tell('words');
      note({ ears: await measureEars(server, quick ? turns.slice(0, 3) : spoken, resolve(root, sounds), quick) });
    }
    if (wants('voice')) {
      tell('voice');
      const readers = await openReaders(resolve(root, process.env['PARLEY_DATA_DIR'] ?? '.parley'));
      const texts = sentencesOf(resolve(root, sentences)).slice(0, quick ? 5 : mostSentences);
      try {
        const folder = keep === undefined ? undefined : resolve(root, keep, engines[1] ?? '');
        note({ voice: await measureVoice(server, texts, readers, { quick, folder }) });
      } finally {
        for (const reader of readers) await reader.close();
      }
    }
  } finally {
    await server.stop();
  }
  if (wants('crowd') && turns.length > 0 && !quick) {
    const pinned = await ServerProcess.start({ engines: 'embedded', core: 0, settings });
    try {
      say(`${result.engines[0]}: many speakers on one core`);
      note({ crowd: await measureCrowd(pinned, turns, 20) });
      say(`${result.engines[0]}: a client who floods`);
      note({ flood: await measureFlood(pinned, turns, 45) });
    } finally {
      await pinned.stop();
    }
  }
  if (wants('starts') && !quick) {
    say(`${result.engines[0]}: starts`);
    note({ starts: await measureStarts(settings) });
  }
  return result;
}

/** Which engines hear, speak and judge. */
async function enginesOf(server: ServerProcess): Promise<string[]> {
  const answer = await fetch(`http://127.0.0.1:${server.port}/health`);
  const { engines } = (await answer.json()) as { engines: { kind: string; name: string }[] };
  return ['stt', 'tts', 'turn'].map((kind) => engines.find((engine) => engine.kind === kind)?.name ?? '-');
}

function sentencesOf(file: string): readonly string[] {
  if (!existsSync(file)) return ownSentences;
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((line) => line.split('\t')[0]?.trim() || []);
}
