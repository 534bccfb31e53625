// hibari, the embedded neural synthesiser: speaks clause by clause, each sounding while it is made and the next one in preparation meanwhile.
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
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
import { Channel } from '../../../lib/channel.ts';
import type { Clause } from '../../text/front-end.ts';
import { voiceAliases } from '../flite/voices.ts';
import { Crew, type RunOptions } from '../crew.ts';
import { startCrew } from '../model-crew.ts';
import { RATE_HZ } from './frames.ts';
import type { HibariJob, HibariResult, HibariWorkerData } from './hibari-job.ts';
import type { Stretch } from './speech.ts';
import { type HibariVoice, hibariVoices } from './voices.ts';

/** The model that it needs. */
export const HIBARI_MODEL = 'hibari-heart';
/** Silence after the very last word. */
const LAST_GAP_MS = 40;
/** Silence is handed out in stretches of that, like sound. */
const GAP_STRETCH_SAMPLES = 0.2 * RATE_HZ;
const MOST_WORKERS = 16;
/** Clauses that may wait for a worker; each speech has at most one here. */
const MOST_WAITING = 256;
/** A clause takes a hundredth of its own length to its first sound. */
const ANSWER_MS = 10_000;
/** More stretches than a clause can have: it has 400 phonemes at most, of which none lasts two seconds. */
const MOST_STRETCHES = 10_000;

const info: EngineInfo = { id: 'hibari', kind: 'tts', name: 'hibari (embedded)', licence: 'Apache-2.0', languages: ['en'] };

/**
 * `hibari` of the catalogue. Settings: PARLEY_TTS_WORKERS, threads, 1 to 16; two, or one on a machine with one core, unless told.
 * PARLEY_PRONUNCIATIONS, the file of an operator's list.
 */
export const hibari: EngineFactory<Tts> = {
  id: info.id,
  standIn: 'flite',
  create: (environment) => new Hibari(environment),
};

/** A clause that is being made. */
interface Coming {
  readonly stretches: Channel<Stretch>;
  readonly result: Promise<HibariResult | undefined>;
}

type HibariCrew = Crew<HibariJob, HibariResult>;

export class Hibari implements Tts {
  readonly info = info;
  readonly takes = 'clauses';
  readonly #environment: EngineEnvironment;
  readonly #workers: number;
  readonly #script: URL;
  #crew: Promise<HibariCrew> | undefined;
  #opened: HibariCrew | undefined;
  #problem: string | undefined;
  readonly #closing = new AbortController();

  /** `script` is what a worker thread runs. */
  constructor(environment: EngineEnvironment, script = new URL(`./hibari-worker${extname(import.meta.url)}`, import.meta.url)) {
    this.#environment = environment;
    this.#script = script;
    this.#workers = readWorkers(environment.settings['PARLEY_TTS_WORKERS']);
  }

  voices(): readonly Voice[] {
    return hibariVoices;
  }

  async warmUp(signal: AbortSignal): Promise<void> {
    await (await this.#open()).start(signal);
  }

  health(): EngineHealth {
    if (this.#closing.signal.aborted) return { state: 'closed' };
    if (this.#opened) return this.#opened.health;
    return this.#problem === undefined ? { state: 'starting' } : { state: 'failed', problem: this.#problem };
  }

  async *speak(texts: AsyncIterable<string>, { voice, speed, key }: TtsOptions, signal: AbortSignal): AsyncIterable<Speech> {
    const { character, pace } = voiceOf(voice, speed);
    const leaving = new AbortController();
    const over = AbortSignal.any([signal, leaving.signal]);
    const aborted = new Promise<undefined>((resolve) => over.addEventListener('abort', () => resolve(undefined), { once: true }));
    const source = texts[Symbol.asyncIterator]();
    let ended = false;
    const prepare = async (rest: readonly Clause[]): Promise<Coming | undefined> => {
      if (rest.length > 0) return this.#begin({ say: rest[0] as Clause, character, speed: speed * pace }, rest.slice(1), key, over);
      const next = await source.next();
      ended = next.done === true;
      return ended || over.aborted ? undefined : this.#begin({ say: next.value as string, character, speed: speed * pace }, [], key, over);
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
          const timed = words.map(({ text, startMs: from, endMs: to }) => ({ text, startMs: startMs + from, endMs: startMs + to }));
          beganMs += lengthMs(samples.length);
          yield { pcm: { samples, rateHz: RATE_HZ }, words: timed };
          if (over.aborted) return;
        }
        const result = await current.result;
        if (!result || over.aborted) return;
        if (beganMs === startMs) continue;
        // One turn of the loop, in which a source that is at its end says so: nobody waits for a pause after the last word.
        await setImmediate();
        const gapMs = ended ? Math.min(LAST_GAP_MS, result.pauseMs) : result.pauseMs / speed;
        for (let left = Math.round((gapMs * RATE_HZ) / 1000); left > 0; left -= GAP_STRETCH_SAMPLES) {
          if (over.aborted) return;
          const samples = new Int16Array(Math.min(left, GAP_STRETCH_SAMPLES));
          yield { pcm: { samples, rateHz: RATE_HZ } };
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
  async #begin(job: HibariJob, rest: readonly Clause[], key: string | undefined, signal: AbortSignal): Promise<Coming> {
    const crew = await this.#open();
    const stretches = new Channel<Stretch>(MOST_STRETCHES);
    const result = this.#speakOn(crew, job, stretches, { signal, ...(key === undefined ? {} : { key }) }).then((spoken) => {
      for (const line of spoken?.skipped ?? []) this.#environment.log.info({ engine: info.id }, line);
      return spoken && { ...spoken, rest: [...spoken.rest, ...rest] };
    });
    result.then(
      () => stretches.close(),
      (error: unknown) => stretches.fail(error),
    );
    return { stretches, result };
  }

  /** A clause whose worker dies is made once more by another, from where it broke off: what is said twice sounds the same twice. */
  async #speakOn(crew: HibariCrew, job: HibariJob, stretches: Channel<Stretch>, options: RunOptions): Promise<HibariResult | undefined> {
    let come = 0;
    const said = () => {
      let place = 0;
      return (part: unknown) => {
        if (++place <= come) return;
        come = place;
        stretches.push(part as Stretch);
      };
    };
    try {
      return await crew.run(job, { ...options, onPart: said() });
    } catch (error) {
      if (!(error instanceof EngineError) || error.reason !== 'crashed' || !error.retryable) throw error;
      return await crew.run(job, { ...options, onPart: said() });
    }
  }

  #open(): Promise<HibariCrew> {
    if (this.#closing.signal.aborted) return Promise.reject(new EngineError(info.id, 'unavailable', 'hibari has been shut down'));
    this.#crew ??= this.#load().catch((error: unknown) => {
      // The model may be there when the next one asks.
      this.#crew = undefined;
      this.#problem = error instanceof Error ? error.message : String(error);
      throw error;
    });
    return this.#crew;
  }

  async #load(): Promise<HibariCrew> {
    const { models, settings, clock, log } = this.#environment;
    const pronunciations = await readPronunciations(settings['PARLEY_PRONUNCIATIONS']);
    const hire = (folder: string): HibariCrew =>
      new Crew({
        engine: info.id,
        script: this.#script,
        workerData: { folder, ...(pronunciations === undefined ? {} : { pronunciations }) } satisfies HibariWorkerData,
        size: this.#workers,
        clock,
        log,
        answerMs: ANSWER_MS,
        mostWaiting: MOST_WAITING,
      });
    this.#opened = await startCrew({ model: HIBARI_MODEL, models, hire }, this.#closing.signal);
    this.#problem = undefined;
    return this.#opened;
  }
}

function readWorkers(setting: string | undefined): number {
  if (setting === undefined || setting === '') return Math.min(2, availableParallelism());
  const workers = Number(setting);
  if (Number.isInteger(workers) && workers >= 1 && workers <= MOST_WORKERS) return workers;
  throw new EngineError(info.id, 'unavailable', `PARLEY_TTS_WORKERS must be a whole number from 1 to ${MOST_WORKERS}, not "${setting}"`);
}

async function readPronunciations(file: string | undefined): Promise<string | undefined> {
  if (!file) return undefined;
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new EngineError(info.id, 'unavailable', `The list of PARLEY_PRONUNCIATIONS cannot be read: ${String(cause)}`, { cause });
  }
}

function voiceOf(asked: string, speed: number): HibariVoice {
  const name = voiceAliases.get(asked.toLowerCase()) ?? asked;
  const voice = hibariVoices.find(({ id }) => id.toLowerCase() === name.toLowerCase());
  if (!voice) throw new EngineError(info.id, 'rejected', `hibari has no voice "${asked}"`);
  if (!(speed >= 0.25 && speed <= 1.5)) throw new EngineError(info.id, 'rejected', `speed must be from 0.25 to 1.5, not ${speed}`);
  return voice;
}

function lengthMs(samples: number): number {
  return (samples * 1000) / RATE_HZ;
}
