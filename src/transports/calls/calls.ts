// The calls there are, by id: how one begins, is joined from beside, and is hung up.
import type { Clock } from '../../lib/clock.ts';
import type { Ids } from '../../lib/ids.ts';
import type { Log } from '../../lib/log.ts';
import type { Dialect } from '../../protocol/dialects/dialect.ts';
import { EventText } from '../event-text.ts';
import type { Speaker } from '../../protocol/audio-format.ts';
import type { Ending, Transport } from '../transport.ts';
import type { Call, CallEvents } from './call.ts';
import type { HistoryPool } from './call-history.ts';
import { CallTransport } from './call-transport.ts';
import type { PhoneCarrier } from './phone-call.ts';

/** Who carries a call. */
export type CallCarrier = 'webrtc' | PhoneCarrier;

/** A call that is to begin. */
export interface CallRequest {
  /** The id of the key that it belongs to. */
  readonly owner: string;
  readonly carrier: CallCarrier;
  readonly dialect: Dialect;
  readonly speaker: Speaker;
  /** Where it has one already, because it has been ringing. */
  readonly id?: string;
  /** Told once that it has ended, whoever ended it. Not called for a call that never came about. */
  readonly ended?: (ending: Ending | undefined) => void;
}

/** A call that has been answered. */
export interface AnsweredCall {
  readonly id: string;
  readonly owner: string;
  readonly carrier: CallCarrier;
  /** Seconds since the Unix epoch. */
  readonly beganAt: number;
  readonly transport: CallTransport;
}

export interface Calls {
  readonly size: number;
  /**
   * Begins a call: `connect` has it answered or placed, and `enter` is given it as a transport. Rejects with what `connect` rejects with, and
   * then there is no call.
   */
  open<C extends Call>(
    request: CallRequest,
    connect: (events: CallEvents, id: string) => Promise<C>,
    enter: (call: Transport, id: string) => void,
  ): Promise<{ id: string; call: C }>;
  /** The call of that id, if the owner has one. */
  find(id: string, owner: string): CallTransport | undefined;
  /** Those of an owner, in the order in which they began. */
  of(owner: string): readonly AnsweredCall[];
}

export function newCallId(ids: Ids): string {
  return ids('rtc');
}

export interface CallsParts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** What may be kept of what has happened in calls. */
  readonly histories: HistoryPool;
  /** Told of each call once it has ended. */
  readonly onEnded: (call: AnsweredCall) => void;
}

export function keepCalls({ clock, ids, log, histories, onEnded }: CallsParts): Calls {
  const calls = new Map<string, AnsweredCall>();
  return {
    get size() {
      return calls.size;
    },
    async open({ owner, carrier, dialect, speaker, id = newCallId(ids), ended }, connect, enter) {
      const startedAtMs = clock.now();
      const beganAt = Math.floor(clock.wallMs() / 1000);
      const transport: CallTransport = new CallTransport({
        clock,
        text: new EventText(ids, dialect),
        speaker,
        histories,
        onEnded: () => {
          calls.delete(id);
          onEnded({ id, owner, carrier, beganAt, transport });
          ended?.(transport.ending);
          const { by, code, reason } = transport.ending ?? {};
          log.info({ call: id, by: owner, durationMs: Math.round(clock.now() - startedAtMs), endedBy: by, code, reason }, 'call ended');
        },
      });
      const call = await connect(transport, id);
      // It may have ended before we came to hear of the answer.
      if (!transport.ended) calls.set(id, { id, owner, carrier, beganAt, transport });
      transport.connect(call);
      try {
        enter(transport, id);
      } catch (error) {
        // Nobody would ever hear the caller.
        transport.close(1011, 'internal error');
        throw error;
      }
      return { id, call };
    },
    find(id, owner) {
      const call = calls.get(id);
      return call?.owner === owner ? call.transport : undefined;
    },
    of: (owner) => [...calls.values()].filter((call) => call.owner === owner),
  };
}
