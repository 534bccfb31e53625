// Speech recognition that comes with the server: PocketSphinx with its American English model, in child processes.
// It refuses to download anything but the distribution's own packages, and to decode on the server's event loop.
import {
  type Engine,
  type EngineHealth,
  EngineError,
  type EngineEnvironment,
  type EngineFactory,
  type Recognition,
  type Stt,
  type SttOptions,
  type Transcript,
} from '../../engine.ts';
import { install } from './pocketsphinx-install.ts';
import { closedError, DecoderPool } from './pocketsphinx-pool.ts';
import { defaultProcesses } from './pocketsphinx-process.ts';
import { PocketsphinxRecognition } from './pocketsphinx-recognition.ts';
import { vocabularyOf } from './pocketsphinx-wording.ts';

/** Words a caller may add to the dictionary for one utterance. */
const VOCABULARY_LIMIT = 200;

const info: Engine['info'] = {
  id: 'pocketsphinx',
  kind: 'stt',
  name: 'PocketSphinx (embedded)',
  licence: 'BSD-2-Clause',
  languages: ['en', 'en-US'],
};

class Pocketsphinx implements Stt {
  readonly info = info;
  readonly can = { partials: true, wordTimes: true, keyTerms: true, logprobs: true };
  readonly #environment: EngineEnvironment;
  readonly #recognitions = new Set<PocketsphinxRecognition>();
  readonly #closing = new AbortController();
  #pool: Promise<DecoderPool> | undefined;
  #opened: DecoderPool | undefined;
  #unavailable: EngineError | undefined;

  constructor(environment: EngineEnvironment) {
    this.#environment = environment;
  }

  health(): EngineHealth {
    if (this.#closing.signal.aborted) return { state: 'closed' };
    if (this.#unavailable) return { state: 'failed', problem: this.#unavailable.message };
    return this.#opened?.health ?? { state: 'starting' };
  }

  async warmUp(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#unavailable = undefined;
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.race([this.#ready(), aborted]);
  }

  open(options: SttOptions, onPartial: (guess: Transcript) => void): Recognition {
    const vocabulary = vocabularyOf([...options.vocabulary, options.prompt ?? ''], VOCABULARY_LIMIT);
    const onClosed = () => this.#recognitions.delete(recognition);
    const ready = () => this.health().state === 'ready';
    const ports = { origin: options.origin, clock: this.#environment.clock, ready, pool: () => this.#ready(), onPartial, onClosed };
    const recognition = new PocketsphinxRecognition(vocabulary, ports);
    this.#recognitions.add(recognition);
    return recognition;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const recognition of this.#recognitions) recognition.shutDown();
    await this.#pool?.catch(() => {});
    await this.#opened?.close();
  }

  /** Installed and with one decoder loaded. What cannot be had is not looked for again with every utterance: only by `warmUp`. */
  #ready(): Promise<DecoderPool> {
    if (this.#closing.signal.aborted) return Promise.reject(closedError());
    if (this.#unavailable) return Promise.reject(this.#unavailable);
    this.#pool ??= this.#open().catch((error: unknown) => {
      this.#pool = undefined;
      if (error instanceof EngineError && error.reason === 'unavailable') this.#unavailable = error;
      throw error;
    });
    return this.#pool;
  }

  async #open(): Promise<DecoderPool> {
    const { dataDir, settings, log, clock, onWaited } = this.#environment;
    const installation = await install({ dataDir, log, clock, signal: this.#closing.signal });
    if (!installation) throw closedError();
    this.#opened ??= new DecoderPool(installation, { limit: processLimit(settings['PARLEY_STT_PROCESSES']), clock, log, onWaited });
    await this.#opened.warm();
    return this.#opened;
  }
}

function processLimit(setting: string | undefined): number {
  if (setting === undefined || setting.trim() === '') return defaultProcesses();
  const count = Number(setting);
  if (Number.isInteger(count) && count >= 1 && count <= 256) return count;
  throw new EngineError('pocketsphinx', 'unavailable', `PARLEY_STT_PROCESSES must be a whole number from 1 to 256, not '${setting}'`);
}

export const pocketsphinx: EngineFactory<Stt> = {
  id: info.id,
  create: (environment) => new Pocketsphinx(environment),
};
