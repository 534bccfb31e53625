// Sound in files, decoded in one worker thread that is started when the first file comes. It reads Ogg, WebM and WAVE, and nothing that is
// not sent as a whole.
import { Worker } from 'node:worker_threads';
import type { Timer } from '../../../lib/clock.ts';
import type { Pcm } from '../../../media/pcm.ts';
import { type Decoder, type EngineEnvironment, EngineError, type EngineFactory, type EngineInfo } from '../../engine.ts';
import { type DecodeJob, type DecodeResult, MOST_BYTES } from './opus-job.ts';

/** Files that may wait, and their bytes together. */
const MOST_WAITING = 64;
const MOST_WAITING_BYTES = 4 * MOST_BYTES;
/** Ten minutes of sound take a few seconds. */
const HANGING_MS = 60_000;

const info: EngineInfo = {
  id: 'opus',
  kind: 'codec',
  name: 'Opus in Ogg and WebM, WAVE (embedded)',
  licence: 'MIT AND BSD-3-Clause',
  languages: ['*'],
};

interface Waiting {
  readonly job: DecodeJob;
  readonly resolve: (pcm: Pcm) => void;
  readonly reject: (error: EngineError) => void;
}

/** `opus` of the catalogue. Files up to 15 MiB, of up to ten minutes; its thread does not keep the process alive. */
export const opus: EngineFactory<Decoder> = {
  id: info.id,
  create: (environment) => new Opus(environment),
};

export class Opus implements Decoder {
  readonly info = info;
  readonly #environment: EngineEnvironment;
  readonly #script: URL;
  /** The first is the one the worker has, when it is at work. */
  readonly #queue: Waiting[] = [];
  readonly #endings = new Set<Promise<unknown>>();
  #worker: Worker | undefined;
  #working: { hanging: Timer } | undefined;
  #closed = false;

  /** `script` is what the worker thread runs. */
  constructor(environment: EngineEnvironment, script = new URL('./opus-worker.ts', import.meta.url)) {
    this.#environment = environment;
    this.#script = script;
  }

  /** Nothing is loaded before it is needed: most servers never see a file. */
  async warmUp(_signal: AbortSignal): Promise<void> {
    if (this.#closed) throw shutDown();
  }

  decode(bytes: Uint8Array, rateHz: 16_000 | 24_000 = 16_000): Promise<Pcm> {
    if (this.#closed) return Promise.reject(shutDown());
    if (bytes.length > MOST_BYTES) return Promise.reject(refused(`the file is larger than ${MOST_BYTES / 1024 / 1024} MiB`));
    const waitingBytes = this.#queue.reduce((sum, { job }) => sum + job.bytes.length, 0);
    if (this.#queue.length >= MOST_WAITING || waitingBytes + bytes.length > MOST_WAITING_BYTES) {
      return Promise.reject(new EngineError(info.id, 'rate_limited', 'too many files wait to be decoded'));
    }
    const job = { bytes, rateHz };
    return new Promise((resolve, reject) => {
      this.#queue.push({ job, resolve, reject });
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#queue.splice(0)) reject(shutDown());
    this.#dismiss();
    await Promise.all(this.#endings);
  }

  #dispatch(): void {
    const [next] = this.#queue;
    if (!next || this.#working) return;
    this.#worker ??= this.#hire();
    const hanging = this.#environment.clock.after(HANGING_MS, () => this.#lose('timeout', new Error('the file took too long')));
    this.#working = { hanging };
    this.#worker.ref();
    // A copy of its own: sending a view would send all of the memory it looks at.
    const bytes = new Uint8Array(next.job.bytes);
    this.#worker.postMessage({ ...next.job, bytes } satisfies DecodeJob, [bytes.buffer]);
  }

  #hire(): Worker {
    const worker = new Worker(this.#script, { name: 'opus' });
    const lost = (error: unknown) => {
      if (this.#worker === worker) this.#lose('crashed', error);
    };
    worker.on('message', (result: DecodeResult) => {
      if (this.#worker === worker) this.#finish(result);
    });
    worker.on('error', lost);
    worker.on('exit', (code) => lost(new Error(`the worker exited with code ${code}`)));
    return worker;
  }

  #finish(result: DecodeResult): void {
    const done = this.#release();
    if (done && 'refused' in result) done.reject(refused(result.refused));
    else if (done && 'samples' in result) done.resolve({ samples: result.samples, rateHz: done.job.rateHz });
    this.#dispatch();
  }

  /** The file under way is given up: it may be what killed the worker. The others get a new one. */
  #lose(reason: 'timeout' | 'crashed', cause: unknown): void {
    this.#environment.log.warn({ engine: info.id, reason, error: String(cause) }, 'a worker was lost');
    const lost = this.#release();
    this.#dismiss();
    lost?.reject(new EngineError(info.id, reason, 'the worker that decoded the file was lost', { retryable: false, cause }));
    this.#dispatch();
  }

  #release(): Waiting | undefined {
    if (!this.#working) return undefined;
    this.#working.hanging.cancel();
    this.#working = undefined;
    this.#worker?.unref();
    return this.#queue.shift();
  }

  #dismiss(): void {
    const worker = this.#worker;
    if (!worker) return;
    this.#working?.hanging.cancel();
    this.#working = undefined;
    this.#worker = undefined;
    const ending: Promise<unknown> = worker.terminate().finally(() => this.#endings.delete(ending));
    this.#endings.add(ending);
  }
}

function refused(why: string): EngineError {
  return new EngineError(info.id, 'rejected', `The sound cannot be decoded: ${why}.`);
}

function shutDown(): EngineError {
  return new EngineError(info.id, 'unavailable', 'decoding of files is shut down');
}
