// A recogniser of whole segments, whatever its model: worker threads that share one queue, and the utterances they work for.
import { type EngineEnvironment, EngineError, type EngineHealth, type EngineInfo, type Recognition } from '../../engine.ts';
import type { Stt, SttCapabilities, SttOptions, Transcript } from '../../engine.ts';
import { Crew } from '../crew.ts';
import { startCrew } from '../model-crew.ts';
import { CrewDecoder, type DecodeOptions, type SegmentDecoder } from './decoder.ts';
import { type SegmentLimits, SegmentedUtterance } from './segments.ts';
import type { RecogniserData } from './serve-segments.ts';
import type { SegmentTask, SegmentText } from './transcribe.ts';

/** Loading takes two seconds; a machine under load may need many times that. */
const START_MS = 60_000;
const MOST_WAITING = 512;

/** What distinguishes one from the other. */
export interface RecogniserProfile {
  readonly info: EngineInfo;
  readonly can: SttCapabilities;
  /** The id of its model. */
  readonly model: string;
  /** What a worker thread runs. */
  readonly script: URL;
  /** A segment takes far less of computing. */
  readonly answerMs: number;
  readonly limits: SegmentLimits;
  /** Worker threads, where PARLEY_STT_PROCESSES says nothing of it. */
  readonly workers: number;
}

export class SegmentedStt implements Stt, SegmentDecoder {
  readonly info: EngineInfo;
  readonly can: SttCapabilities;
  readonly #profile: RecogniserProfile;
  readonly #environment: EngineEnvironment;
  readonly #closing = new AbortController();
  readonly #utterances = new Set<SegmentedUtterance>();
  #opening: Promise<CrewDecoder> | undefined;
  #crew: Crew<SegmentTask, SegmentText | undefined> | undefined;
  #decoder: CrewDecoder | undefined;
  #problem: string | undefined;

  constructor(environment: EngineEnvironment, profile: RecogniserProfile) {
    this.#environment = environment;
    this.#profile = profile;
    this.info = profile.info;
    this.can = profile.can;
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

  open({ prompt, vocabulary, language, languages, origin }: SttOptions, onPartial: (guess: Transcript) => void): Recognition {
    const utterance: SegmentedUtterance = new SegmentedUtterance(this, {
      engine: this.info.id,
      limits: this.#profile.limits,
      clock: this.#environment.clock,
      hints: {
        vocabulary,
        ...(prompt === undefined ? {} : { prompt }),
        ...(language === undefined ? {} : { language }),
        ...(languages === undefined ? {} : { languages }),
      },
      origin,
      onPartial: (guess) => {
        try {
          onPartial(guess);
        } catch (err) {
          this.#environment.log.error({ err }, 'a listener to guesses threw');
        }
      },
      onClose: () => this.#utterances.delete(utterance),
    });
    if (this.#closing.signal.aborted) utterance.end(this.#shutDown());
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
    for (const utterance of this.#utterances) utterance.end(this.#shutDown());
    this.#utterances.clear();
    await this.#opening?.catch(() => {});
    await this.#crew?.close();
  }

  // --- the decoder of its utterances

  get busy(): boolean {
    return this.#decoder?.busy ?? true;
  }

  get ready(): boolean {
    return this.#decoder?.ready ?? false;
  }

  async decode(task: SegmentTask, options: DecodeOptions): Promise<SegmentText | undefined> {
    const decoder = this.#decoder ?? (await this.#ready());
    return decoder.decode(task, options);
  }

  /** The crew, once the model is there. A model that could not be had is asked for again with the next utterance. */
  #ready(): Promise<CrewDecoder> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#shutDown());
    this.#opening ??= this.#openCrew().catch((error: unknown) => {
      this.#opening = undefined;
      this.#problem = error instanceof Error ? error.message : String(error);
      throw error;
    });
    return this.#opening;
  }

  async #openCrew(): Promise<CrewDecoder> {
    const { settings, clock, log, models, onWaited } = this.#environment;
    const { model, script, answerMs, workers } = this.#profile;
    const size = this.#workersOf(settings['PARLEY_STT_PROCESSES'], workers);
    const hire = (folder: string): Crew<SegmentTask, SegmentText | undefined> =>
      new Crew({
        engine: this.info.id,
        script,
        workerData: { folder } satisfies RecogniserData,
        size,
        clock,
        log,
        onWaited,
        startMs: START_MS,
        answerMs,
        mostWaiting: MOST_WAITING,
      });
    this.#crew = await startCrew({ model, models, hire }, this.#closing.signal);
    this.#problem = undefined;
    this.#decoder = new CrewDecoder(this.#crew, size);
    return this.#decoder;
  }

  #workersOf(setting: string | undefined, usual: number): number {
    if (setting === undefined || setting.trim() === '') return usual;
    const count = Number(setting);
    if (Number.isInteger(count) && count >= 1 && count <= 256) return count;
    throw new EngineError(this.info.id, 'unavailable', `PARLEY_STT_PROCESSES must be a whole number from 1 to 256, not '${setting}'`);
  }

  #shutDown(): EngineError {
    return new EngineError(this.info.id, 'unavailable', 'speech recognition is shut down');
  }
}
