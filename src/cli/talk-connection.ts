// One Realtime session as a client holds it: events out and in, and every way to fail said as a sentence. A connection that breaks is followed by
// another where the server keeps the session for its client. No turn is known here.
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { Said } from './talk-said.ts';
import { errorSentence, isFields, numberOf, parseEvent, textOf, objectOf, type Fields, type RealtimeEvent } from './talk-events.ts';
import { Interrupted, TalkFailure } from './talk-failure.ts';
import type { Clock } from '../lib/clock.ts';

export interface ConnectionOptions {
  readonly url: URL;
  /** The whole `authorization` header, or undefined to come without one. */
  readonly authorization: string | undefined;
  /** Accept a certificate nobody vouches for. */
  readonly insecure: boolean;
  readonly clock: Clock;
  /** For the handshake and for session.created, each. */
  readonly timeoutMs: number;
  /** Fires to give up: `connect` then rejects with Interrupted. */
  readonly signal: AbortSignal;
  /** Sees every event of both directions as it passes. */
  readonly observe?: (from: 'client' | 'server', event: RealtimeEvent, atMs: number) => void;
  /** Is told when the connection breaks and the session is to be taken up, and when it has been. */
  readonly remark?: (text: string) => void;
}

/** Gets every event of the server with the moment of its arrival, in clock milliseconds. */
export type Listener = (event: RealtimeEvent, atMs: number) => void;

/** What may wait in our own socket before the server counts as stuck: about two minutes of speech. */
const maxBufferedBytes = 8 * 1024 * 1024;
/** The code of a connection that ended without a word. */
const lost = 1006;
/** Between two attempts to take a session up; the first is made at once. */
const retryMs = 500;
/** A closing handshake that is not answered ends here. */
const closeGraceMs = 1000;

/** With what the session can be taken up. */
interface Resumption {
  readonly session: string;
  readonly token: string;
  readonly seconds: number;
}

export class RealtimeConnection {
  #socket: WebSocket;
  readonly #options: ConnectionOptions;
  readonly #listeners = new Set<Listener>();
  #session: Fields = {};
  #ended: TalkFailure | undefined;
  /** Fires once, when no event can come any more. */
  readonly #endings = new Set<(failure: TalkFailure) => void>();

  #resumption: Resumption | undefined;
  #lastEvent = '';
  /** Since when it has had no connection that its session goes on over. */
  #lostAtMs: number | undefined;
  readonly #said = new Said();
  /** `resuming`: until the server has said what it has had, nothing new is sent. */
  #phase: 'open' | 'resuming' | 'closing' = 'open';

  private constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#socket = this.#open(options.url, {});
  }

  #open(url: URL, more: Record<string, string>): WebSocket {
    const { authorization, insecure, timeoutMs } = this.#options;
    const socket = new WebSocket(url, {
      headers: { ...(authorization === undefined ? {} : { authorization }), ...more },
      rejectUnauthorized: !insecure,
      handshakeTimeout: timeoutMs,
      perMessageDeflate: false,
      maxPayload: 64 * 1024 * 1024,
    });
    socket.on('message', (data, isBinary) => {
      const event = isBinary ? undefined : parseEvent((data as Buffer).toString('utf8'));
      if (event) this.#hear(event);
    });
    socket.on('unexpected-response', (_request, response) => {
      void refusal(response, { ...this.#options, url }).then((failure) => {
        const gone = new TalkFailure(3, `The connection broke off, and its session cannot be taken up again: ${failure.message}`);
        this.#end(this.#lostAtMs === undefined ? failure : gone);
        socket.terminate();
      });
    });
    socket.on('error', (error) => {
      // Whoever had a session tries again: 'close' follows.
      if (!this.#resumption) this.#end(connectFailure(error, url));
    });
    socket.on('close', (code, reason) => {
      const failure = closeFailure(code, reason.toString('utf8'));
      if (code !== lost || this.#ended || this.#phase === 'closing' || !this.#resumption) return this.#end(failure);
      this.#resume(this.#resumption, failure);
    });
    return socket;
  }

  #hear(event: RealtimeEvent): void {
    const atMs = this.#options.clock.now();
    this.#lastEvent = textOf(event, 'event_id') ?? this.#lastEvent;
    if (event.type === 'session.created') this.#keepOffer(objectOf(event, 'session'), 'id', 'parley');
    if (event.type === 'session.updated') this.#renew(objectOf(objectOf(event, 'session'), 'parley'));
    if (event.type === 'session.resumed') {
      this.#keepOffer(event, 'session_id');
      const received = objectOf(event, 'received');
      const missing = this.#said.after({ events: numberOf(received, 'events') ?? 0, soundBytes: numberOf(received, 'audio_bytes') ?? 0 });
      for (const text of missing) this.#socket.send(text);
      this.#phase = 'open';
      this.#lostAtMs = undefined;
      this.#options.remark?.('connected again; the conversation goes on');
    }
    this.#options.observe?.('server', event, atMs);
    for (const listener of this.#listeners) listener(event, atMs);
  }

  /** A server that keeps no session for its client offers nothing. */
  #keepOffer(told: Fields, id: string, within?: string): void {
    const offer = objectOf(within === undefined ? told : objectOf(told, within), 'resume');
    const [session, token, seconds] = [textOf(told, id), textOf(offer, 'token'), numberOf(offer, 'seconds')];
    if (session !== undefined && token !== undefined && seconds !== undefined) this.#resumption = { session, token, seconds };
  }

  /** Its end is near: taken up over another connection it has a new life. */
  #renew(told: Fields): void {
    if (numberOf(told, 'expires_in_seconds') === undefined || !this.#resumption || this.#phase !== 'open') return;
    const { clock, remark } = this.#options;
    remark?.('the session has nearly reached its longest life; taking it up for another');
    this.#lostAtMs = clock.now();
    this.#socket.terminate();
  }

  /** Takes the session up over another connection, again and again for as long as the server keeps it. */
  #resume({ session, token, seconds }: Resumption, failure: TalkFailure): void {
    const { clock, url, remark } = this.#options;
    const isFirst = this.#lostAtMs === undefined;
    this.#lostAtMs ??= clock.now();
    if (clock.now() - this.#lostAtMs > seconds * 1000) return this.#end(failure);
    if (isFirst) remark?.('the connection broke; taking the conversation up again');
    this.#phase = 'resuming';
    const place = new URL(url);
    place.searchParams.set('resume', session);
    place.searchParams.set('last_event', this.#lastEvent);
    clock.after(isFirst ? 0 : retryMs, () => {
      if (this.#phase === 'resuming') this.#socket = this.#open(place, { 'parley-resume-token': token });
    });
  }

  /**
   * Resolves when the server has sent session.created.
   * @throws {TalkFailure} with exit code 1 and advice. @throws {Interrupted} when the signal fires first.
   */
  static async connect(options: ConnectionOptions): Promise<RealtimeConnection> {
    if (options.signal.aborted) throw new Interrupted();
    const connection = new RealtimeConnection(options);
    try {
      // The event may lie in the same packet as the handshake's answer, so the wait for it begins before either.
      const [created] = await connection.next(['session.created', 'error'], options.timeoutMs * 2, 'The server did not open a session');
      if (created.type === 'error') throw new TalkFailure(1, `The server refused the session: ${errorSentence(created)}`);
      connection.#session = objectOf(created, 'session');
      return connection;
    } catch (failure) {
      await connection.close();
      throw failure instanceof TalkFailure && failure.exitCode !== 1 ? new TalkFailure(1, failure.message) : failure;
    }
  }

  /** The session as session.created showed it. */
  get session(): Fields {
    return this.#session;
  }

  /** Why the connection is over, or undefined while it is not. */
  get ended(): TalkFailure | undefined {
    return this.#ended;
  }

  /** @returns what ends the listening. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls `listener` once when the connection ends, at once if it has. */
  onEnd(listener: (failure: TalkFailure) => void): void {
    if (this.#ended) listener(this.#ended);
    else this.#endings.add(listener);
  }

  /** After the end, events go nowhere. A server that has stopped reading is the end. */
  send(event: RealtimeEvent): void {
    if (this.#ended || this.#phase === 'closing') return;
    if (this.#socket.bufferedAmount > maxBufferedBytes) {
      this.#end(new TalkFailure(3, 'The server has stopped reading what is sent to it.'));
      this.#socket.terminate();
      return;
    }
    this.#options.observe?.('client', event, this.#options.clock.now());
    const text = JSON.stringify(event);
    if (this.#resumption) this.#said.add(text, soundBytes(event));
    if (this.#phase === 'open' && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  /** The next event of one of `types`. @throws {TalkFailure} with `complaint` after `timeoutMs`, or when the connection ends. */
  next(types: readonly string[], timeoutMs: number, complaint: string): Promise<[event: RealtimeEvent, atMs: number]> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        timer.cancel();
        stop();
        this.#endings.delete(fail);
        this.#options.signal.removeEventListener('abort', interrupt);
        act();
      };
      const fail = (failure: Error) => settle(() => reject(failure));
      const interrupt = () => fail(new Interrupted());
      const timer = this.#options.clock.after(timeoutMs, () =>
        fail(new TalkFailure(3, `${complaint} within ${Math.round(timeoutMs / 1000)} seconds.`)),
      );
      const stop = this.listen((event, atMs) => {
        if (types.includes(event.type)) settle(() => resolve([event, atMs]));
      });
      this.#options.signal.addEventListener('abort', interrupt, { once: true });
      this.onEnd(fail);
    });
  }

  /** Ends the connection with code 1000; resolves when it is over, at the latest after a second. */
  async close(): Promise<void> {
    this.#phase = 'closing';
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(closeGraceMs, () => this.#socket.terminate());
      this.#socket.once('close', () => {
        timer.cancel();
        resolve();
      });
      this.#socket.close(1000);
    });
  }

  #end(failure: TalkFailure): void {
    if (this.#ended) return;
    this.#ended = failure;
    for (const listener of this.#endings) listener(failure);
    this.#endings.clear();
  }
}

function soundBytes(event: RealtimeEvent): number {
  return event.type === 'input_audio_buffer.append' ? Buffer.byteLength(textOf(event, 'audio') ?? '', 'base64') : 0;
}

/** The server answered the upgrade with HTTP. */
async function refusal(response: IncomingMessage, { url, authorization }: ConnectionOptions): Promise<TalkFailure> {
  const status = response.statusCode ?? 0;
  const said = await bodyMessage(response);
  const quoted = said ? ` It says: ${said}` : '';
  if (status === 401 || status === 403) {
    const advice = authorization === undefined ? 'No key was sent' : 'The key was not accepted';
    return new TalkFailure(1, `${advice} (HTTP ${status}).${quoted} Give the server's key with --key or in PARLEY_API_KEY.`);
  }
  if (status === 404 && url.searchParams.has('resume')) return new TalkFailure(1, `HTTP 404.${quoted}`);
  if (status === 404) return new TalkFailure(1, `There is no realtime endpoint at ${place(url)} (HTTP 404). Is the path of --url right?`);
  if (status === 429 || status === 503) return new TalkFailure(1, `The server takes no more calls just now (HTTP ${status}).${quoted}`);
  const elsewhere = response.headers.location ? ` It points to ${response.headers.location}; try that as --url.` : '';
  return new TalkFailure(1, `The server did not accept the connection (HTTP ${status}).${quoted}${elsewhere}`);
}

async function bodyMessage(response: IncomingMessage): Promise<string | undefined> {
  let body = '';
  try {
    for await (const chunk of response) {
      body += String(chunk);
      if (body.length > 16_384) break;
    }
    const json: unknown = JSON.parse(body);
    return isFields(json) ? messageIn(json) : undefined;
  } catch {
    return undefined;
  }
}

/** OpenAI nests the message, Inworld does not. */
function messageIn(body: Fields): string | undefined {
  return textOf(objectOf(body, 'error'), 'message') ?? textOf(body, 'message');
}

function connectFailure(error: Error & { code?: string }, url: URL): TalkFailure {
  const code = error.code ?? '';
  if (code === 'ECONNREFUSED') {
    return new TalkFailure(1, `Nothing answers at ${place(url)}. Is the server running? Start it with: npm start`);
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return new TalkFailure(1, `The host ${url.hostname} is not known. Is --url right?`);
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) {
    return new TalkFailure(1, `The certificate of ${url.host} is not trusted (${code}). If it is your own, add --insecure.`);
  }
  if (code === 'EPROTO' || /wrong version number/i.test(error.message)) {
    return new TalkFailure(1, `${url.host} does not speak TLS. Use ws:// instead of wss://.`);
  }
  if (/handshake has timed out/i.test(error.message)) return new TalkFailure(1, `${place(url)} did not answer the handshake in time.`);
  return new TalkFailure(1, `The connection to ${place(url)} failed: ${error.message}.`);
}

function closeFailure(code: number, reason: string): TalkFailure {
  const because = reason ? `: ${reason}` : '';
  return new TalkFailure(3, code === lost ? 'The connection broke off.' : `The server ended the connection (${code}${because}).`);
}

/** The address without its query, which may hold a key. */
function place(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
