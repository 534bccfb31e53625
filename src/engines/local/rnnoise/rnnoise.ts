// Noise reduction that comes with the server: RNNoise, for all streams in one worker thread, which lives in rnnoise-worker.ts. It never
// holds a conversation up: what cannot be filtered in time passes as it is.
import type { Timer } from '../../../lib/clock.ts';
import {
  DENOISE_RATE_HZ,
  type Denoiser,
  type DenoiserStream,
  type EngineEnvironment,
  EngineError,
  type EngineFactory,
  type EngineHealth,
  type EngineInfo,
  type MicrophoneField,
  type Origin,
} from '../../engine.ts';
import { LoneMember } from '../lone-member.ts';
import { Member } from '../member.ts';
import type { DenoiseJob, DenoiseResult } from './rnnoise-job.ts';
import { RnnoiseStream, type StreamOwner } from './rnnoise-stream.ts';

/** Streams filtered at a time: each takes 5 to 7 % of a core, and the thread has one. */
export const MOST_FILTERED = 12;
/** A piece takes some 10 ms for each stream; when none comes back for this long the thread hangs. */
const HANGING_MS = 5000;
const PASSED_LOG_MS = 60_000;

const info: EngineInfo = {
  id: 'rnnoise',
  kind: 'denoise',
  name: 'RNNoise (embedded)',
  licence: 'Apache-2.0 AND BSD-3-Clause',
  languages: ['*'],
};

/**
 * `rnnoise` of the catalogue. Filters 12 streams at a time; a further one passes as it is until one of them closes, or takes the place of one of a
 * key that has more of them. A stream with more than
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
  readonly #worker: LoneMember<Member>;
  readonly #streams = new Map<number, RnnoiseStream>();
  readonly #filtered = new Set<RnnoiseStream>();
  #lastNumber = 0;
  #hanging: Timer | undefined;
  /** Pieces the worker has. */
  #underWay = 0;
  #passed = 0;
  #passLoggedMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  readonly #owner: StreamOwner = {
    way: (stream) => {
      const ready = this.#worker.life?.ready;
      if (ready === undefined || (!ready && !this.#worker.isFirstStart)) return 'pass';
      if (!this.#admits(stream)) return 'pass';
      this.#filtered.add(stream);
      return ready ? 'filter' : 'wait';
    },
    submit: (job) => this.#submit(job),
    passed: (samples) => this.#countPassed(samples),
    left: (stream) => {
      this.#streams.delete(stream.number);
      this.#filtered.delete(stream);
      const { life } = this.#worker;
      if (life?.ready) life.post({ kind: 'forget', stream: stream.number } satisfies DenoiseJob);
    },
  };

  /** `script` is what the worker thread runs. */
  constructor(environment: EngineEnvironment, script = new URL('./rnnoise-worker.ts', import.meta.url)) {
    this.#environment = environment;
    const { clock } = environment;
    this.#worker = new LoneMember({
      engine: info.id,
      clock,
      hire: (events) => {
        const heard = (message: unknown) => this.#finish(message as DenoiseResult);
        // There is no native code in it.
        return new Member({ engine: info.id, script, clock, leaveMs: 0 }, { ...events, heard });
      },
      wanted: () => this.#streams.size > 0,
      ready: () => {
        for (const stream of this.#streams.values()) stream.pump();
      },
      lost: (error, losses) => this.#recover(error, losses),
    });
  }

  async warmUp(signal: AbortSignal): Promise<void> {
    if (this.#closed) throw shutDown();
    await this.#worker.start(signal);
  }

  health(): EngineHealth {
    return this.#worker.health;
  }

  open(field: MicrophoneField, strength = 1, origin?: Origin): DenoiserStream {
    if (this.#closed) throw shutDown();
    this.#worker.begin();
    this.#lastNumber++;
    const stream = new RnnoiseStream(this.#lastNumber, origin?.key ?? '', field, strength, this.#owner);
    this.#streams.set(stream.number, stream);
    return stream;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const stream of this.#streams.values()) stream.close();
    this.#hanging?.cancel();
    await this.#worker.close();
  }

  /** Whether the stream may be filtered. Of the key with the most streams the youngest passes from now on, if that key has as many as this one then. */
  #admits(stream: RnnoiseStream): boolean {
    if (this.#filtered.has(stream) || this.#filtered.size < MOST_FILTERED) return true;
    const byKey = Map.groupBy(this.#filtered, ({ key }) => key);
    const [most = []] = [...byKey.values()].sort((a, b) => b.length - a.length);
    if (most.length < (byKey.get(stream.key)?.length ?? 0) + 2) return false;
    const youngest = most.at(-1);
    if (youngest) this.#filtered.delete(youngest);
    youngest?.pass();
    return true;
  }

  #submit(job: DenoiseJob): void {
    this.#underWay++;
    if (this.#underWay === 1) this.#watch();
    const transfer = job.kind === 'filter' ? [job.samples.buffer as ArrayBuffer] : [];
    this.#worker.life?.post(job, transfer);
  }

  #finish({ stream, samples }: DenoiseResult): void {
    this.#worker.worked();
    this.#underWay--;
    this.#watch();
    this.#streams.get(stream)?.answer(samples);
  }

  #watch(): void {
    this.#hanging?.cancel();
    this.#hanging = undefined;
    if (this.#underWay === 0) return;
    this.#hanging = this.#environment.clock.after(HANGING_MS, () => {
      this.#worker.life?.giveUp(`it did not answer for ${HANGING_MS / 1000} s`);
    });
  }

  /** Lets the sound that waited pass. */
  #recover(err: EngineError, losses: number): void {
    this.#environment.log.error({ err, streams: this.#streams.size, losses }, 'noise reduction worker died, sound passes as it is');
    this.#hanging?.cancel();
    this.#hanging = undefined;
    this.#underWay = 0;
    for (const stream of this.#streams.values()) stream.fail();
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
