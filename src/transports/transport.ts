// The plug of a way in: everything the author of a transport must know. A transport carries; it decides nothing.
import type { AudioFormat, Speaker } from '../protocol/audio-format.ts';
import type { ClientEvent } from '../protocol/client-events.ts';
import type { Dialect } from '../protocol/dialects/dialect.ts';
import type { RealtimeError } from '../protocol/errors.ts';
import type { SessionObject } from '../protocol/session-config.ts';
import type { ServerEvent, TimestampInfo } from '../protocol/server-events.ts';

/** What came in, in the order it came: sound and events keep their places. */
export type Inbound =
  /** Sound in the session's input format; any number of bytes. `live`: it came over the line of a call, and nobody has it to send it again. */
  | { kind: 'audio'; bytes: Uint8Array; beside?: true; live?: true }
  /**
   * `unread`: fields of it that nobody knows, by their paths. `characters`: how many it was written in, where there are many (of a fault as well).
   * `beside`: it is not the session's own client who says so, but a connection beside the call.
   */
  | { kind: 'event'; event: ClientEvent; unread?: readonly string[]; characters?: number; beside?: true }
  /** A key of a telephone was pressed. */
  | { kind: 'digit'; digit: string }
  /** A transport with a speaker of its own has played all but this much; `atMs`: when that was, by the clock, if it knows. */
  | { kind: 'played'; aheadMs: number; atMs?: number }
  /** The far side of a call has put it on hold, or has taken it up again; `atMs`: when that was, by the clock. */
  | { kind: 'hold'; held: boolean; atMs: number }
  /** Something that was not an event; the client is told and the session goes on. */
  | { kind: 'fault'; error: RealtimeError; eventId: string | null; characters?: number }
  /** The client's connection was lost, and nothing had come over it for that long by then; `atMs`: when that was, by the clock, if it is known. */
  | { kind: 'lost'; silentMs: number; atMs?: number }
  /**
   * The client is there again, over another one. `unreceivedMs`: sound that has not come there; `played`: how much of an item it has played, if
   * it says so; `speaker`: that of the transport, if it has one.
   */
  | { kind: 'back'; unreceivedMs: number; played?: PlayedPart; speaker: Speaker | undefined };

/** How much of an item's sound a client has played, by its own word. */
export interface PlayedPart {
  readonly item: string;
  readonly ms: number;
}

/** An event on its way out. Without an `event_id` the transport gives it one. */
export type OutgoingEvent = ServerEvent & { readonly event_id?: string };

/** Where a stretch of an answer's sound belongs. */
export interface AudioPlace {
  readonly eventId: string;
  readonly response: string;
  readonly item: string;
  readonly outputIndex: number;
  readonly contentIndex: number;
  /** What the sound is in. */
  readonly format: AudioFormat;
}

/** How a connection ended: who ended it, and with which WebSocket close code (or what stands for it here). */
export interface Ending {
  readonly by: 'server' | 'client';
  readonly code: number;
  readonly reason: string;
  /** It was nobody's wish: the connection broke, after nothing had come over it for that long. */
  readonly lost?: { readonly silentMs: number };
}

export interface Transport {
  /**
   * Ends when the far side has gone: with the last of what it sent, if it took its leave, and at once if its connection was lost. What
   * waits here is bounded in bytes.
   */
  readonly inbound: AsyncIterable<Inbound>;
  /** Nobody is there any more: what comes in now is still what was said, but what only a listener would want is not to be begun. */
  readonly gone: boolean;
  /** Never waits: what the far side does not take in is bounded by the transport, which then closes. */
  send(event: OutgoingEvent): void;
  /**
   * One stretch of an answer, in the response's output format. `timestamps` are those of a client that wants them with the sound: a
   * transport whose sound has no place for them leaves them out. Those that come after it are an ordinary event without sound.
   */
  sendAudio(place: AudioPlace, bytes: Uint8Array, timestamps?: TimestampInfo): void;
  /** Drops what its own speaker has not played, where it has one. */
  clear?(): void;
  /** Where the sound goes, if that is a speaker of its own. */
  readonly speaker?: Speaker;
  /** In which its far side is spoken to. */
  readonly dialect?: Dialect;
  /** For how long nothing has come from a far side that should have been heard. */
  readonly silentMs?: number;
  /** Resolves when all that was sent until now has come to the far side, with false when that is not known before it ends. */
  arrived?(): Promise<boolean>;
  /** The session that it carries from now on, which was created over another: for those who come in beside. */
  introduce?(session: SessionObject): void;
  /** Sends a client that has come back what it has missed; of the sound, `leftMs` have not been heard. */
  resume?(leftMs: number): void;
  /** Resolves when more sound may be sent: at once for a reader that keeps up. */
  room(): Promise<void>;
  /** How it ended, once it has; for the log. */
  readonly ending?: Ending | undefined;
  /** Ends the connection with a WebSocket close code (or what stands for it here). */
  close(code: number, reason: string): void;
}
