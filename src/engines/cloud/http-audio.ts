// Sound as the body of an HTTP answer, handed on while it comes: bare samples, or a WAVE file. Connections are kept (warm-agent.ts); a request that
// is given up is broken off at once.
import type { Dispatcher } from 'undici';
import type { Clock } from '../../lib/clock.ts';
import { type Pcm, SampleStream } from '../../media/pcm.ts';
import { WavStream } from '../../media/wav-stream.ts';
import { EngineError } from '../engine.ts';
import { headerOf, refusalOf, textOf } from './http-answer.ts';
import { type FarSide, networkFailure, readable } from './openai-failure.ts';
import { isLostConnection, WarmAgent } from './warm-agent.ts';

/** What files of other kinds begin with. */
const otherFiles: readonly (readonly [start: string, kind: string])[] = [
  ['ID3', 'MP3'],
  ['OggS', 'Ogg'],
  ['fLaC', 'FLAC'],
  ['<!', 'HTML'],
  ['{"', 'JSON'],
];

export interface HttpAudioOptions {
  readonly side: FarSide;
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Longest wait for the first sound, and then for each further piece. */
  readonly firstSoundMs: number;
  readonly nextSoundMs: number;
  /** Whether there is always a connection to spare while one may be wanted: where a handshake takes long. */
  readonly keepWarm: boolean;
  /** An address that answers to a small GET, to make a connection ready with. */
  readonly warmUrl: string;
}

export class HttpAudio {
  readonly #options: HttpAudioOptions;
  readonly #agent: WarmAgent;
  readonly #closing = new AbortController();

  constructor(options: HttpAudioOptions) {
    const { clock, headers, keepWarm, warmUrl } = options;
    this.#options = options;
    this.#agent = new WarmAgent({ clock, headers, keepWarm, url: warmUrl });
  }

  /** Makes a connection ready. Resolves when it stands, or cannot be had: the first speech will tell. */
  warm(): Promise<void> {
    return this.#agent.warm();
  }

  /**
   * Asks for sound, at once. Iterating rejects with EngineError: `timeout`, `unauthorized`, `rejected`, `rate_limited`, `broken`, `unavailable`
   * (cannot be reached, or closed); it ends without error when the signal fires.
   * @param rateHz Of bare samples, where the service does not say.
   */
  speak(url: string, body: object, rateHz: number, signal: AbortSignal): AsyncIterable<Pcm> {
    const stop = new AbortController();
    const over = AbortSignal.any([signal, this.#closing.signal, stop.signal]);
    const headers = { ...this.#options.headers, 'content-type': 'application/json' };
    const answer = this.#agent.post(url, headers, JSON.stringify(body), over);
    // Its failure is met by whoever listens to it.
    answer.catch(() => {});
    return this.#sound(answer, rateHz, stop, signal);
  }

  async close(): Promise<void> {
    this.#closing.abort(new EngineError(this.#options.side.id, 'unavailable', `${this.#options.side.name} is shut down`));
    await this.#agent.close();
  }

  async *#sound(
    answer: Promise<Dispatcher.ResponseData>,
    rateHz: number,
    stop: AbortController,
    signal: AbortSignal,
  ): AsyncGenerator<Pcm, void> {
    const { side, firstSoundMs, nextSoundMs, clock } = this.#options;
    let started = false;
    /** What is waited for next has to come in time. */
    const inTime = async <T>(coming: Promise<T>): Promise<T> => {
      const waited = started ? 'further' : 'first';
      const limitMs = started ? nextSoundMs : firstSoundMs;
      const timer = clock.after(limitMs, () =>
        stop.abort(new EngineError(side.id, 'timeout', `${side.name} sent no ${waited} sound for ${limitMs} ms`)),
      );
      return coming.finally(() => timer.cancel());
    };
    try {
      const answered = await inTime(answer);
      const type = headerOf(answered, 'content-type') ?? '';
      if (answered.statusCode !== 200) throw await inTime(refusalOf(side, answered, clock));
      // Some servers say 200 and then what went wrong.
      if (/json|text\/|html/.test(type)) throw this.#broken(`sent no sound but: ${readable(await inTime(textOf(answered.body)), side)}`);
      const read = this.#reader(Number(/\brate=(\d{4,6})\b/.exec(type)?.[1] ?? rateHz));
      const pieces = answered.body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
      for (let next = await inTime(pieces.next()); !next.done; next = await inTime(pieces.next())) {
        const pcm = read(next.value);
        if (!pcm || pcm.samples.length === 0) continue;
        started = true;
        yield pcm;
        if (signal.aborted) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      throw this.#failure(error, stop.signal, started);
    } finally {
      stop.abort();
    }
  }

  /** Bytes to sound: the first of them tell what they are, whatever they are called. */
  #reader(rateHz: number): (bytes: Buffer) => Pcm | undefined {
    const bare = new SampleStream();
    let wav: WavStream | undefined;
    let first: Buffer | undefined = Buffer.alloc(0);
    return (bytes) => {
      let piece = bytes;
      if (first) {
        piece = Buffer.concat([first, bytes]);
        first = piece.length < 4 ? piece : undefined;
        if (first) return undefined;
        const start = piece.toString('latin1', 0, 4);
        const [, kind] = otherFiles.find(([begin]) => start.startsWith(begin)) ?? [];
        if (kind) throw this.#broken(`sent ${kind} where bare samples or WAVE were asked for`);
        if (start === 'RIFF') wav = new WavStream();
      }
      if (!wav) return { samples: bare.push(piece), rateHz };
      try {
        return wav.push(piece);
      } catch (error) {
        throw this.#broken(`sent sound that cannot be read: ${(error as Error).message}`);
      }
    };
  }

  #failure(error: unknown, stopped: AbortSignal, started: boolean): EngineError {
    for (const signal of [stopped, this.#closing.signal]) if (signal.reason instanceof EngineError) return signal.reason;
    return error instanceof EngineError ? error : networkFailure(this.#options.side, error, started || isLostConnection(error));
  }

  #broken(what: string): EngineError {
    return new EngineError(this.#options.side.id, 'broken', `${this.#options.side.name} ${what}`);
  }
}
