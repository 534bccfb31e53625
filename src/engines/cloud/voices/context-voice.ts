// A service's voices over its streaming connection, but for what is the service's own: see `ContextVoiceOptions`.
import type { Clock } from '../../../lib/clock.ts';
import { type Ids, randomIds } from '../../../lib/ids.ts';
import type { Log } from '../../../lib/log.ts';
import { EngineError, type EngineInfo, type Speech, type Tts, type TtsOptions, type Voice } from '../../engine.ts';
import type { FarSide } from '../openai-failure.ts';
import { SocketPool } from '../socket-pool.ts';
import { type SocketOptions, StreamSocket } from '../socket.ts';
import { type ContextDialect, ContextSpeech } from './context-speech.ts';
import { type Addressed, Contexts } from './contexts.ts';
import { gone, refuseSpeed } from './refusals.ts';
import { SpokenText } from './spoken-text.ts';
import type { ToldList } from '../told-list.ts';

/** How long a connection is kept ready after its last use. */
const IDLE_MS = 600_000;
const PING_MS = 20_000;
/** Services send up to some seconds of sound in one message. */
const MESSAGE_BYTES = 8 * 1024 * 1024;
/** What a further piece of sound may take, once there was some. */
const NEXT_SOUND_MS = 5000;

export interface ContextVoiceOptions {
  readonly info: EngineInfo;
  readonly side: FarSide;
  readonly voices: ToldList<Voice>;
  readonly steers?: true;
  readonly clock: Clock;
  readonly log: Log;
  readonly firstSoundMs: number;
  readonly ids?: Ids;
  readonly rateHz: number;
  /** Of the text of one message. */
  readonly mostCharacters: number;
  readonly mostPerSocket: number;
  /** A connection is not used for longer: services end those that are old, or idle. */
  readonly longestAgeMs: number;
  /** How many connections of the same address are kept ready beside those in use. */
  readonly spareSockets?: number;
  readonly lingerMs: number;
  readonly isTagged: boolean;
  /** Sent before a connection is closed. */
  readonly farewell?: string;
  /** The address of a connection for such speeches: those with the same may share one. */
  readonly url: (options: TtsOptions) => string;
  readonly headers: Readonly<Record<string, string>>;
  readonly closeMeaning?: SocketOptions['closeMeaning'];
  /** Whom a message is for; undefined when it is none of the service's. */
  readonly address: (data: string | Uint8Array) => Addressed | undefined;
  readonly dialect: (context: string, options: TtsOptions) => ContextDialect;
}

export class ContextVoice implements Tts {
  readonly info: EngineInfo;
  readonly takes = 'clauses';
  readonly steers?: true;
  readonly #options: ContextVoiceOptions;
  readonly #pool: SocketPool;
  readonly #contexts: Contexts;
  readonly #speeches = new Set<ContextSpeech>();
  #closed = false;

  constructor(options: ContextVoiceOptions) {
    const { info, side, clock, longestAgeMs, mostPerSocket, spareSockets = 0, farewell, headers, closeMeaning } = options;
    this.#options = options;
    this.info = info;
    if (options.steers) this.steers = true;
    this.#pool = new SocketPool({
      clock,
      idleMs: IDLE_MS,
      longestAgeMs,
      spare: spareSockets,
      ...(farewell !== undefined && { farewell }),
      open: (url) =>
        new StreamSocket({
          side,
          url,
          headers,
          clock,
          keepAlive: { everyMs: PING_MS },
          mostMessageBytes: MESSAGE_BYTES,
          ...(closeMeaning && { closeMeaning }),
        }),
    });
    this.#contexts = new Contexts({ side, pool: this.#pool, mostPerSocket, longestAgeMs, read: options.address });
  }

  voices(): readonly Voice[] {
    return this.#options.voices.current;
  }

  /** Also makes a connection ready, for the first of the voices where they have connections of their own. */
  async warmUp(): Promise<void> {
    if (this.#closed) throw gone(this.#options.side);
    const { voices, url } = this.#options;
    await voices.load();
    const [first] = voices.current;
    if (first && !this.#closed) this.#pool.warm(url({ model: '', voice: first.id, speed: 1 }));
  }

  async *speak(source: AsyncIterable<string>, options: TtsOptions, signal: AbortSignal): AsyncGenerator<Speech, void> {
    if (signal.aborted) return;
    if (this.#closed) throw gone(this.#options.side);
    refuseSpeed(this.#options.side, options.speed);
    const { dialect, url, ids = randomIds, log, ...rest } = this.#options;
    const leaving = new AbortController();
    const speech = new ContextSpeech({
      ...rest,
      nextSoundMs: NEXT_SOUND_MS,
      text: new SpokenText(source, AbortSignal.any([signal, leaving.signal])),
      open: (listener) => {
        const id = ids('ctx');
        return { context: this.#contexts.open(url(options), id, listener), dialect: dialect(id, options) };
      },
    });
    const leave = () => speech.leave();
    signal.addEventListener('abort', leave, { once: true });
    this.#speeches.add(speech);
    try {
      for await (const stretch of speech.stretches) {
        yield stretch;
        if (signal.aborted) return;
        speech.taken(stretch);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof EngineError) log.warn({ engine: this.info.id, reason: error.reason, voice: options.voice }, error.message);
      throw error;
    } finally {
      signal.removeEventListener('abort', leave);
      this.#speeches.delete(speech);
      speech.leave();
      leaving.abort();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const failure = gone(this.#options.side);
    for (const speech of this.#speeches) speech.fail(failure);
    this.#contexts.close(failure);
    this.#pool.close();
  }
}
