// Speech recognition that comes with the server: Moonshine base for English, in worker threads that share one queue.
// Numbers stay as the model writes them (see transcribe.ts); other languages than English are another engine's.
import { availableParallelism } from 'node:os';
import {
  type EngineEnvironment,
  EngineError,
  type EngineFactory,
  type EngineHealth,
  type EngineInfo,
  type Recognition,
} from '../../engine.ts';
import type { Stt, SttCapabilities, SttOptions, Transcript } from '../../engine.ts';
import { Crew } from '../crew.ts';
import { startCrew } from '../model-crew.ts';
import { CrewDecoder, type DecodeOptions, type SegmentDecoder } from './decoder.ts';
import type { MoonshineData } from './moonshine-worker.ts';
import { MoonshineUtterance } from './segments.ts';
import type { SegmentTask, SegmentText } from './transcribe.ts';

const MODEL = 'moonshine-base-en';
/** Loading takes two seconds; a machine under load may need many times that. */
const START_MS = 60_000;
/** A segment takes under a second of computing. */
const ANSWER_MS = 20_000;
const MOST_WAITING = 512;

const info: EngineInfo = { id: 'moonshine', kind: 'stt', name: 'Moonshine base (embedded)', licence: 'MIT', languages: ['en', 'en-US'] };

export class Moonshine implements Stt, SegmentDecoder {
  readonly info = info;
  readonly can: SttCapabilities = { partials: true, wordTimes: true, keyTerms: true, logprobs: true };
  readonly #environment: EngineEnvironment;
  readonly #script: URL;
  readonly #closing = new AbortController();
  readonly #utterances = new Set<MoonshineUtterance>();
  #opening: Promise<CrewDecoder> | undefined;
  #crew: Crew<SegmentTask, SegmentText | undefined> | undefined;
  #decoder: CrewDecoder | undefined;
  #problem: string | undefined;

  /** `script` is what a worker thread runs. */
  constructor(environment: EngineEnvironment, script = new URL('./moonshine-worker.ts', import.meta.url)) {
    this.#environment = environment;
    this.#script = script;
  }

  async warmUp(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    const abort = () => resolve();
    signal.addEventListener('abort', abort, { once: true });
    try {
      const ready = this.#ready().then(() => this.#crew?.start(signal));
      await Promise.race([ready, aborted]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  open({ prompt, vocabulary, key }: SttOptions, onPartial: (guess: Transcript) => void): Recognition {
    const utterance: MoonshineUtterance = new MoonshineUtterance(this, {
      hints: { vocabulary, ...(prompt === undefined ? {} : { prompt }) },
      key,
      onPartial: (guess) => {
        try {
          onPartial(guess);
        } catch (err) {
          this.#environment.log.error({ err }, 'a listener to guesses threw');
        }
      },
      onClose: () => this.#utterances.delete(utterance),
    });
    if (this.#closing.signal.aborted) utterance.end(shutDown());
    else this.#utterances.add(utterance);
    return utterance;
  }

  health(): EngineHealth {
    if (this.#closing.signal.aborted) return { state: 'closed' };
    if (this.#crew) return this.#crew.health;
    return this.#problem === undefined ? { state: 'starting' } : { state: 'failed', problem: this.#problem };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const utterance of this.#utterances) utterance.end(shutDown());
    this.#utterances.clear();
    await this.#opening?.catch(() => {});
    await this.#crew?.close();
  }

  // --- the decoder of its utterances

  get busy(): boolean {
    return this.#decoder?.busy ?? true;
  }

  async decode(task: SegmentTask, options: DecodeOptions): Promise<SegmentText | undefined> {
    const decoder = this.#decoder ?? (await this.#ready());
    return decoder.decode(task, options);
  }

  /** The crew, once the model is there. A model that could not be had is asked for again with the next utterance. */
  #ready(): Promise<CrewDecoder> {
    if (this.#closing.signal.aborted) return Promise.reject(shutDown());
    this.#opening ??= this.#openCrew().catch((error: unknown) => {
      this.#opening = undefined;
      this.#problem = error instanceof Error ? error.message : String(error);
      throw error;
    });
    return this.#opening;
  }

  async #openCrew(): Promise<CrewDecoder> {
    const { settings, clock, log, models } = this.#environment;
    const size = workersOf(settings['PARLEY_STT_PROCESSES']);
    const hire = (folder: string): Crew<SegmentTask, SegmentText | undefined> =>
      new Crew({
        engine: info.id,
        script: this.#script,
        workerData: { folder } satisfies MoonshineData,
        size,
        clock,
        log,
        startMs: START_MS,
        answerMs: ANSWER_MS,
        mostWaiting: MOST_WAITING,
      });
    this.#crew = await startCrew({ model: MODEL, models, hire }, this.#closing.signal);
    this.#problem = undefined;
    this.#decoder = new CrewDecoder(this.#crew, size);
    return this.#decoder;
  }
}

function workersOf(setting: string | undefined): number {
  if (setting === undefined || setting.trim() === '') return Math.max(1, availableParallelism());
  const count = Number(setting);
  if (Number.isInteger(count) && count >= 1 && count <= 256) return count;
  throw new EngineError(info.id, 'unavailable', `PARLEY_STT_PROCESSES must be a whole number from 1 to 256, not '${setting}'`);
}

function shutDown(): EngineError {
  return new EngineError(info.id, 'unavailable', 'speech recognition is shut down');
}

export const moonshine: EngineFactory<Stt> = {
  id: info.id,
  standIn: 'pocketsphinx',
  create: (environment) => new Moonshine(environment),
};
