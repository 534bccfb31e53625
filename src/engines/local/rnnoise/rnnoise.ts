// Noise reduction that comes with the server: RNNoise, for all streams in one worker thread, which lives in rnnoise-worker.ts. It never
// holds a conversation up: what cannot be filtered in time passes as it is.
import { Worker } from 'node:worker_threads';
import type { Timer } from '../../../lib/clock.ts';
import {
  DENOISE_RATE_HZ,
  type Denoiser,
  type DenoiserStream,
  type EngineEnvironment,
  EngineError,
  type EngineFactory,
  type EngineInfo,
  type MicrophoneField,
} from '../../engine.ts';
import type { DenoiseJob, DenoiseResult } from './rnnoise-job.ts';
import { RnnoiseStream, type StreamOwner } from './rnnoise-stream.ts';

/** Streams filtered at a time: each takes 5 to 7 % of a core, and the thread has one. */
export const MOST_FILTERED = 12;
/** A piece takes some 10 ms for each stream; when none comes back for this long the thread hangs. */
const HANGING_MS = 5000;
const FIRST_RESTART_MS = 250;
const LAST_RESTART_MS = 30_000;
const PASSED_LOG_MS = 60_000;

const info: EngineInfo = {
  id: 'rnnoise',
  kind: 'denoise',
  name: 'RNNoise (embedded)',
  licence: 'Apache-2.0 AND BSD-3-Clause',
  languages: ['*'],
};

/**
 * `rnnoise` of the catalogue. Filters 12 streams at a time; a further one passes as it is until one of them closes. A stream with more than
 * 2 s of sound waiting passes, too, until it has caught up. Its thread, started by the first stream or the warm-up, keeps the process alive
 * until the engine is closed.
 */
export const rnnoise: EngineFactory<Denoiser> = {
  id: info.id,
  create: (environment) => new Rnnoise(environment),
};

export class Rnnoise implements Denoiser {
  readonly info = info;
  readonly #environment: EngineEnvironment;
  readonly #script: URL;
  readonly #streams = new Map<number, RnnoiseStream>();
  readonly #filtered = new Set<RnnoiseStream>();
  #lastNumber = 0;
  #worker: { thread: Worker; ready: boolean } | undefined;
  readonly #endings = new Set<Promise<unknown>>();
  #starting: PromiseWithResolvers<void> | undefined;
  #restarting: Timer | undefined;
  #hanging: Timer | undefined;
  /** Pieces the worker has. */
  #underWay = 0;
  /** Workers lost since the last piece that was answered. */
  #losses = 0;
  #passed = 0;
  #passLoggedMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  readonly #owner: StreamOwner = {
    way: (stream) => {
      if (!this.#worker || (!this.#worker.ready && this.#losses > 0)) return 'pass';
      if (!this.#filtered.has(stream) && this.#filtered.size >= MOST_FILTERED) return 'pass';
      this.#filtered.add(stream);
      return this.#worker.ready ? 'filter' : 'wait';
    },
    submit: (job) => this.#submit(job),
    passed: (samples) => this.#countPassed(samples),
    left: (stream) => {
      this.#streams.delete(stream.number);
      this.#filtered.delete(stream);
      if (this.#worker?.ready) this.#worker.thread.postMessage({ kind: 'forget', stream: stream.number } satisfies DenoiseJob);
    },
  };

  /** `script` is what the worker thread runs. */
  constructor(environment: EngineEnvironment, script = new URL('./rnnoise-worker.ts', import.meta.url)) {
    this.#environment = environment;
    this.#script = script;
  }

  async warmUp(signal: AbortSignal): Promise<void> {
    if (this.#closed) throw shutDown();
    this.#restarting?.cancel();
    this.#restarting = undefined;
    const { promise: started } = this.#start();
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    const abort = () => resolve();
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) resolve();
    try {
      await Promise.race([started, aborted]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  open(field: MicrophoneField, strength = 1): DenoiserStream {
    if (this.#closed) throw shutDown();
    if (!this.#restarting) this.#start();
    this.#lastNumber++;
    const stream = new RnnoiseStream(this.#lastNumber, field, strength, this.#owner);
    this.#streams.set(stream.number, stream);
    return stream;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#restarting?.cancel();
    for (const stream of this.#streams.values()) stream.close();
    this.#dismiss();
    this.#starting?.reject(shutDown());
    await Promise.all(this.#endings);
  }

  #start(): PromiseWithResolvers<void> {
    if (this.#worker && this.#starting) return this.#starting;
    const starting = Promise.withResolvers<void>();
    // Whoever warms up hears of the failure; when nobody does it is only logged.
    starting.promise.catch(() => {});
    this.#starting = starting;
    const thread = new Worker(this.#script, { name: 'rnnoise' });
    const worker = { thread, ready: false };
    this.#worker = worker;
    const lost = (error: unknown) => {
      if (this.#worker === worker) this.#lose(error);
    };
    thread.on('message', (message: 'ready' | DenoiseResult) => {
      if (this.#worker !== worker) return;
      if (message !== 'ready') return this.#finish(message);
      worker.ready = true;
      starting.resolve();
      for (const stream of this.#streams.values()) stream.pump();
    });
    thread.on('error', lost);
    thread.on('exit', (code) => lost(new Error(`worker exited with code ${code}`)));
    return starting;
  }

  #submit(job: DenoiseJob): void {
    this.#underWay++;
    if (this.#underWay === 1) this.#watch();
    const transfer = job.kind === 'filter' ? [job.samples.buffer as ArrayBuffer] : [];
    this.#worker?.thread.postMessage(job, transfer);
  }

  #finish({ stream, samples }: DenoiseResult): void {
    this.#losses = 0;
    this.#underWay--;
    this.#watch();
    this.#streams.get(stream)?.answer(samples);
  }

  #watch(): void {
    this.#hanging?.cancel();
    this.#hanging = undefined;
    if (this.#underWay === 0) return;
    this.#hanging = this.#environment.clock.after(HANGING_MS, () => this.#lose(new Error('the worker hangs')));
  }

  /** Lets the sound that waited pass, and starts another worker as long as there is somebody to listen to. */
  #lose(err: unknown): void {
    const { clock, log } = this.#environment;
    this.#losses++;
    log.error({ err, streams: this.#streams.size, losses: this.#losses }, 'noise reduction worker died, sound passes as it is');
    const why = err instanceof Error ? err.message : String(err);
    this.#starting?.reject(new EngineError(info.id, 'unavailable', `RNNoise does not start: ${why}`, { cause: err }));
    this.#dismiss();
    if (this.#streams.size > 0) {
      const delayMs = this.#losses === 1 ? 0 : Math.min(LAST_RESTART_MS, FIRST_RESTART_MS * 2 ** (this.#losses - 2));
      this.#restarting = clock.after(delayMs, () => {
        this.#restarting = undefined;
        this.#start();
      });
    }
    for (const stream of this.#streams.values()) stream.fail();
  }

  #dismiss(): void {
    this.#hanging?.cancel();
    this.#hanging = undefined;
    this.#underWay = 0;
    const thread = this.#worker?.thread;
    this.#worker = undefined;
    if (!thread) return;
    const ending: Promise<unknown> = thread.terminate().finally(() => this.#endings.delete(ending));
    this.#endings.add(ending);
  }

  #countPassed(samples: number): void {
    this.#passed += samples;
    const { clock, log } = this.#environment;
    const nowMs = clock.now();
    if (nowMs - this.#passLoggedMs < PASSED_LOG_MS) return;
    const fields = { seconds: this.#passed / DENOISE_RATE_HZ, streams: this.#streams.size, filtered: this.#filtered.size };
    log.warn(fields, 'sound passed without noise reduction');
    this.#passLoggedMs = nowMs;
    this.#passed = 0;
  }
}

function shutDown(): EngineError {
  return new EngineError(info.id, 'unavailable', 'noise reduction is shut down');
}
