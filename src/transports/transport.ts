// The plug of a way in: everything the author of a transport must know. A transport carries; it decides nothing.
import type { ClientEvent } from '../protocol/client-events.ts';
import type { RealtimeError } from '../protocol/errors.ts';
import type { ServerEvent, StampedEvent, TimestampInfo } from '../protocol/server-events.ts';

/** What came in, in the order it came: sound and events keep their places. */
export type Inbound =
  /** Sound in the session's input format; any number of bytes. */
  | { kind: 'audio'; bytes: Uint8Array }
  /** `unread`: fields of it that nobody knows, by their paths. `characters`: how many it was written in, where there are many (of a fault as well). */
  | { kind: 'event'; event: ClientEvent; unread?: readonly string[]; characters?: number }
  /** A key of a telephone was pressed. */
  | { kind: 'digit'; digit: string }
  /** A transport with a speaker of its own has played all but this much. */
  | { kind: 'played'; aheadMs: number }
  /** Something that was not an event; the client is told and the session goes on. */
  | { kind: 'fault'; error: RealtimeError; eventId: string | null; characters?: number };

/** Where a stretch of an answer's sound belongs. */
export interface AudioPlace {
  readonly eventId: string;
  readonly response: string;
  readonly item: string;
  readonly outputIndex: number;
  readonly contentIndex: number;
}

/** How a connection ended: who ended it, and with which WebSocket close code (or what stands for it here). */
export interface Ending {
  readonly by: 'server' | 'client';
  readonly code: number;
  readonly reason: string;
}

export interface Transport {
  /**
   * Ends when the far side has gone: with the last of what it sent, if it took its leave, and at once if its connection was lost. What
   * waits here is bounded in bytes.
   */
  readonly inbound: AsyncIterable<Inbound>;
  /** Nobody is there any more: what comes in now is still what was said, but what only a listener would want is not to be begun. */
  readonly gone: boolean;
  /**
   * Never waits: what the far side does not take in is bounded by the transport, which then closes. An event that is none of a session's,
   * and so has no id, is given one.
   */
  send(event: ServerEvent | StampedEvent): void;
  /**
   * One stretch of an answer, in the response's output format. `timestamps` are those of a client that wants them with the sound: a
   * transport whose sound has no place for them leaves them out. Those that come after it are an ordinary event without sound.
   */
  sendAudio(place: AudioPlace, bytes: Uint8Array, timestamps?: TimestampInfo): void;
  /** Drops what its own speaker has not played, where it has one. */
  clear?(): void;
  /** Resolves when more sound may be sent: at once for a reader that keeps up. */
  room(): Promise<void>;
  /** How it ended, once it has; for the log. */
  readonly ending?: Ending | undefined;
  /** Ends the connection with a WebSocket close code (or what stands for it here). */
  close(code: number, reason: string): void;
}
