// One WebSocket as a transport: text frames in both directions, bounded both ways.
import type { PartingSocket } from './parting-socket.ts';
import { Channel } from '../../lib/channel.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Ids } from '../../lib/ids.ts';
import type { Dialect } from '../../protocol/dialects/dialect.ts';
import type { TimestampInfo } from '../../protocol/server-events.ts';
import { EventText } from '../event-text.ts';
import type { AudioPlace, Ending, Inbound, OutgoingEvent, Transport } from '../transport.ts';
import type { Line } from './line.ts';
import { behindBytes, Reader, slowestMs } from '../reader.ts';

/** Messages, and their bytes, that may wait for the session before the socket is no longer read. */
const mostInbound = 1024;
const mostInboundBytes = 4 * 1024 * 1024;
/** The code of a connection that ended without a word. */
const lost = 1006;
/**
 * Bytes that may wait for the reader before its own messages wait as well: what it asks for faster than it reads is bounded by that. It is
 * above what an ordinary image makes, so that the user is heard while one is on its way.
 */
const fullBytes = 16 * 1024 * 1024;
/**
 * With so many bytes waiting nothing more is kept, whoever reads. It is more than what one message can add to `fullBytes`: two events
 * (`added` and `done`) of the 21 MiB of a frame, twice that size where an object becomes a string of JSON and its quotes are escaped.
 */
const mostBytes = 128 * 1024 * 1024;
/** A ping has so long to be answered, besides the time for what was sent before it, of which it is given no more than so much. */
const answerMs = 15_000;
const mostReadingMs = 120_000;
/** How long a closing handshake may take. */
const closeMs = 800;

export class WebSocketConnection implements Transport {
  readonly #socket: PartingSocket;
  readonly #line: Line;
  readonly #clock: Clock;
  readonly #text: EventText;
  /** As it came: what it says is looked into when its turn has come. Undefined stands for a frame that is no text. */
  readonly #inbound = new Channel<Buffer | undefined>(mostInbound, { bytes: mostInboundBytes, of: (message) => message?.length ?? 0 });
  /** What had been read from the socket already when the queue was full: no more than one chunk of it holds. */
  #overflow: (Buffer | undefined)[] = [];
  #closed = false;
  readonly #reader: Reader;
  #heardMs: number;
  /** The ping that waits for its answer: when it was sent, and after how many bytes. */
  #pinged: { atMs: number; sentBytes: number } | undefined;
  /** Bytes that have been read for certain. */
  #readBytes = 0;
  /** Who wants to know when so much has been read. */
  #unread: { sentBytes: number; resolve: (read: boolean) => void }[] = [];
  /** For how long nothing had come when its pings were given up. */
  #silentMs = 0;
  #ending: Ending | undefined;

  /** `line` is what `socket` writes to, `dialect` as the handshake showed it. */
  constructor(socket: PartingSocket, line: Line, clock: Clock, ids: Ids, dialect: Dialect) {
    this.#socket = socket;
    this.#line = line;
    this.#clock = clock;
    this.#heardMs = clock.now();
    this.#reader = new Reader(line, clock, () => this.close(1013, 'reader too slow'));
    line.onTaken = () => this.#reader.took();
    this.#text = new EventText(ids, dialect);
    socket.on('message', (data, isBinary) => {
      this.#heardMs = this.#clock.now();
      this.#receive(isBinary ? undefined : byItself(data as Buffer));
    });
    socket.on('pong', (data: Buffer) => {
      this.#heardMs = this.#clock.now();
      const readBytes = Number(data.toString('latin1'));
      this.#unread = this.#unread.filter(({ sentBytes, resolve }) => {
        if (sentBytes <= readBytes) resolve(true);
        return !(sentBytes <= readBytes);
      });
      // Some clients send a pong now and then, asked or not.
      if (this.#pinged?.sentBytes !== readBytes) return;
      this.#readBytes = this.#pinged.sentBytes;
      this.#pinged = undefined;
    });
    socket.on('close', (code: number, reason: Buffer) => {
      // What a client writes there goes to the log: a few words are enough.
      const said = { by: 'client', code, reason: reason.toString('utf8').slice(0, 100) } as const;
      this.#ending ??= code === lost ? { ...said, lost: { silentMs: this.#silentMs } } : said;
      for (const { resolve } of this.#unread) resolve(false);
      this.#unread = [];
      this.#reader.end();
      this.#closed = true;
      if (code === lost) this.#drop();
      else if (this.#overflow.length === 0) this.#inbound.close();
    });
    // ws follows an error with 'close': there is nothing to add.
    socket.on('error', () => {});
  }

  get inbound(): AsyncIterable<Inbound> {
    return this.#answerable();
  }

  /** Each message in its turn, as soon as there is room for what it may make. */
  async *#answerable(): AsyncIterable<Inbound> {
    for await (const message of this.#inbound) {
      await this.#reader.below(fullBytes);
      yield await this.#text.readBytes(message);
    }
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** Not while its connection breaks: whether it does is known when it has. */
  get gone(): boolean {
    return this.#socket.isParting || this.#socket.readyState === this.#socket.CLOSED;
  }

  get dialect(): Dialect {
    return this.#text.dialect;
  }

  /** A ping behind it is answered when all of it has been read. */
  arrived(): Promise<boolean> {
    if (this.#socket.readyState !== this.#socket.OPEN) return Promise.resolve(false);
    const sentBytes = this.#line.takenBytes + this.#line.waitingBytes;
    this.#socket.ping(String(sentBytes));
    return new Promise((resolve) => this.#unread.push({ sentBytes, resolve }));
  }

  /** Bytes that the far side has not taken. */
  get waitingBytes(): number {
    return this.#line.waitingBytes;
  }

  send(event: OutgoingEvent): void {
    for (const message of this.#text.write(event)) this.#write(message);
  }

  sendAudio(place: AudioPlace, bytes: Uint8Array, timestamps?: TimestampInfo): void {
    this.#write(this.#text.writeAudio(place, bytes, timestamps));
  }

  room(): Promise<void> {
    return this.#reader.below(behindBytes);
  }

  close(code: number, reason: string): void {
    if (this.#socket.readyState === this.#socket.CLOSED) return;
    this.#ending ??= { by: 'server', code, reason };
    this.#reader.end();
    this.#socket.close(code, reason);
    this.#clock.after(closeMs, () => this.#socket.terminate());
  }

  /** Called every 20 s: a peer that has not answered the last ping, though it had the time to read so far, is gone. */
  ping(): void {
    const nowMs = this.#clock.now();
    // Whom we do not read cannot answer.
    if (this.#socket.isPaused) this.#heardMs = nowMs;
    if (!this.#pinged) {
      const sentBytes = this.#line.takenBytes + this.#line.waitingBytes;
      this.#pinged = { atMs: nowMs, sentBytes };
      this.#socket.ping(String(sentBytes));
      return;
    }
    const { atMs, sentBytes } = this.#pinged;
    const patienceMs = answerMs + Math.min(mostReadingMs, slowestMs(sentBytes - this.#readBytes));
    if (nowMs - Math.max(atMs, this.#heardMs) > patienceMs) {
      this.#silentMs = nowMs - this.#heardMs;
      this.#socket.terminate();
    }
  }

  #write(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.waitingBytes > mostBytes) {
      this.close(1013, 'reader too slow');
      return;
    }
    this.#socket.send(text);
    this.#reader.wrote();
  }

  #receive(message: Buffer | undefined): void {
    if (this.#inbound.closed) return;
    const taken = this.#overflow.length === 0 && this.waitingBytes <= fullBytes && this.#inbound.push(message);
    if (taken) return;
    // A pause takes effect with the next chunk: the frames of this one keep coming, and must keep their order.
    if (this.#overflow.push(message) > 1) return;
    this.#socket.pause();
    void this.#refill();
  }

  async #refill(): Promise<void> {
    while (this.#overflow.length > 0 && !this.#inbound.closed) {
      await this.#reader.below(fullBytes);
      await this.#inbound.room();
      while (this.#overflow.length > 0 && this.#inbound.push(this.#overflow[0])) this.#overflow.shift();
    }
    if (this.#closed) this.#inbound.close();
    else this.#socket.resume();
  }

  #drop(): void {
    this.#overflow = [];
    this.#inbound.drop();
  }
}

/** A small message lies in the chunk that it came with, and would hold all of it. */
function byItself(message: Buffer): Buffer {
  return message.length === message.buffer.byteLength ? message : Buffer.from(message);
}
