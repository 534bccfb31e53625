// Speeches that share connections: services call them contexts, and take several on one connection, each message naming the one it belongs to. A
// connection without a speech goes back to those that are kept ready.
import { EngineError } from '../../engine.ts';
import type { FarSide } from '../openai-failure.ts';
import type { SocketPool } from '../socket-pool.ts';
import type { StreamSocket } from '../socket.ts';

/** A message, and the speech it is for; without one it is for all of the connection. */
export interface Addressed {
  readonly context: string | undefined;
  readonly message: unknown;
}

export interface ContextListener {
  message(message: unknown): void;
  /** The connection is lost. Told once, and nothing after it. */
  failed(failure: EngineError): void;
}

export interface ContextsOptions {
  readonly side: FarSide;
  readonly pool: SocketPool;
  /** So many the service takes on one connection, those counted that it has not closed yet. */
  readonly mostPerSocket: number;
  /** A connection that is older takes no further speech. */
  readonly longestAgeMs: number;
  /** Undefined when it is no message of this service. */
  readonly read: (data: string | Uint8Array) => Addressed | undefined;
}

interface Held {
  readonly key: string;
  readonly socket: StreamSocket;
  readonly listeners: Map<string, ContextListener>;
  /** Something may still come on it that would be taken for another speech's. */
  spoilt: boolean;
}

export class Contexts {
  readonly #options: ContextsOptions;
  #held: Held[] = [];

  constructor(options: ContextsOptions) {
    this.#options = options;
  }

  /** A place on a connection for that key. Throws EngineError while the service is left alone. */
  open(key: string, id: string, listener: ContextListener): Context {
    const { mostPerSocket, pool } = this.#options;
    const held = this.#held.find((each) => this.#hasPlace(each, key)) ?? this.#hold(key);
    const isReused = held.socket.ageMs !== undefined;
    held.listeners.set(id, listener);
    // Whoever takes the last place has another connection made for the next.
    if (mostPerSocket > 1 && !this.#held.some((each) => this.#hasPlace(each, key))) pool.warm(key);
    return {
      isReused,
      send: (messages) => {
        for (const message of messages) held.socket.send(message);
      },
      release: (spoilt) => this.#release(held, id, spoilt),
    };
  }

  /** Every speech fails with that. */
  close(failure: EngineError): void {
    for (const held of this.#held) {
      this.#lose(held, failure);
      held.socket.drop();
    }
  }

  #hasPlace({ key: own, spoilt, listeners, socket }: Held, key: string): boolean {
    const { mostPerSocket, longestAgeMs } = this.#options;
    return own === key && !spoilt && listeners.size < mostPerSocket && socket.usable && (socket.ageMs ?? 0) < longestAgeMs;
  }

  #hold(key: string): Held {
    const held: Held = { key, socket: this.#options.pool.take(key), listeners: new Map(), spoilt: false };
    this.#held.push(held);
    held.socket.listen({ message: (data) => this.#message(held, data), failed: (failure) => this.#lose(held, failure) });
    return held;
  }

  #message(held: Held, data: string | Uint8Array): void {
    const { side, read } = this.#options;
    const addressed = read(data);
    if (!addressed) {
      this.#lose(held, new EngineError(side.id, 'broken', `${side.name} sent something that is not its protocol`, { retryable: true }));
      held.socket.drop();
      return;
    }
    const { context, message } = addressed;
    if (context !== undefined) held.listeners.get(context)?.message(message);
    else for (const listener of [...held.listeners.values()]) listener.message(message);
  }

  #lose(held: Held, failure: EngineError): void {
    this.#held = this.#held.filter((other) => other !== held);
    const listeners = [...held.listeners.values()];
    held.listeners.clear();
    for (const listener of listeners) listener.failed(failure);
  }

  #release(held: Held, id: string, spoilt: boolean): void {
    if (!held.listeners.delete(id)) return;
    held.spoilt ||= spoilt;
    if (held.listeners.size > 0) return;
    this.#held = this.#held.filter((other) => other !== held);
    if (held.spoilt) held.socket.close();
    else this.#options.pool.give(held.key, held.socket);
  }
}

/** The place of one speech on a connection. */
export interface Context {
  /** The connection stood before: it may have been lost without a word. */
  readonly isReused: boolean;
  send(messages: readonly string[]): void;
  /** Its place is free for the next. `spoilt`: what still comes for it cannot be told from the next one's. */
  release(spoilt: boolean): void;
}
