// Has the speaker finished? Judged by the words alone: a phrase that ends in `the`, `and` or `I would` goes on. Microseconds, no weights.
import type { Engine, EngineEnvironment, EngineFactory, TurnDetector, TurnJudgement, Unfinished } from '../engine.ts';
import { unfinishedBy } from './flags.ts';

/** How likely a turn is over whose words have that flag, or none. */
const COMPLETE: Readonly<Record<Unfinished, number>> = { function_word: 0.1, filler: 0.2, digits: 0.4, open_clause: 0.4 };
const UNFLAGGED = 0.85;
const ASKED = 0.9;
/** Nothing is known yet. */
const UNKNOWN = 0.5;

/** By the words alone, with or without punctuation, in any casing. `language`: ISO 639-1, if it is known; only English words tell anything. */
export function judgeWords(transcript: string, language = 'en'): TurnJudgement {
  const by = { basis: 'words', inferenceMs: 0 } as const;
  if (!/[\p{L}\p{N}]/u.test(transcript)) return { complete: UNKNOWN, ...by };
  const unfinished = language.startsWith('en') ? unfinishedBy(transcript) : undefined;
  if (unfinished) return { complete: COMPLETE[unfinished], unfinished, ...by };
  return { complete: transcript.trim().endsWith('?') ? ASKED : UNFLAGGED, ...by };
}

const info: Engine['info'] = {
  id: 'lexical',
  kind: 'turn',
  name: 'Unfinished-phrase rule (embedded)',
  licence: 'Apache-2.0',
  languages: ['en'],
};

export const lexical: EngineFactory<TurnDetector> = {
  id: info.id,
  create: (_environment: EngineEnvironment) => ({
    info,
    warmUp: async () => {},
    close: async () => {},
    score: async ({ transcript, language }) => judgeWords(await transcript, language),
  }),
};
