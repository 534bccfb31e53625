// A recognition service on loopback: takes WebSockets, understands tones, and speaks one service's protocol; or refuses, hangs and dies as told.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { systemClock } from '../../../../src/lib/clock.ts';
import { Recorder } from '../../../../src/media/recorder.ts';
import { timedWords } from '../../../pipeline/tones.ts';

const SAMPLES_PER_MS = 16;

export interface HeardWord {
  readonly text: string;
  /** From the first sound of the connection. */
  readonly startMs: number;
  readonly endMs: number;
}

/** What a connection has heard. */
export class Ear {
  readonly #heard = new Recorder();
  #from = 0;

  get heardMs(): number {
    return this.#heard.end / SAMPLES_PER_MS;
  }

  /** Since the last `finish`. */
  get openMs(): number {
    return (this.#heard.end - this.#from) / SAMPLES_PER_MS;
  }

  hear(bytes: Uint8Array): void {
    const copy = Uint8Array.from(bytes);
    this.#heard.append(new Int16Array(copy.buffer, 0, copy.byteLength >> 1));
  }

  /** The words since the last `finish`, as far as they have ended. */
  get words(): HeardWord[] {
    const offsetMs = this.#from / SAMPLES_PER_MS;
    const words = timedWords(this.#heard.slice(this.#from, this.#heard.end)).map(({ text, startMs, endMs }) => ({
      text,
      startMs: startMs + offsetMs,
      endMs: endMs + offsetMs,
    }));
    return words.filter(({ endMs }) => endMs < this.heardMs);
  }

  /** Those words, for the last time. */
  finish(): HeardWord[] {
    const { words } = this;
    this.#from = this.#heard.end;
    return words;
  }

  /** The same; what was heard behind the last of them is not over. */
  finishWords(): HeardWord[] {
    const { words } = this;
    this.#from = Math.round((words.at(-1)?.endMs ?? this.heardMs) * SAMPLES_PER_MS);
    return words;
  }
}

export class FakeConnection {
  readonly ws: WebSocket;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly ear = new Ear();
  readonly texts: string[] = [];
  /** Bytes of each binary message. */
  readonly frames: number[] = [];
  /** When it stood: of the system's clock. */
  readonly sinceMs = systemClock.now();
  /** The code it was closed with. */
  readonly closed: Promise<number>;

  constructor(ws: WebSocket, url: URL, headers: IncomingHttpHeaders) {
    this.ws = ws;
    this.url = url;
    this.headers = headers;
    this.closed = once(ws, 'close').then(([code]) => code as number);
  }

  send(message: object | string): void {
    this.ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  get messages(): Record<string, unknown>[] {
    return this.texts.flatMap((text) => (text.startsWith('{') ? [JSON.parse(text) as Record<string, unknown>] : []));
  }
}

/** How one service behaves on a connection that it has accepted. */
export interface FakeProtocol {
  /** Called at once. */
  open?(): void;
  text(message: string): void;
  sound(bytes: Uint8Array): void;
}

export type Speaks = (connection: FakeConnection) => FakeProtocol;

/** A word of confidence 0.9 everywhere. */
export const CONFIDENCE = 0.9;

export class FakeService {
  readonly connections: FakeConnection[] = [];
  /** Told of each that was accepted, before it says anything. */
  onConnection: (connection: FakeConnection) => void = () => {};
  /** Whether the handshake goes on; one that answers by itself says no. */
  handshake: (socket: Socket, headers: IncomingHttpHeaders) => boolean | Promise<boolean> = () => true;
  /** It hears, and says nothing any more. */
  mute = false;
  readonly #speaks: Speaks;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer();

  constructor(speaks: Speaks) {
    this.#speaks = speaks;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<void> {
    const sockets = new WebSocketServer({ noServer: true });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('upgrade', (request, socket: Socket, head) => {
      socket.on('error', () => {});
      void Promise.resolve(this.handshake(socket, request.headers)).then((goesOn) => {
        if (!goesOn || socket.destroyed) return;
        sockets.handleUpgrade(request, socket, head, (ws) => this.#accept(ws, request.url ?? '', request.headers));
      });
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(ws: WebSocket, url: string, headers: IncomingHttpHeaders): void {
    const connection = new FakeConnection(ws, new URL(url, this.baseUrl), headers);
    this.connections.push(connection);
    ws.on('error', () => {});
    this.onConnection(connection);
    const protocol = this.#speaks(connection);
    ws.on('message', (data: Buffer, isBinary) => {
      if (isBinary) connection.frames.push(data.byteLength);
      else connection.texts.push(data.toString());
      if (this.mute) return;
      if (isBinary) protocol.sound(data);
      else protocol.text(data.toString());
    });
    if (!this.mute) protocol.open?.();
  }
}

/** Answers a handshake with a status, as HTTP servers do. */
export function answering(status: string, body: object | string = '', headers: Readonly<Record<string, string>> = {}) {
  return (socket: Socket): boolean => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(text)), connection: 'close' });
    socket.end(`HTTP/1.1 ${status}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${text}`);
    return false;
  };
}

export const textOf = (words: readonly HeardWord[]) => words.map(({ text }) => text).join(' ');
