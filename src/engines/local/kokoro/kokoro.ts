// Kokoro, the larger embedded neural synthesiser: 28 English voices, for machines that are fast enough. How fast this one is, is measured first.
import { availableParallelism } from 'node:os';
import {
  type EngineEnvironment,
  EngineError,
  type EngineFactory,
  type EngineHealth,
  type EngineInfo,
  type Speech,
  type Tts,
  type TtsOptions,
  type Voice,
} from '../../engine.ts';
import { ClauseVoice, readPronunciations } from '../clause-voice.ts';
import { HIBARI_MODEL } from '../hibari/hibari.ts';
import type { KokoroManner, KokoroWorkerData } from './kokoro-job.ts';
import { measureSpeed } from './speed.ts';
import { findKokoroVoice, kokoroVoices } from './voices.ts';

/** The model that it needs; the word lists are those of hibari's. */
export const KOKORO_MODEL = 'kokoro-v1.0';
/** A clause of half a minute, on a machine that does twice as much besides. */
const ANSWER_MS = 60_000;
/** More do not help one net. */
const MOST_THREADS = 4;
/** Seconds that may pass for one second of speech: above, a sentence would now and then not be ready when the one before it ends. */
const MOST_FACTOR = 0.8;
/** The first finds the net cold, and others may find the machine busy: the best counts. */
const MEASUREMENTS = 3;

const ownScript = new URL('./kokoro-worker.ts', import.meta.url);
const firstVoice = kokoroVoices[0]?.id ?? '';

const info: EngineInfo = {
  id: 'kokoro',
  kind: 'tts',
  name: 'Kokoro 82M (embedded)',
  licence: 'Apache-2.0 AND MIT',
  languages: ['en'],
};

/**
 * `kokoro` of the catalogue. Settings: PARLEY_TTS_WORKERS, nets that work at a time, 1 to 16; one for each four cores unless told.
 * PARLEY_PRONUNCIATIONS, the file of an operator's list.
 */
export const kokoro: EngineFactory<Tts> = {
  id: info.id,
  standIn: 'hibari',
  create: (environment) => new Kokoro(environment),
};

export class Kokoro implements Tts {
  readonly info = info;
  readonly takes = 'clauses';
  readonly #environment: EngineEnvironment;
  readonly #script: URL;
  readonly #measure: typeof measureSpeed;
  #voice: ClauseVoice<KokoroManner>;
  #refusals = 0;
  #closed = false;

  /** `script` is what the worker threads run, `measure` how their speed is found. */
  constructor(environment: EngineEnvironment, { script = ownScript, measure = measureSpeed } = {}) {
    this.#environment = environment;
    this.#script = script;
    this.#measure = measure;
    this.#voice = openVoice(environment, script);
  }

  voices(): readonly Voice[] {
    return kokoroVoices;
  }

  /** Rejects where it would not keep up with what is heard. That is worth another try once: a server that starts has more to do than later. */
  async warmUp(signal: AbortSignal): Promise<void> {
    await this.#voice.warmUp(signal);
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < MEASUREMENTS && least > MOST_FACTOR; i++) {
      least = Math.min(least, await this.#measure(this.#voice, firstVoice, this.#environment.clock, signal));
      if (signal.aborted) return;
    }
    const factor = least.toFixed(2);
    if (least <= MOST_FACTOR) {
      this.#environment.log.info({ engine: info.id, factor }, 'seconds that a second of speech takes');
      return;
    }
    // Its net would hold hundreds of megabytes for nothing.
    await this.#voice.close();
    if (!this.#closed) this.#voice = openVoice(this.#environment, this.#script);
    this.#refusals++;
    const message = `Kokoro takes ${factor} s on this machine for each second of speech, and ${MOST_FACTOR} s is the most with which sound does not break off. PARLEY_TTS=hibari chooses a voice that is quick enough`;
    throw new EngineError(info.id, 'unavailable', `${message}.`, { retryable: this.#refusals === 1 });
  }

  health(): EngineHealth {
    return this.#voice.health();
  }

  speak(texts: AsyncIterable<string>, options: TtsOptions, signal: AbortSignal): AsyncIterable<Speech> {
    return this.#voice.speak(texts, options, signal);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#voice.close();
  }
}

function openVoice(environment: EngineEnvironment, script: URL): ClauseVoice<KokoroManner> {
  const { models, settings } = environment;
  const cores = availableParallelism();
  const usualWorkers = Math.max(1, Math.floor(cores / MOST_THREADS));
  const workers = Number(settings['PARLEY_TTS_WORKERS']) || usualWorkers;
  const threads = Math.min(MOST_THREADS, Math.max(1, Math.floor(cores / workers)));
  return new ClauseVoice<KokoroManner>(environment, {
    info,
    voices: kokoroVoices,
    mannerOf: findKokoroVoice,
    model: KOKORO_MODEL,
    script,
    usualWorkers,
    answerMs: ANSWER_MS,
    async prepare(signal) {
      const pronunciations = await readPronunciations(info.id, settings);
      const words = await models.folder(HIBARI_MODEL, signal);
      return (folder): KokoroWorkerData => ({ folder, words, threads, ...pronunciations });
    },
  });
}
