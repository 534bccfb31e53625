// Speech recognition that comes with the server: Moonshine base for English, in worker threads that share one queue.
// Numbers stay as the model writes them (see transcribe.ts); other languages than English are another engine's.
import { availableParallelism } from 'node:os';
import type { EngineEnvironment, EngineFactory, Stt } from '../../engine.ts';
import { type RecogniserProfile, SegmentedStt } from '../segmented/segmented-stt.ts';

const profile: RecogniserProfile = {
  info: { id: 'moonshine', kind: 'stt', name: 'Moonshine base (embedded)', licence: 'MIT', languages: ['en', 'en-US'] },
  can: { partials: true, wordTimes: true, keyTerms: true, logprobs: true },
  model: 'moonshine-base-en',
  script: new URL('./moonshine-worker.ts', import.meta.url),
  answerMs: 20_000,
  // A decode costs more than in proportion to its length.
  limits: { longestMs: 12_000, shortestMs: 5000, partialEveryMs: 1000 },
  workers: Math.max(1, availableParallelism()),
};

/** `script` is what a worker thread runs. */
export function openMoonshine(environment: EngineEnvironment, script = profile.script): SegmentedStt {
  return new SegmentedStt(environment, { ...profile, script });
}

export const moonshine: EngineFactory<Stt> = {
  id: profile.info.id,
  standIn: 'pocketsphinx',
  otherLanguages: 'whisper',
  create: (environment) => openMoonshine(environment),
};
