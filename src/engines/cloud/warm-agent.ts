// HTTP requests to one service over connections that are kept ready, so that no handshake stands between a turn and its answer. It knows nothing of
// what is asked for, and of time only how long a handshake may take.
import { Agent, type Dispatcher, request as send } from 'undici';
import type { Clock } from '../../lib/clock.ts';

const CONNECT_MS = 5000;
/** How long a connection is kept without use; services end theirs sooner or later. */
const KEEP_MS = 120_000;
/** After its last use a service's connection is made anew for so long, unless it breaks off all that are idle at once. */
const WARM_MS = 300_000;
const QUICK_MS = 4000;

export interface WarmAgentOptions {
  readonly clock: Clock;
  /** Of the small request that makes a connection ready. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether there is always a connection to spare while one may be wanted, once one was made ready: where a handshake takes long. */
  readonly keepWarm: boolean;
  /** An address that answers to a small GET, whatever it answers. */
  readonly url: string;
}

export class WarmAgent {
  readonly #options: WarmAgentOptions;
  readonly #agent: Agent;
  readonly #closing = new AbortController();
  /** From the first time it was asked to make one ready on. */
  #keepsWarm = false;
  #connections = 0;
  #connecting = 0;
  #underWay = 0;
  #usedMs = Number.NEGATIVE_INFINITY;
  #warmedMs = Number.NEGATIVE_INFINITY;

  constructor(options: WarmAgentOptions) {
    this.#options = options;
    // Its own timeouts are off: time is the clock's.
    this.#agent = new Agent({
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_MS,
      keepAliveMaxTimeout: KEEP_MS,
      connect: { timeout: CONNECT_MS },
    });
    this.#agent.on('connect', () => (this.#connections += 1));
    this.#agent.on('disconnect', () => {
      this.#connections -= 1;
      this.#disconnected();
    });
  }

  /** Makes a connection ready. Resolves when it stands, or cannot be had: the first request will tell. */
  async warm(): Promise<void> {
    this.#keepsWarm = this.#options.keepWarm;
    this.#usedMs = this.#options.clock.now();
    await this.#connect();
  }

  /** Sees to it that so many connections stand soon, those in use among them. */
  ready(wanted: number): void {
    if (this.#connections + this.#connecting < wanted) void this.#connect();
  }

  /** A redirect is not followed. A kept connection may have ended at the very moment it is used again: that is tried once more. */
  async post(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string | Uint8Array,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    this.#usedMs = this.#options.clock.now();
    const isKept = this.#connections > this.#underWay;
    const ask = () => this.#withSpare(send(url, { method: 'POST', headers: { ...headers }, body, signal, dispatcher: this.#agent }));
    try {
      return await ask();
    } catch (error) {
      if (signal.aborted || !isKept || !isLostConnection(error)) throw error;
      return await ask();
    }
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#agent.destroy();
  }

  /** A request that takes the last connection that is free has another one made for whoever comes next. */
  async #withSpare(asking: Promise<Dispatcher.ResponseData>): Promise<Dispatcher.ResponseData> {
    this.#underWay += 1;
    if (this.#keepsWarm && this.#underWay >= this.#connections) void this.#connect();
    try {
      const answer = await asking;
      answer.body.once('close', () => (this.#underWay -= 1));
      return answer;
    } catch (error) {
      this.#underWay -= 1;
      throw error;
    }
  }

  #disconnected(): void {
    const now = this.#options.clock.now();
    if (!this.#keepsWarm || this.#closing.signal.aborted) return;
    if (now - this.#usedMs > WARM_MS) return;
    // A server that keeps no connection would be connected to for ever.
    if (this.#usedMs <= this.#warmedMs && now - this.#warmedMs < QUICK_MS) return;
    void this.#connect();
  }

  async #connect(): Promise<void> {
    const { clock, headers, url } = this.#options;
    this.#warmedMs = clock.now();
    this.#connecting += 1;
    const stop = new AbortController();
    const timer = clock.after(CONNECT_MS, () => stop.abort());
    try {
      const signal = AbortSignal.any([stop.signal, this.#closing.signal]);
      const { body } = await send(url, { headers: { ...headers }, signal, dispatcher: this.#agent });
      await body.dump();
    } catch {
      // The first request will tell.
    } finally {
      timer.cancel();
      this.#connecting -= 1;
    }
  }
}

/** The far side has ended the connection without an answer. */
export function isLostConnection(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}
