// One WebSocket as a transport: text frames in both directions, bounded both ways.
import type { WebSocket } from 'ws';
import { Channel } from '../../lib/channel.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Ids } from '../../lib/ids.ts';
import { clientEventId, isEventId, parseClientEvent } from '../../protocol/client-events.ts';
import { beta } from '../../protocol/dialects/beta.ts';
import { looksBeta } from '../../protocol/dialects/choose.ts';
import type { Dialect, StampedEvent } from '../../protocol/dialects/dialect.ts';
import { ga } from '../../protocol/dialects/ga.ts';
import { errors, RealtimeError } from '../../protocol/errors.ts';
import type { ServerEvent, TimestampInfo } from '../../protocol/server-events.ts';
import { isRecord } from '../../protocol/json.ts';
import type { AudioPlace, Inbound, Transport } from '../transport.ts';
import { audioDelta, decodeAudio } from './wire.ts';

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
  readonly #ids: Ids;
  readonly #inbound = new Channel<Inbound>(mostInbound);
  /** What had been read from the socket already when the queue was full: no more than one chunk of it holds. */
  readonly #overflow: Inbound[] = [];
  #alive = true;
  #dialect: Dialect;
  /** Until the first update of the session the client's own words may still show its dialect. */
  #settled: boolean;

  /** `dialect` as the handshake showed it. */
  constructor(socket: WebSocket, clock: Clock, ids: Ids, dialect: Dialect) {
    this.#socket = socket;
    this.#clock = clock;
    this.#ids = ids;
    this.#dialect = dialect;
    this.#settled = dialect !== ga;
    socket.on('message', (data, isBinary) => {
      this.#alive = true;
      try {
        this.#receive(this.#read(data as Buffer, isBinary));
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
    const { type, ...rest } = event;
    const stamped = { type, event_id: this.#ids('event'), ...rest } as StampedEvent;
    for (const message of this.#dialect.fromGa(stamped)) this.#write(JSON.stringify(message));
  }

  sendAudio(place: AudioPlace, bytes: Uint8Array, timestamps?: TimestampInfo): void {
    this.#write(audioDelta(this.#dialect.audioDeltaType, this.#ids('event'), place, bytes, timestamps));
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

  #read(data: Buffer, isBinary: boolean): Inbound {
    let message: unknown;
    try {
      if (isBinary) throw errors.invalidJson('binary frames are not part of the protocol.');
      message = parseJson(data);
      // Sound is read without a schema: it is most of what comes. What else is wrong with it is for the schema to say.
      if (isRecord(message) && message.type === 'input_audio_buffer.append' && isEventId(message.event_id)) {
        return { kind: 'audio', bytes: decodeAudio(message.audio) };
      }
      if (!this.#settled && isRecord(message) && typeof message.type === 'string' && message.type.endsWith('session.update')) {
        this.#settled = true;
        if (looksBeta(message)) this.#dialect = beta;
      }
      return { kind: 'event', event: parseClientEvent(this.#dialect.toGa(message)) };
    } catch (error) {
      if (!(error instanceof RealtimeError)) throw error;
      return { kind: 'fault', error, eventId: clientEventId(message) };
    }
  }
}

function parseJson(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch (error) {
    throw errors.invalidJson(error instanceof Error ? error.message : 'it cannot be parsed.');
  }
}
