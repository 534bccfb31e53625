// Speech recognition in 99 languages: Whisper base, in worker threads that share one queue. It costs more than Moonshine and errs more
// often in English, so it is for everything else.
import { availableParallelism } from 'node:os';
import type { EngineFactory, Stt } from '../../engine.ts';
import { type RecogniserProfile, SegmentedStt } from '../segmented/segmented-stt.ts';
import { languages } from './languages.ts';

const profile: RecogniserProfile = {
  info: { id: 'whisper', kind: 'stt', name: 'Whisper base (embedded)', licence: 'MIT', languages },
  can: { partials: true, wordTimes: true, keyTerms: true, logprobs: true },
  model: 'whisper-base',
  script: new URL('./whisper-worker.ts', import.meta.url),
  answerMs: 60_000,
  limits: { longestMs: 25_000, shortestMs: 10_000, partialEveryMs: 2000 },
  // It has less to do than the recogniser of English, beside which it runs.
  workers: Math.max(1, Math.floor(availableParallelism() / 2)),
};

export const whisper: EngineFactory<Stt> = {
  id: profile.info.id,
  standIn: 'pocketsphinx',
  create: (environment) => new SegmentedStt(environment, profile),
};
