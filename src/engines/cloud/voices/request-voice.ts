// A service's voices over requests, each of which speaks a piece of the text: while one is heard the next is asked for already.
import type { Log } from '../../../lib/log.ts';
import type { Pcm } from '../../../media/pcm.ts';
import { EngineError, type EngineInfo, type Speech, type Tts, type TtsOptions, type Voice } from '../../engine.ts';
import { HttpAudio, type HttpAudioOptions } from '../http-audio.ts';
import { gone, refuseSpeed } from './refusals.ts';
import { SpokenText } from './spoken-text.ts';
import type { ToldList } from '../told-list.ts';

export interface RequestVoiceOptions extends HttpAudioOptions {
  readonly info: EngineInfo;
  readonly voices: ToldList<Voice>;
  readonly steers?: true;
  readonly log: Log;
  readonly url: string;
  /** Of bare samples, where the service does not say. */
  readonly rateHz: number;
  /** Of the text of one request. */
  readonly mostCharacters: number;
  /** Made for each speech: what to ask for each piece of its text, in order; undefined when there is no word in it. */
  readonly requests: (options: TtsOptions) => (text: string) => object | undefined;
}

export class RequestVoice implements Tts {
  readonly info: EngineInfo;
  readonly takes = 'clauses';
  readonly steers?: true;
  readonly #options: RequestVoiceOptions;
  readonly #audio: HttpAudio;
  readonly #closing = new AbortController();

  constructor(options: RequestVoiceOptions) {
    this.#options = options;
    this.#audio = new HttpAudio(options);
    this.info = options.info;
    if (options.steers) this.steers = true;
  }

  voices(): readonly Voice[] {
    return this.#options.voices.current;
  }

  async warmUp(): Promise<void> {
    if (this.#closing.signal.aborted) throw gone(this.#options.side);
    await Promise.all([this.#options.voices.load(), this.#audio.warm()]);
  }

  async *speak(source: AsyncIterable<string>, options: TtsOptions, signal: AbortSignal): AsyncGenerator<Speech, void> {
    if (signal.aborted) return;
    const { side, log, requests } = this.#options;
    if (this.#closing.signal.aborted) throw gone(side);
    refuseSpeed(side, options.speed);
    const leaving = new AbortController();
    const over = AbortSignal.any([signal, this.#closing.signal, leaving.signal]);
    const text = new SpokenText(source, over);
    const request = requests(options);
    let result: 'nothing asked' | 'silence' | 'sound' = 'nothing asked';
    try {
      let coming = this.#ask(text, request, over);
      for (;;) {
        const sound = await coming;
        if (!sound || over.aborted) break;
        if (result === 'nothing asked') result = 'silence';
        coming = this.#ask(text, request, over);
        // Its failure is met when its turn comes.
        coming.catch(() => {});
        for await (const pcm of sound) {
          result = 'sound';
          yield { pcm };
          if (over.aborted) break;
        }
      }
      if (signal.aborted) return;
      if (this.#closing.signal.aborted) throw gone(side);
      if (result === 'silence') throw new EngineError(side.id, 'broken', `${side.name} ended without any sound`, { retryable: true });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof EngineError) log.warn({ engine: this.info.id, reason: error.reason, voice: options.voice }, error.message);
      throw error;
    } finally {
      leaving.abort();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#audio.close();
  }

  /** Asks for the next piece of the text as soon as there is one. */
  async #ask(text: SpokenText, request: (text: string) => object | undefined, over: AbortSignal): Promise<AsyncIterable<Pcm> | undefined> {
    const { mostCharacters, url, rateHz } = this.#options;
    for (let piece = await text.next(mostCharacters); piece !== undefined; piece = await text.next(mostCharacters)) {
      const body = request(piece);
      if (body) return this.#audio.speak(url, body, rateHz, over);
    }
    return undefined;
  }
}
