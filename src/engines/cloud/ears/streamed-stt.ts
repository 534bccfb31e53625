// A recogniser behind a streaming connection: an utterance takes one from the pool as soon as speech begins, and hands it back when all its
// words are there, so that the handshake is never between a turn and its words, but for the first turn's, where it is done while it is spoken.
import type { EngineEnvironment, EngineInfo, Recognition, Stt, SttCapabilities, SttOptions, Transcript } from '../../engine.ts';
import { EngineError } from '../../engine.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Log } from '../../../lib/log.ts';
import { SocketPool } from '../socket-pool.ts';
import { StreamSocket } from '../socket.ts';
import { type ConnectionMemory, StreamedRecognition } from './streamed-recognition.ts';
import type { Connection, Wire } from './wire.ts';

/** Services end their sessions after some hours at the latest. */
const LONGEST_AGE_MS = 20 * 60_000;
/** An item may hold five minutes of sound, and all of them come at once when they are heard again. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

export class StreamedStt implements Stt {
  readonly info: EngineInfo;
  readonly can: SttCapabilities;
  readonly #wire: Wire;
  readonly #defaultModel: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #pool: SocketPool;
  readonly #recognitions = new Set<StreamedRecognition>();
  readonly #memories = new WeakMap<StreamSocket, ConnectionMemory>();
  #closed = false;

  constructor(wire: Wire, defaultModel: string, { clock, log }: Pick<EngineEnvironment, 'clock' | 'log'>) {
    this.#wire = wire;
    this.#defaultModel = defaultModel;
    this.#clock = clock;
    this.#log = log.child({ engine: wire.info.id });
    this.info = wire.info;
    this.can = wire.can;
    this.#pool = new SocketPool({
      clock,
      open: (key) => this.#connect(JSON.parse(key) as Connection),
      idleMs: wire.idleMs,
      longestAgeMs: LONGEST_AGE_MS,
      ...(wire.farewell === undefined ? {} : { farewell: wire.farewell }),
    });
  }

  /** Nothing is done before somebody speaks: connections may cost money while they stand. */
  async warmUp(): Promise<void> {
    if (this.#closed) throw this.#gone();
  }

  open(wish: SttOptions, onPartial: (guess: Transcript) => void): Recognition {
    const options = { ...wish, model: wish.model || this.#defaultModel };
    const key = JSON.stringify(this.#wire.connection(options));
    const recognition: StreamedRecognition = new StreamedRecognition(this.#wire, options, {
      clock: this.#clock,
      take: () => this.#pool.take(key),
      memoryOf: (socket) => this.#memoryOf(socket),
      giveBack: (socket) => this.#pool.give(key, socket),
      leave: (socket) => {
        socket.close(...(this.#wire.farewell === undefined ? [] : [this.#wire.farewell]));
        // The next utterance is as near as if this one had ended well.
        if (!this.#closed) this.#pool.warm(key);
      },
      onPartial: (guess) => {
        try {
          onPartial(guess);
        } catch (err) {
          this.#log.error({ err }, 'a listener to guesses threw');
        }
      },
      onFailed: (failure) => this.#log.warn({ reason: failure.reason, model: options.model }, failure.message),
      onOver: () => this.#recognitions.delete(recognition),
    });
    if (this.#closed) recognition.end(this.#gone());
    else {
      this.#recognitions.add(recognition);
      recognition.begin();
    }
    return recognition;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const recognition of this.#recognitions) recognition.end(this.#gone());
    this.#recognitions.clear();
    this.#pool.close();
  }

  #connect({ url, greeting = [] }: Connection): StreamSocket {
    const { side, headers, keepAlive, opensWith, closeMeaning } = this.#wire;
    return new StreamSocket({
      side,
      url,
      headers,
      clock: this.#clock,
      keepAlive,
      mostWaitingBytes: MOST_WAITING_BYTES,
      greeting: [...greeting, ...(opensWith ? [opensWith] : [])],
      ...(closeMeaning ? { closeMeaning } : {}),
    });
  }

  #memoryOf(socket: StreamSocket): ConnectionMemory {
    const memory = this.#memories.get(socket) ?? { configuration: undefined, packedBytes: 0 };
    this.#memories.set(socket, memory);
    return memory;
  }

  #gone(): EngineError {
    return new EngineError(this.info.id, 'unavailable', `${this.info.name} is shut down`);
  }
}
