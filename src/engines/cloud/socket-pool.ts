// Connections to one service that are kept ready, so that no handshake stands between a turn and its answer. What connections of the same key have
// in common (the model, the language) is the user's business.
import type { Clock, Timer } from '../../lib/clock.ts';
import { EngineError } from '../engine.ts';
import type { StreamSocket } from './socket.ts';

/** A connection that fails sooner was never of use. */
const QUICK_MS = 3000;
/** After so many of them in a row the service is left alone, for ever longer. */
const QUICK_IN_ROW = 3;
const FIRST_REST_MS = 1000;
const LAST_REST_MS = 30_000;
const MOST_IDLE = 64;

export interface PoolOptions {
  readonly clock: Clock;
  /** Makes a connection: what its address and its greeting depend on is in the key. */
  readonly open: (key: string) => StreamSocket;
  /** How long a connection is kept after its last use. */
  readonly idleMs: number;
  /** One that is older is not used again: services end them after a while. */
  readonly longestAgeMs: number;
  /** How many of a key are kept ready beside those in use; default 0. */
  readonly spare?: number;
  /** How many are kept idle in all; default 64. */
  readonly mostIdle?: number;
  /** Sent before an idle connection is closed. */
  readonly farewell?: string;
}

interface Idle {
  readonly key: string;
  readonly socket: StreamSocket;
  readonly untilMs: number;
  readonly timer: Timer;
}

export class SocketPool {
  readonly #options: PoolOptions;
  /** The last one handed back at the end: it is taken first, so that those beyond the need grow old. */
  #idle: Idle[] = [];
  #closed = false;
  #quickFailures = 0;
  #resting: { readonly untilMs: number; readonly failure: EngineError } | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** How many connections are kept ready. */
  get idle(): number {
    return this.#idle.length;
  }

  /**
   * A connection for the key, ready or on its way, which belongs to the caller until it is handed back or closed. Throws EngineError while the
   * service is left alone, because its last connections failed at once.
   */
  take(key: string): StreamSocket {
    const resting = this.#resting;
    const waitMs = resting ? resting.untilMs - this.#options.clock.now() : 0;
    if (resting && waitMs > 0) {
      const { engine, reason, message, retryable } = resting.failure;
      throw new EngineError(engine, reason, message, { retryable, retryAfterMs: waitMs, cause: resting.failure });
    }
    const at = this.#idle.findLastIndex((idle) => idle.key === key && this.#isGood(idle.socket));
    const [kept] = at < 0 ? [] : this.#idle.splice(at, 1);
    kept?.timer.cancel();
    kept?.socket.listen(undefined);
    const socket = kept?.socket ?? this.#open(key);
    this.#fill(key, this.#options.spare ?? 0);
    return socket;
  }

  /** A connection that is as good as new for the next. */
  give(key: string, socket: StreamSocket): void {
    this.#quickFailures = 0;
    this.#resting = undefined;
    this.#keep(key, socket, this.#options.clock.now() + this.#options.idleMs);
  }

  /** Sees to it that one for the key is ready soon. */
  warm(key: string): void {
    this.#fill(key, Math.max(1, this.#options.spare ?? 0));
  }

  /** Of those in use nothing is known here. */
  close(): void {
    this.#closed = true;
    for (const idle of this.#idle) this.#discard(idle);
    this.#idle = [];
  }

  #fill(key: string, wanted: number): void {
    const untilMs = this.#options.clock.now() + this.#options.idleMs;
    const missing = wanted - this.#idle.filter((idle) => idle.key === key).length;
    if (this.#quickFailures === 0) for (let count = 0; count < missing; count++) this.#keep(key, this.#open(key), untilMs);
  }

  #open(key: string): StreamSocket {
    const { clock } = this.#options;
    const socket = this.#options.open(key);
    let openedAtMs: number | undefined;
    socket.ready.then(
      () => (openedAtMs = clock.now()),
      () => {},
    );
    void socket.ended.then((failure) => {
      if (openedAtMs !== undefined && clock.now() - openedAtMs >= QUICK_MS) this.#quickFailures = 0;
      else if (failure) this.#failedQuickly(failure);
    });
    return socket;
  }

  #failedQuickly(failure: EngineError): void {
    this.#quickFailures++;
    if (this.#quickFailures < QUICK_IN_ROW) return;
    const restMs = Math.min(LAST_REST_MS, FIRST_REST_MS * 2 ** (this.#quickFailures - QUICK_IN_ROW));
    this.#resting = { untilMs: this.#options.clock.now() + restMs, failure };
  }

  #keep(key: string, socket: StreamSocket, untilMs: number): void {
    const { clock, farewell, longestAgeMs, mostIdle } = this.#options;
    if (this.#closed || !this.#isGood(socket)) {
      socket.close(...(farewell === undefined ? [] : [farewell]));
      return;
    }
    if (this.#idle.length >= (mostIdle ?? MOST_IDLE)) this.#idle.splice(0, 1).forEach((oldest) => this.#discard(oldest));
    const leftMs = Math.min(untilMs - clock.now(), longestAgeMs - (socket.ageMs ?? 0));
    const idle: Idle = { key, socket, untilMs, timer: clock.after(leftMs, () => this.#leave(idle)) };
    this.#idle.push(idle);
    // An idle connection that is lost is replaced while its key may be wanted, unless the service has begun to fail.
    socket.listen({ message: () => {}, failed: () => this.#leave(idle) });
  }

  /** It is too old, or lost. */
  #leave(idle: Idle): void {
    this.#idle = this.#idle.filter((other) => other !== idle);
    this.#discard(idle);
    const wanted = idle.untilMs > this.#options.clock.now() && this.#quickFailures === 0;
    if (wanted && !this.#closed) this.#keep(idle.key, this.#open(idle.key), idle.untilMs);
  }

  #discard({ socket, timer }: Idle): void {
    timer.cancel();
    socket.listen(undefined);
    const { farewell } = this.#options;
    socket.close(...(farewell === undefined ? [] : [farewell]));
  }

  #isGood(socket: StreamSocket): boolean {
    return socket.usable && (socket.ageMs ?? 0) < this.#options.longestAgeMs;
  }
}
