// One WebSocket as a transport: text frames in both directions, bounded both ways.
import type { WebSocket } from 'ws';
import { Channel } from '../../lib/channel.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Ids } from '../../lib/ids.ts';
import type { Dialect } from '../../protocol/dialects/dialect.ts';
import type { ServerEvent, TimestampInfo } from '../../protocol/server-events.ts';
import { EventText } from '../event-text.ts';
import type { AudioPlace, Inbound, Transport } from '../transport.ts';

/** Messages that may wait for the session before the socket is no longer read. */
const mostInbound = 1024;
/** Bytes a slow reader may leave unread before answers wait for it, and before it is given up. */
const fullBytes = 1024 * 1024;
const mostBytes = 8 * 1024 * 1024;
/** How long answers wait for a slow reader. */
const patienceMs = 15_000;
/** How long a closing handshake may take. */
const closeMs = 800;

export class WebSocketConnection implements Transport {
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #text: EventText;
  readonly #inbound = new Channel<Inbound>(mostInbound);
  /** What had been read from the socket already when the queue was full: no more than one chunk of it holds. */
  readonly #overflow: Inbound[] = [];
  #alive = true;

  /** `dialect` as the handshake showed it. */
  constructor(socket: WebSocket, clock: Clock, ids: Ids, dialect: Dialect) {
    this.#socket = socket;
    this.#clock = clock;
    this.#text = new EventText(ids, dialect);
    socket.on('message', (data, isBinary) => {
      this.#alive = true;
      try {
        this.#receive(this.#text.read(isBinary ? undefined : (data as Buffer).toString('utf8')));
      } catch (error) {
        // A fault of ours ends this session, who reads the queue; thrown into the socket it would end the process.
        this.#inbound.fail(error);
      }
    });
    socket.on('pong', () => {
      this.#alive = true;
    });
    socket.on('close', () => this.#inbound.close());
    // ws follows an error with 'close': there is nothing to add.
    socket.on('error', () => {});
  }

  get inbound(): AsyncIterable<Inbound> {
    return this.#inbound;
  }

  send(event: ServerEvent): void {
    for (const message of this.#text.write(event)) this.#write(message);
  }

  sendAudio(place: AudioPlace, bytes: Uint8Array, timestamps?: TimestampInfo): void {
    this.#write(this.#text.writeAudio(place, bytes, timestamps));
  }

  async room(): Promise<void> {
    const startedAt = this.#clock.now();
    while (this.#socket.readyState === this.#socket.OPEN && this.#socket.bufferedAmount > fullBytes) {
      if (this.#clock.now() - startedAt > patienceMs) this.close(1013, 'reader too slow');
      else await sleep(this.#clock, 20);
    }
  }

  close(code: number, reason: string): void {
    if (this.#socket.readyState === this.#socket.CLOSED) return;
    this.#socket.close(code, reason);
    this.#clock.after(closeMs, () => this.#socket.terminate());
  }

  /** Called every 20 s: a peer that has not answered the last ping is gone. */
  ping(): void {
    if (!this.#alive) {
      this.#socket.terminate();
      return;
    }
    this.#alive = false;
    this.#socket.ping();
  }

  #write(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > mostBytes) {
      this.close(1013, 'reader too slow');
      return;
    }
    this.#socket.send(text);
  }

  #receive(inbound: Inbound): void {
    if (this.#inbound.closed || (this.#overflow.length === 0 && this.#inbound.push(inbound))) return;
    // A pause takes effect with the next chunk: the frames of this one keep coming, and must keep their order.
    if (this.#overflow.push(inbound) > 1) return;
    this.#socket.pause();
    void this.#refill();
  }

  async #refill(): Promise<void> {
    while (this.#overflow.length > 0 && !this.#inbound.closed) {
      await this.#inbound.room();
      while (this.#overflow[0] && this.#inbound.push(this.#overflow[0])) this.#overflow.shift();
    }
    this.#socket.resume();
  }
}
