// Sound in files, decoded in one worker thread that is started when the first file comes. It reads Ogg, WebM and WAVE, and nothing that is
// not sent as a whole.
import type { Pcm } from '../../../media/pcm.ts';
import { type Decoder, type EngineEnvironment, EngineError, type EngineFactory, type EngineHealth, type EngineInfo } from '../../engine.ts';
import { Crew } from '../crew.ts';
import { type DecodeJob, MOST_BYTES } from './opus-job.ts';

/** Files that may wait, and their bytes together. */
const MOST_WAITING = 64;
const MOST_WAITING_BYTES = 4 * MOST_BYTES;
/** Ten minutes of sound take a few seconds. */
const HANGING_MS = 60_000;
/** Files are decoded to their end: nobody leaves in between. */
const never = new AbortController().signal;

const info: EngineInfo = {
  id: 'opus',
  kind: 'codec',
  name: 'Opus in Ogg and WebM, WAVE (embedded)',
  licence: 'MIT AND BSD-3-Clause',
  languages: ['*'],
};

/** `opus` of the catalogue. Files up to 15 MiB, of up to ten minutes; its thread does not keep the process alive. */
export const opus: EngineFactory<Decoder> = {
  id: info.id,
  create: (environment) => new Opus(environment),
};

export class Opus implements Decoder {
  readonly info = info;
  readonly #crew: Crew<DecodeJob, Int16Array>;
  /** Of the files that wait or are decoded. */
  #bytes = 0;
  #closed = false;

  /** `script` is what the worker thread runs. */
  constructor({ clock, log, onWaited }: EngineEnvironment, script = new URL('./opus-worker.ts', import.meta.url)) {
    // One thread without native code.
    const bounds = { size: 1, answerMs: HANGING_MS, mostWaiting: MOST_WAITING, leaveMs: 0 };
    this.#crew = new Crew({ engine: info.id, script, clock, log, onWaited, ...bounds });
  }

  /** Nothing is loaded before it is needed: most servers never see a file. */
  async warmUp(_signal: AbortSignal): Promise<void> {
    if (this.#closed) throw shutDown();
  }

  health(): EngineHealth {
    const { state, ...rest } = this.#crew.health;
    return { state: state === 'starting' ? 'ready' : state, ...rest };
  }

  async decode(bytes: Uint8Array, rateHz: 16_000 | 24_000 = 16_000): Promise<Pcm> {
    if (this.#closed) throw shutDown();
    if (bytes.length > MOST_BYTES) throw refused(`the file is larger than ${MOST_BYTES / 1024 / 1024} MiB`);
    if (this.#bytes + bytes.length > MOST_WAITING_BYTES) {
      throw new EngineError(info.id, 'rate_limited', 'too many files wait to be decoded');
    }
    this.#bytes += bytes.length;
    try {
      // A copy of its own: sending a view would send all of the memory it looks at.
      const own = new Uint8Array(bytes);
      const samples = await this.#crew.run({ bytes: own, rateHz }, { signal: never, transfer: [own.buffer] });
      return { samples: samples ?? new Int16Array(0), rateHz };
    } catch (error) {
      throw asFileFault(error as EngineError);
    } finally {
      this.#bytes -= bytes.length;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#crew.close();
  }
}

/** The file under way may be what killed the worker: it is not worth another try. */
function asFileFault(error: EngineError): EngineError {
  if (error.reason === 'rejected') return refused(error.message);
  if (error.reason !== 'crashed' && error.reason !== 'timeout') return error;
  return new EngineError(info.id, error.reason, 'the worker that decoded the file was lost', { retryable: false, cause: error });
}

function refused(why: string): EngineError {
  const what = `The sound cannot be decoded: ${why}.`;
  return new EngineError(info.id, 'rejected', what, { forClient: what });
}

function shutDown(): EngineError {
  return new EngineError(info.id, 'unavailable', 'decoding of files is shut down');
}
