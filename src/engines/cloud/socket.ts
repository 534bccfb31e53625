// A connection to a service that streams both ways: WebSocket, bounded in bytes, with its failures told as EngineErrors. It knows nothing of what
// is sent over it. `socket-pool.ts` keeps such connections ready.
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { Clock, Timer } from '../../lib/clock.ts';
import { EngineError, type EngineFailure } from '../engine.ts';
import { type FarSide, httpFailure, networkFailure, parsedOr, readable } from './openai-failure.ts';
import { retryAfterMs } from './retry-after.ts';

const HANDSHAKE_MS = 5000;
/** How long the far side may take to answer a close frame. */
const CLOSE_MS = 2000;
/** How much of a refusal's body is read, and for how long. */
const FAILURE_BYTES = 64 * 1024;
const FAILURE_MS = 1000;
const WAITING_BYTES = 4 * 1024 * 1024;
const MESSAGE_BYTES = 1024 * 1024;

/** A text message, or a binary one. */
export type Frame = string | Uint8Array;

export interface KeepAlive {
  readonly everyMs: number;
  /** Sent when nothing else was sent for so long; without one, only a ping frame is. */
  readonly message?: Frame;
}

export interface SocketOptions {
  readonly side: FarSide;
  /** `wss://…`; `http` and `https` mean the same as `ws` and `wss`. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Sent as soon as the connection stands, before anything else. */
  readonly greeting?: readonly Frame[];
  readonly handshakeMs?: number;
  readonly keepAlive?: KeepAlive;
  /** How much may wait to be sent: beyond it the connection fails with `timeout`. Default 4 MiB. */
  readonly mostWaitingBytes?: number;
  /** A message that is longer is none of the service's: the connection fails with `broken`. Default 1 MiB. */
  readonly mostMessageBytes?: number;
  /** What a close code of this service's own means; what it leaves undefined has the usual meaning. */
  readonly closeMeaning?: (code: number, reason: string) => EngineFailure | undefined;
  /** Closes the connection, which is no failure. */
  readonly signal?: AbortSignal;
}

/** Whoever uses a connection at the moment. */
export interface SocketListener {
  message(data: Frame): void;
  /** The connection is lost or was never made. Told once, never from within a call, and not after `close` or `drop`. */
  failed(failure: EngineError): void;
}

type State =
  | { readonly name: 'connecting'; readonly waiting: Frame[]; waitingBytes: number }
  | { readonly name: 'open'; readonly sinceMs: number }
  | { readonly name: 'closing' }
  | { readonly name: 'ended'; readonly failure: EngineError | undefined };

export class StreamSocket {
  readonly #options: SocketOptions;
  /** Absent where the address or a header is none: the state tells of it. */
  readonly #ws: WebSocket | undefined;
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<EngineError | undefined>();
  #state: State = { name: 'connecting', waiting: [], waitingBytes: 0 };
  #listener: SocketListener | undefined;
  #timer: Timer | undefined;
  #binaryBytes = 0;
  /** Since the last keep-alive. */
  #sent = false;
  #heard = true;

  /** Connects at once; sound and text may be sent at once, too, and wait for the handshake. */
  constructor(options: SocketOptions) {
    this.#options = options;
    this.#ready.promise.catch(() => {});
    for (const message of options.greeting ?? []) this.#count(message);
    this.#ws = this.#connect();
    const { clock, signal, handshakeMs = HANDSHAKE_MS } = options;
    this.#timer = clock.after(handshakeMs, () => this.#fail(this.#error('timeout', `took no connection within ${handshakeMs} ms`)));
    if (signal?.aborted) this.close();
    else if (signal) {
      const close = () => this.close();
      signal.addEventListener('abort', close, { once: true });
      void this.ended.then(() => signal.removeEventListener('abort', close));
    }
  }

  /** Resolves when the handshake is done; rejects with EngineError when it is refused, fails, or nobody wants it any more. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Resolves when the connection is no more: with what went wrong, or with nothing after `close` or `drop`. */
  get ended(): Promise<EngineError | undefined> {
    return this.#ended.promise;
  }

  /** Whether something that is sent now may arrive: it is open, or about to be. */
  get usable(): boolean {
    return this.#state.name === 'connecting' || this.#state.name === 'open';
  }

  /** Milliseconds since the handshake; undefined before it and at the end. */
  get ageMs(): number | undefined {
    return this.#state.name === 'open' ? this.#options.clock.now() - this.#state.sinceMs : undefined;
  }

  /** Bytes of all binary messages so far, the greeting, keep-alives and what waits to be sent among them. */
  get binaryBytes(): number {
    return this.#binaryBytes;
  }

  /** From now on this one is told, and nobody else; what comes while nobody listens is dropped. Tells of a failure in the past as well. */
  listen(listener: SocketListener | undefined): void {
    this.#listener = listener;
    const state = this.#state;
    if (!listener || state.name !== 'ended' || !state.failure) return;
    const { failure } = state;
    queueMicrotask(() => {
      if (this.#listener === listener) listener.failed(failure);
    });
  }

  /** Never throws. What cannot be sent any more is dropped: the listener is told why. Bytes are copied. */
  send(data: Frame): void {
    const bytes = typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength;
    const state = this.#state;
    if (state.name !== 'connecting' && state.name !== 'open') return;
    const waitingBytes = bytes + (state.name === 'connecting' ? state.waitingBytes : (this.#ws?.bufferedAmount ?? 0));
    if (waitingBytes > (this.#options.mostWaitingBytes ?? WAITING_BYTES)) {
      this.#fail(this.#error('timeout', `is ${waitingBytes} bytes behind with what it is sent`));
      return;
    }
    const copy = typeof data === 'string' ? data : Buffer.from(data);
    this.#count(copy);
    if (state.name === 'connecting') {
      state.waiting.push(copy);
      state.waitingBytes = waitingBytes;
    } else this.#write(copy);
  }

  /** Ends it in order, after these last messages: the far side has two seconds to agree. Nobody is told anything any more. */
  close(...last: readonly string[]): void {
    const { name } = this.#state;
    if (name === 'connecting') this.drop();
    if (name !== 'open') return;
    for (const message of last) this.#write(message);
    this.#listener = undefined;
    this.#state = { name: 'closing' };
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(CLOSE_MS, () => this.drop());
    this.#ws?.close(1000);
  }

  /** Ends it at once, because of this: what came over it was of no use. */
  abandon(failure: EngineError): void {
    this.#fail(failure);
  }

  /** Ends it at once. */
  drop(): void {
    if (this.#state.name !== 'ended') this.#end(undefined);
  }

  #connect(): WebSocket | undefined {
    const { url, headers, mostMessageBytes } = this.#options;
    let ws: WebSocket;
    try {
      ws = new WebSocket(url, { headers: { ...headers }, perMessageDeflate: false, maxPayload: mostMessageBytes ?? MESSAGE_BYTES });
    } catch (error) {
      this.#fail(networkFailure(this.#options.side, error, false));
      return undefined;
    }
    ws.on('open', () => this.#opened());
    ws.on('message', (data: Buffer, isBinary) => this.#message(data, isBinary));
    ws.on('pong', () => (this.#heard = true));
    ws.on('unexpected-response', (_, response) => void this.#refused(response));
    ws.on('error', (error) => this.#fail(this.#broken(error)));
    ws.on('close', (code, reason) => this.#fail(this.#closedBy(code, reason.toString())));
    return ws;
  }

  #opened(): void {
    const state = this.#state;
    if (state.name !== 'connecting') return;
    const { clock, greeting = [] } = this.#options;
    this.#timer?.cancel();
    this.#state = { name: 'open', sinceMs: clock.now() };
    for (const message of [...greeting, ...state.waiting]) this.#write(message);
    this.#keepAlive();
    this.#ready.resolve();
  }

  #count(data: Frame): void {
    if (typeof data !== 'string') this.#binaryBytes += data.byteLength;
  }

  #write(data: Frame): void {
    this.#sent = true;
    // Whether it arrived is told by 'error' and 'close'.
    this.#ws?.send(data, () => {});
  }

  #message(data: Buffer, isBinary: boolean): void {
    this.#heard = true;
    if (this.#state.name === 'open') this.#listener?.message(isBinary ? data : data.toString());
  }

  #keepAlive(): void {
    const { keepAlive, clock } = this.#options;
    if (!keepAlive) return;
    this.#timer = clock.after(keepAlive.everyMs, () => {
      if (!this.#heard) {
        this.#fail(this.#error('broken', `gave no sign of life for ${keepAlive.everyMs} ms`));
        return;
      }
      this.#heard = false;
      if (!this.#sent && keepAlive.message !== undefined) {
        this.#count(keepAlive.message);
        this.#write(keepAlive.message);
      }
      this.#sent = false;
      this.#ws?.ping();
      this.#keepAlive();
    });
  }

  /** The far side answered the handshake with an HTTP status, and says why in the body. */
  async #refused(response: IncomingMessage): Promise<void> {
    const { side, clock } = this.#options;
    const timer = clock.after(FAILURE_MS, () => response.destroy());
    let body = '';
    try {
      for await (const piece of response.setEncoding('utf8')) {
        body += piece;
        if (body.length > FAILURE_BYTES) break;
      }
    } catch {
      // What came of it must do.
    }
    timer.cancel();
    const waits = ['retry-after', 'retry-after-ms'].map((name): [string, string] => [name, String(response.headers[name] ?? '')]);
    this.#fail(httpFailure(side, response.statusCode ?? 0, parsedOr(body), retryAfterMs(new Headers(waits), clock.wallMs())));
  }

  #broken(error: Error): EngineError {
    if ((error as NodeJS.ErrnoException).code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
      return this.#error('broken', 'sent a message that is longer than any of its own', false);
    }
    return networkFailure(this.#options.side, error, this.#state.name !== 'connecting');
  }

  #closedBy(code: number, reason: string): EngineError {
    const { side, closeMeaning } = this.#options;
    const why = reason === '' ? '' : `: ${readable(reason, side)}`;
    return this.#error(closeMeaning?.(code, reason) ?? usualMeaning(code, reason), `closed the connection${why} (code ${code})`);
  }

  #error(reason: EngineFailure, what: string, retryable = reason !== 'unauthorized' && reason !== 'rejected'): EngineError {
    const { id, name } = this.#options.side;
    return new EngineError(id, reason, `${name} ${what}`, { retryable });
  }

  #fail(failure: EngineError): void {
    const { name } = this.#state;
    if (name === 'ended') return;
    this.#end(name === 'closing' ? undefined : failure);
  }

  #end(failure: EngineError | undefined): void {
    const { side } = this.#options;
    this.#timer?.cancel();
    this.#state = { name: 'ended', failure };
    this.#ready.reject(failure ?? new EngineError(side.id, 'unavailable', `the connection to ${side.name} was closed before it stood`));
    this.#ended.resolve(failure);
    // Also of one that is still connecting; its 'error' finds the state 'ended'.
    this.#ws?.terminate();
    const listener = this.#listener;
    if (!failure || !listener) return;
    queueMicrotask(() => {
      if (this.#listener === listener) listener.failed(failure);
    });
  }
}

/** What services mean by a code where nothing else is known: RFC 6455 section 7.4.1, IANA's 3000 and 3003, and HTTP statuses from 4000 on. */
function usualMeaning(code: number, reason: string): EngineFailure {
  if (code === 3000 || code === 3003 || code === 4401 || code === 4402 || code === 4403) return 'unauthorized';
  if (code === 1013 || code === 4429) return 'rate_limited';
  if (code === 3008 || code === 4408) return 'timeout';
  if (code === 1003 || code === 1007 || code === 1009 || code === 4400) return 'rejected';
  if (code !== 1008) return 'broken';
  if (/rate.?limit|quota|too many|concurren/i.test(reason)) return 'rate_limited';
  return /auth|api.?key|token|credential|forbidden|permission/i.test(reason) ? 'unauthorized' : 'rejected';
}
