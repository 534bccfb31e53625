// hibari, the embedded neural synthesiser: nine characters out of one small net, at a hundredth of the time that their sound lasts.
import { availableParallelism } from 'node:os';
import type { EngineEnvironment, EngineFactory, EngineInfo, Tts } from '../../engine.ts';
import { ClauseVoice, readPronunciations } from '../clause-voice.ts';
import { voiceAliases } from '../../text/voice-names.ts';
import type { HibariManner, HibariWorkerData } from './hibari-job.ts';
import { hibariVoices } from './voices.ts';

/** The model that it needs. */
export const HIBARI_MODEL = 'hibari-heart';
/** A clause takes a hundredth of its own length to its first sound. */
const ANSWER_MS = 10_000;

const info: EngineInfo = { id: 'hibari', kind: 'tts', name: 'hibari (embedded)', licence: 'Apache-2.0', languages: ['en'] };

/**
 * `hibari` of the catalogue. Settings: PARLEY_TTS_WORKERS, threads, 1 to 16; two, or one on a machine with one core, unless told.
 * PARLEY_PRONUNCIATIONS, the file of an operator's list.
 */
export const hibari: EngineFactory<Tts> = {
  id: info.id,
  standIn: 'flite',
  create: (environment) => openHibari(environment),
};

/** `script` is what a worker thread runs. */
export function openHibari(environment: EngineEnvironment, script = new URL('./hibari-worker.ts', import.meta.url)): Tts {
  const { settings } = environment;
  return new ClauseVoice<HibariManner>(environment, {
    info,
    voices: hibariVoices,
    mannerOf,
    model: HIBARI_MODEL,
    script,
    usualWorkers: Math.min(2, availableParallelism()),
    answerMs: ANSWER_MS,
    async prepare() {
      const pronunciations = await readPronunciations(info.id, settings);
      return (folder): HibariWorkerData => ({ folder, words: folder, ...pronunciations });
    },
  });
}

function mannerOf(asked: string): HibariManner | undefined {
  const name = voiceAliases.get(asked.toLowerCase()) ?? asked;
  const voice = hibariVoices.find(({ id }) => id.toLowerCase() === name.toLowerCase());
  return voice && { character: voice.character, pace: voice.pace };
}
