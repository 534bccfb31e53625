// A service of voices on loopback for tests: what all of them have in common. The files beside it say each one's language, frame by frame as it is
// documented. Its sound is a tone of a tenth of a second and a half for each word.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { VoiceAccess } from '../../../src/engines/cloud/voices/access.ts';
import type { Tts } from '../../../src/engines/engine.ts';
import { type Clock, systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { toBytes } from '../../../src/media/pcm.ts';

export const KEY = 'sk-very-secret-key-123456';
export const RATE_HZ = 24_000;
export const WORD_MS = 150;

export type Fault =
  | 'none'
  /** The voice is not one of its own. */
  | 'unknown voice'
  | 'bad key'
  | 'too many'
  | 'down'
  /** It takes the text and says nothing, until it is let go on. */
  | 'silent'
  /** Some sound, and then nothing. */
  | 'stalls'
  /** Some sound, and then the connection is gone. */
  | 'hangs up'
  | 'garbage'
  /** It says that it is done, and there was no sound. */
  | 'no sound';

export abstract class FakeService {
  fault: Fault = 'none';
  /** What it was given to say, in order. */
  readonly texts: string[] = [];
  /** Speeches that it was told to give up. */
  cancelled = 0;
  handshakes = 0;
  readonly requests: { method: string; url: string; headers: IncomingMessage['headers']; body: unknown }[] = [];
  /** Requests are taken and not answered; connections are. */
  silentLists = false;
  /** The next that it is sent is lost with the connection. */
  hangsUpNext = false;
  /** When the connection was made over which it is spoken to at this moment: of the system's clock. */
  connectedMs = Number.NaN;
  /** What becomes of what it keeps to itself while it is `silent`: it waits for `goOn`. `text`: what it would say, if it is that. */
  hold: (say: () => void, text?: string) => void = (say) => void this.#held.push(say);
  readonly #held: (() => void)[] = [];
  readonly #tcp = new Set<Socket>();
  readonly #connectedMs = new WeakMap<Socket, number>();
  readonly #waiting = new Set<() => void>();
  readonly #engines: Tts[] = [];
  readonly #http = createServer((request, response) => void this.#request(request, response));
  readonly #ws = new WebSocketServer({ noServer: true });

  async listen(port = 0): Promise<void> {
    this.#http.on('connection', (socket) => {
      this.handshakes += 1;
      this.#connectedMs.set(socket, systemClock.now());
      this.#tcp.add(socket);
      this.changed();
      socket.on('close', () => {
        this.#tcp.delete(socket);
        this.changed();
      });
    });
    this.#http.on('upgrade', (request, socket: Socket, head) => {
      const refusal = this.refusal(new URL(request.url ?? '', this.url));
      if (refusal) {
        socket.end(
          `HTTP/1.1 ${refusal.status} Refused\r\n${refusal.headers}content-length: ${Buffer.byteLength(refusal.body)}\r\n\r\n${refusal.body}`,
        );
        return;
      }
      this.requests.push({ method: 'UPGRADE', url: request.url ?? '', headers: request.headers, body: undefined });
      this.#ws.handleUpgrade(request, socket, head, (ws) => {
        ws.on('message', () => {
          this.connectedMs = this.#connectedMs.get(socket) ?? Number.NaN;
          if (!this.hangsUpNext) return;
          this.hangsUpNext = false;
          ws.terminate();
        });
        this.serve(ws, new URL(request.url ?? '', this.url));
      });
    });
    this.#http.listen(port, '127.0.0.1');
    await once(this.#http, 'listening');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** WebSockets so far. */
  get sockets(): URL[] {
    return this.requests.filter(({ method }) => method === 'UPGRADE').map(({ url }) => new URL(url, this.url));
  }

  get connections(): number {
    return this.#tcp.size;
  }

  /** An engine of ours that speaks with it. */
  open(clock: Clock = systemClock, more: Partial<VoiceAccess> = {}): Tts {
    const engine = this.create({
      id: 'fake',
      name: 'Fake',
      baseUrl: this.url,
      apiKey: KEY,
      defaultModel: this.model,
      firstSoundMs: 5000,
      clock,
      log: silentLog,
      ...more,
    });
    this.#engines.push(engine);
    return engine;
  }

  async close(): Promise<void> {
    await Promise.all(this.#engines.map((engine) => engine.close()));
    await this.stop();
  }

  /** Ends every connection. */
  hangUp(): void {
    for (const socket of this.#tcp) socket.destroy();
  }

  /** Nobody is there any more. */
  async stop(): Promise<void> {
    this.hangUp();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  /** Resolves when that is so; asked whenever something has happened here. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  protected changed(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** What it kept to itself while it was `silent` it says now. */
  goOn(): void {
    this.fault = 'none';
    for (const say of this.#held.splice(0)) say();
  }

  /** A close of a context that comes meanwhile is counted as one that nobody listens to any more. */
  protected get isStuck(): boolean {
    return this.fault === 'silent' || this.fault === 'stalls' || this.fault === 'hangs up';
  }

  abstract readonly model: string;
  protected abstract create(access: VoiceAccess): Tts;
  /** Answers a request that is no handshake; its list of voices, mostly. */
  protected abstract respond(url: URL, body: unknown, response: ServerResponse, request: IncomingMessage): void | Promise<void>;
  protected serve(_ws: WebSocket, _url: URL): void {}

  /** How the handshake, or the request, is refused. */
  protected refusal(_url: URL): { status: number; headers: string; body: string } | undefined {
    if (this.fault === 'bad key') return { status: 401, headers: '', body: JSON.stringify({ error: `wrong key ${KEY}` }) };
    if (this.fault === 'too many') return { status: 429, headers: 'retry-after: 7\r\n', body: JSON.stringify({ message: 'slow down' }) };
    if (this.fault === 'down') return { status: 503, headers: '', body: 'try later' };
    return undefined;
  }

  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const piece of request) text += String(piece);
    if (this.hangsUpNext) {
      this.hangsUpNext = false;
      request.socket.destroy();
      return;
    }
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    this.connectedMs = this.#connectedMs.get(request.socket) ?? Number.NaN;
    const url = new URL(request.url ?? '', this.url);
    this.requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
    if (!this.silentLists) await this.respond(url, body, response, request);
    this.changed();
  }
}

export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

const tones = new Map<string, Buffer>();

/** The sound of so many words. */
export function tone(words: number, speed = 1): Buffer {
  const key = `${words} ${speed}`;
  const made = tones.get(key) ?? newTone(words, speed);
  tones.set(key, made);
  return made;
}

function newTone(words: number, speed: number): Buffer {
  const samples = new Int16Array(Math.round((words * WORD_MS * RATE_HZ) / 1000 / speed));
  for (let i = 0; i < samples.length; i += 1) samples[i] = Math.round(6000 * Math.sin((2 * Math.PI * 400 * i) / RATE_HZ));
  return Buffer.from(toBytes(samples));
}

/** Bytes in pieces of which no two have the same length, and some an odd one. */
export function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0, length = 1501; at < bytes.length; at += length, length += 333) yield bytes.subarray(at, at + length);
}
