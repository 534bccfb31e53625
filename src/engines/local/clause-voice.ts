// A synthesiser that speaks clause by clause, each sounding while it is made and the next one in preparation meanwhile.
import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import {
  type EngineEnvironment,
  EngineError,
  type EngineHealth,
  type EngineInfo,
  type Origin,
  type Speech,
  type Tts,
  type TtsOptions,
  type Voice,
} from '../engine.ts';
import { Channel } from '../../lib/channel.ts';
import type { Clause } from '../text/front-end.ts';
import { CLAUSE_RATE_HZ, type ClauseJob, type ClauseResult, type ClauseSound, type ReaderData } from './clause-job.ts';
import { Crew, type RunOptions } from './crew.ts';
import { startCrew } from './model-crew.ts';

/** Silence after the very last word. */
const LAST_GAP_MS = 40;
/** Silence is handed out in stretches of that, like sound. */
const GAP_STRETCH_SAMPLES = 0.2 * CLAUSE_RATE_HZ;
const MOST_WORKERS = 16;
/** Clauses that may wait for a worker; each speech has at most one here. */
const MOST_WAITING = 256;
/** More stretches than a clause can have: it has 400 phonemes at most, of which none lasts two seconds. */
const MOST_STRETCHES = 10_000;

export interface ClauseVoiceOptions<Manner> {
  readonly info: EngineInfo;
  readonly voices: readonly Voice[];
  /** Who speaks when that voice is asked for; undefined when there is none of that name. */
  readonly mannerOf: (voice: string) => Manner | undefined;
  readonly model: string;
  /** What the worker threads run: it answers tasks of the kind `ClauseJob<Manner>`. */
  readonly script: URL;
  /** Fetches what they need beside the model; what comes is told the model's folder and says what the workers find as `memberData`. */
  readonly prepare: (signal: AbortSignal) => Promise<(folder: string) => ReaderData>;
  /** How many, unless PARLEY_TTS_WORKERS says. */
  readonly usualWorkers: number;
  /** A worker that is silent for that long hangs. */
  readonly answerMs: number;
}

/** A clause that is being made. */
interface Coming {
  readonly stretches: Channel<ClauseSound>;
  readonly result: Promise<ClauseResult | undefined>;
}

/** A synthesiser but for what is its own: see `ClauseVoiceOptions`. */
export class ClauseVoice<Manner> implements Tts {
  readonly info: EngineInfo;
  readonly takes = 'clauses';
  readonly #environment: EngineEnvironment;
  readonly #options: ClauseVoiceOptions<Manner>;
  readonly #workers: number;
  #crew: Promise<Crew<ClauseJob<Manner>, ClauseResult>> | undefined;
  #opened: Crew<ClauseJob<Manner>, ClauseResult> | undefined;
  #problem: string | undefined;
  readonly #closing = new AbortController();

  /** @throws EngineError when PARLEY_TTS_WORKERS is no number of workers. */
  constructor(environment: EngineEnvironment, options: ClauseVoiceOptions<Manner>) {
    this.#environment = environment;
    this.#options = options;
    this.info = options.info;
    this.#workers = readWorkers(options.info.id, environment.settings, options.usualWorkers);
  }

  voices(): readonly Voice[] {
    return this.#options.voices;
  }

  async warmUp(signal: AbortSignal): Promise<void> {
    await (await this.#open()).start(signal);
  }

  health(): EngineHealth {
    if (this.#closing.signal.aborted) return { state: 'closed' };
    if (this.#opened) return this.#opened.health;
    return this.#problem === undefined ? { state: 'starting' } : { state: 'failed', problem: this.#problem };
  }

  async *speak(texts: AsyncIterable<string>, { voice, speed, origin }: TtsOptions, signal: AbortSignal): AsyncIterable<Speech> {
    const manner = this.#mannerOf(voice, speed);
    const leaving = new AbortController();
    const over = AbortSignal.any([signal, leaving.signal]);
    const aborted = new Promise<undefined>((resolve) => over.addEventListener('abort', () => resolve(undefined), { once: true }));
    const source = texts[Symbol.asyncIterator]();
    let ended = false;
    const prepare = async (rest: readonly Clause[]): Promise<Coming | undefined> => {
      if (rest.length > 0) return this.#begin({ say: rest[0] as Clause, manner, speed }, rest.slice(1), origin, over);
      const next = await source.next();
      ended = next.done === true;
      return ended || over.aborted ? undefined : this.#begin({ say: next.value as string, manner, speed }, [], origin, over);
    };
    let beganMs = 0;
    try {
      let coming = over.aborted ? undefined : prepare([]);
      while (coming) {
        const current = await Promise.race([coming, aborted]);
        if (!current || over.aborted) return;
        // The worker is asked for the next as soon as it has made this one, which takes much less time than hearing it.
        coming = current.result.then((result) => result && prepare(result.rest));
        // Its failure is met when its turn comes, or never if nobody asks for more.
        coming.catch(() => {});
        const startMs = beganMs;
        for await (const { samples, words } of current.stretches) {
          const timed = words?.map(({ text, startMs: from, endMs: to }) => ({ text, startMs: startMs + from, endMs: startMs + to }));
          beganMs += lengthMs(samples.length);
          yield { pcm: { samples, rateHz: CLAUSE_RATE_HZ }, ...(timed && { words: timed }) };
          if (over.aborted) return;
        }
        const result = await current.result;
        if (!result || over.aborted) return;
        if (beganMs === startMs) continue;
        // One turn of the loop, in which a source that is at its end says so: nobody waits for a pause after the last word.
        await setImmediate();
        const gapMs = ended ? Math.min(LAST_GAP_MS, result.pauseMs) : result.pauseMs / speed;
        for (let left = Math.round((gapMs * CLAUSE_RATE_HZ) / 1000); left > 0; left -= GAP_STRETCH_SAMPLES) {
          if (over.aborted) return;
          const samples = new Int16Array(Math.min(left, GAP_STRETCH_SAMPLES));
          yield { pcm: { samples, rateHz: CLAUSE_RATE_HZ } };
          beganMs += lengthMs(samples.length);
        }
      }
    } finally {
      leaving.abort();
      // Not awaited: a source that hangs must not hold up the one who leaves.
      source.return?.(undefined)?.catch(() => {});
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await (await this.#crew?.catch(() => undefined))?.close();
  }

  /** `rest`: clauses of the same text that come after this one, if it is one of a text that was read before. */
  async #begin(job: ClauseJob<Manner>, rest: readonly Clause[], origin: Origin | undefined, signal: AbortSignal): Promise<Coming> {
    const crew = await this.#open();
    const stretches = new Channel<ClauseSound>(MOST_STRETCHES);
    const result = this.#speakOn(crew, job, stretches, { signal, ...(origin === undefined ? {} : { origin }) }).then((spoken) => {
      for (const line of spoken?.skipped ?? []) this.#environment.log.info({ engine: this.info.id }, line);
      return spoken && { ...spoken, rest: [...spoken.rest, ...rest] };
    });
    result.then(
      () => stretches.close(),
      (error: unknown) => stretches.fail(error),
    );
    return { stretches, result };
  }

  /** A clause whose worker dies is made once more by another, from where it broke off: what is said twice sounds the same twice. */
  async #speakOn(
    crew: Crew<ClauseJob<Manner>, ClauseResult>,
    job: ClauseJob<Manner>,
    stretches: Channel<ClauseSound>,
    options: RunOptions,
  ): Promise<ClauseResult | undefined> {
    let come = 0;
    const said = () => {
      let place = 0;
      return (part: unknown) => {
        if (++place <= come) return;
        come = place;
        stretches.push(part as ClauseSound);
      };
    };
    try {
      return await crew.run(job, { ...options, onPart: said() });
    } catch (error) {
      if (!(error instanceof EngineError) || error.reason !== 'crashed' || !error.retryable) throw error;
      return await crew.run(job, { ...options, onPart: said() });
    }
  }

  #open(): Promise<Crew<ClauseJob<Manner>, ClauseResult>> {
    if (this.#closing.signal.aborted)
      return Promise.reject(new EngineError(this.info.id, 'unavailable', `${this.info.name} has been shut down`));
    this.#crew ??= this.#load().catch((error: unknown) => {
      // The model may be there when the next one asks.
      this.#crew = undefined;
      this.#problem = error instanceof Error ? error.message : String(error);
      throw error;
    });
    return this.#crew;
  }

  async #load(): Promise<Crew<ClauseJob<Manner>, ClauseResult>> {
    const { models, clock, log, onWaited } = this.#environment;
    const { info, model, script, prepare, answerMs } = this.#options;
    const dataOf = await prepare(this.#closing.signal);
    const hire = (folder: string) =>
      new Crew<ClauseJob<Manner>, ClauseResult>({
        engine: info.id,
        script,
        workerData: dataOf(folder),
        size: this.#workers,
        clock,
        log,
        onWaited,
        answerMs,
        mostWaiting: MOST_WAITING,
      });
    this.#opened = await startCrew({ model, models, hire }, this.#closing.signal);
    this.#problem = undefined;
    return this.#opened;
  }

  #mannerOf(voice: string, speed: number): Manner {
    const manner = this.#options.mannerOf(voice);
    if (!manner) throw new EngineError(this.info.id, 'rejected', `${this.info.name} has no voice "${voice}"`);
    if (!(speed >= 0.25 && speed <= 1.5)) throw new EngineError(this.info.id, 'rejected', `speed must be from 0.25 to 1.5, not ${speed}`);
    return manner;
  }
}

function readWorkers(engine: string, settings: EngineEnvironment['settings'], usual: number): number {
  const setting = settings['PARLEY_TTS_WORKERS'];
  if (setting === undefined || setting === '') return usual;
  const workers = Number(setting);
  if (Number.isInteger(workers) && workers >= 1 && workers <= MOST_WORKERS) return workers;
  throw new EngineError(engine, 'unavailable', `PARLEY_TTS_WORKERS must be a whole number from 1 to ${MOST_WORKERS}, not "${setting}"`);
}

/** What of `ReaderData` PARLEY_PRONUNCIATIONS says. Rejects with EngineError when it cannot be read. */
export async function readPronunciations(
  engine: string,
  settings: EngineEnvironment['settings'],
): Promise<Pick<ReaderData, 'pronunciations'>> {
  const file = settings['PARLEY_PRONUNCIATIONS'];
  if (!file) return {};
  try {
    return { pronunciations: await readFile(file, 'utf8') };
  } catch (cause) {
    throw new EngineError(engine, 'unavailable', `The list of PARLEY_PRONUNCIATIONS cannot be read: ${String(cause)}`, { cause });
  }
}

function lengthMs(samples: number): number {
  return (samples * 1000) / CLAUSE_RATE_HZ;
}
