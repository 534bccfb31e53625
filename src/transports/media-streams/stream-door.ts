// The door for the media streams of telephone providers: which connections are let in, and what call each of them is. Providers bring no key of
// this server: a stream is let in by the one-call token that it was given, a PBX of one's own by a key.
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { LoopShares } from '../../lib/loop-shares.ts';
import type { IncomingPhoneCall } from '../calls/phone-call.ts';
import type { Upgrade } from '../websocket/door.ts';
import { openRawSockets, type RawEvents, type RawSocket } from '../websocket/raw-sockets.ts';
import type { StreamCarrier, StreamDialect, StreamMessage, StreamStart } from './dialect.ts';
import { dialectOf } from './dialects/choose.ts';
import type { OneCallTokens, StreamTicket } from './one-call-tokens.ts';
import { StreamPace } from './pace.ts';
import { type CallControl, StreamCall } from './stream-call.ts';
import { streamPath } from './stream-path.ts';

/** What providers send is 20 ms of sound at a time, and what they tell of a call. */
const mostFrameBytes = 64 * 1024;
/** A connection has so long to say which call it is. */
const startWaitMs = 5000;
/** Connections that have not said so yet. With one more, the oldest is closed: nobody can hold the door shut. */
const mostStrangers = 100;
/** From the provider to the caller's ear, besides what waits at the provider. */
const lagMs = 60;
/** Fields that open doors: no part of what is told of a call. */
const credentials = /^(token|key|api[-_]?key|access[-_]?token|authorization|secret|password)$/i;

/** Carriers that can be given a key, because their far side is one's own. */
export type KeyedCarrier = Extract<StreamCarrier, 'asterisk' | 'stream'>;

export interface StreamDoorOptions<Note> {
  readonly clock: Clock;
  readonly log: Log;
  /** What connections may have of the main loop. */
  readonly shares: LoopShares;
  readonly tokens: OneCallTokens<Note>;
  /** Those that have a door. */
  readonly carriers: readonly StreamCarrier[];
  /** Whether calls of a carrier are taken now; without this function they are. */
  isServed?(carrier: StreamCarrier): boolean;
  /** Whether an upgrade bears its carrier's signature; without this function no signature is asked for. */
  isSigned?(carrier: StreamCarrier, request: IncomingMessage): boolean;
  /** Whose call it is that comes with a key in its `Authorization` or its URL; undefined when the key is wrong or missing. */
  admit(carrier: KeyedCarrier, request: IncomingMessage, query: URLSearchParams): Promise<StreamTicket<Note> | undefined>;
  /** Who hands calls of a carrier over, and hangs them up, where that can be done. */
  controlOf?(carrier: StreamCarrier): CallControl | undefined;
  onIncoming(call: IncomingStreamCall, ticket: StreamTicket<Note>): void;
}

export interface IncomingStreamCall extends IncomingPhoneCall {
  /** The provider's API knows it by this id, where the stream itself has said none. */
  knowAs(callId: string): void;
}

export interface StreamDoor {
  /** For the WebSocket door's `elsewhere`. */
  readonly paths: ReadonlyMap<string, (upgrade: Upgrade) => Promise<void>>;
  /** Connections that have not shown a token yet. */
  readonly strangers: number;
  /** The carrier tells that this call has ended; its stream may not know yet. */
  hungUp(carrier: StreamCarrier, callId: string): void;
  close(): void;
}

export function openStreamDoor<Note>(options: StreamDoorOptions<Note>): StreamDoor {
  const { clock, log, shares, tokens } = options;
  const pace = new StreamPace(clock);
  const sockets = openRawSockets({ clock, shares, owner: 'media streams', mostFrameBytes });
  /** The oldest first. */
  const strangers = new Set<RawSocket>();
  /** Those that go on. */
  const calls = new Set<StreamCall>();

  async function answer(carrier: StreamCarrier, { request, url, socket, head, refuse }: Upgrade): Promise<void> {
    const query = url.searchParams;
    if (options.isServed?.(carrier) === false) return refuse(404, 'not_found', `No telephone provider '${carrier}' is configured.`);
    if (options.isSigned?.(carrier, request) === false) {
      return refuse(403, 'invalid_signature', `This is not signed as ${carrier} signs its requests to this address.`);
    }
    const token = query.get('token') ?? bearerOf(request);
    const keyed = isKeyed(carrier) && !(token !== undefined && tokens.has(token));
    const ticket = keyed ? await options.admit(carrier, request, query) : undefined;
    if (socket.destroyed) return;
    if (keyed && !ticket) return refuse(401, 'invalid_api_key', 'Incorrect or missing API key. Send it as "Authorization: Bearer <key>".');
    sockets.accept(request, socket, head, (raw) => meet(raw, dialectOf(carrier, withoutCredentials(query)), token, ticket));
  }

  /** A connection of which it is not known yet what call it is. */
  function meet(raw: RawSocket, dialect: StreamDialect, token: string | undefined, admitted: StreamTicket<Note> | undefined): RawEvents {
    let call: StreamCall | undefined;
    const timer = clock.after(startWaitMs, () => strangers.has(raw) && turnAway('it did not start', 1008));
    strangers.add(raw);
    const [oldest] = strangers;
    if (oldest && strangers.size > mostStrangers) {
      strangers.delete(oldest);
      oldest.close(1013, 'too many streams that have not started');
    }
    function known(): void {
      timer.cancel();
      strangers.delete(raw);
    }
    function turnAway(why: string, code: number): void {
      known();
      log.warn({ carrier: dialect.carrier, why }, 'a media stream was turned away');
      raw.close(code, why.slice(0, 100));
    }
    function start(told: StreamStart): void {
      const ticket = admitted ?? tokens.take(token ?? told.parameters['token'] ?? '', dialect.carrier, told.callId);
      if (!ticket) return turnAway('it has no token that holds', 1008);
      known();
      const begun = startOf(told, ticket);
      const control = options.controlOf?.(dialect.carrier);
      const streaming = new StreamCall({ socket: raw, dialect, start: begun, clock, pace, log, control });
      call = streaming;
      calls.add(streaming);
      streaming.over.addEventListener('abort', () => calls.delete(streaming), { once: true });
      options.onIncoming(incoming(streaming, dialect.carrier), ticket);
    }
    function take(message: StreamMessage): void {
      if (call) return call.take(message);
      if (!strangers.has(raw)) return;
      if (message.kind === 'started') start(message.start);
      else if (message.kind === 'unusable') turnAway(message.reason, 1003);
      else if (message.kind === 'stopped') turnAway('it stopped before it started', 1000);
    }
    if (dialect.atOnce) start(dialect.atOnce);
    return {
      onFrame: (frame) => take(dialect.read(frame)),
      onClose(how) {
        known();
        call?.disconnected(how);
      },
    };
  }

  return {
    paths: new Map(options.carriers.map((carrier) => [streamPath(carrier), (upgrade: Upgrade) => answer(carrier, upgrade)])),
    get strangers() {
      return strangers.size;
    },
    hungUp(carrier, callId) {
      for (const call of calls) if (call.carrier === carrier && call.callId === callId) call.take({ kind: 'stopped' });
    },
    close: () => sockets.close(),
  };
}

function incoming(call: StreamCall, carrier: StreamCarrier): IncomingStreamCall {
  const { callId, from, to, parameters, format } = call.start;
  return {
    carrier,
    from,
    to,
    carrierId: callId,
    fields: Object.entries(parameters).map(([name, value]) => ({ name, value })),
    speaker: { format, lagMs },
    // It has been answered over there, or rings by itself.
    ring() {},
    async answer(events) {
      call.answer(events);
      return call;
    },
    reject: () => call.close(),
    gone: call.gone,
    knowAs: (id) => call.knowAs(id),
  };
}

/** What the webhook said of the call is signed; what the stream says is not. */
function startOf<Note>(told: StreamStart, ticket: StreamTicket<Note>): StreamStart {
  const parameters = Object.fromEntries(Object.entries(told.parameters).filter(([name]) => !credentials.test(name)));
  return { ...told, callId: told.callId || (ticket.callId ?? ''), from: ticket.from ?? told.from, to: ticket.to ?? told.to, parameters };
}

function isKeyed(carrier: StreamCarrier): carrier is KeyedCarrier {
  return carrier === 'asterisk' || carrier === 'stream';
}

function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1];
}

function withoutCredentials(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...query].filter(([name]) => !credentials.test(name)));
}
