// The calls there are, by id: how one begins, is joined from beside, and is hung up.
import type { Clock } from '../../lib/clock.ts';
import type { Ids } from '../../lib/ids.ts';
import type { Log } from '../../lib/log.ts';
import type { Dialect } from '../../protocol/dialects/dialect.ts';
import { EventText } from '../event-text.ts';
import type { Transport } from '../transport.ts';
import { CallTransport } from './call-transport.ts';
import type { CallMedia } from './media.ts';

export interface Calls {
  readonly size: number;
  /** Answers an offer; `enter` is given the call as a transport. `owner` is whose key made it. @throws CallError. */
  open(
    request: { offer: string; owner: string; dialect: Dialect },
    enter: (call: Transport, id: string) => void,
  ): Promise<{ id: string; sdp: string }>;
  /** The call of that id, if the owner has one. */
  find(id: string, owner: string): CallTransport | undefined;
  warmUp(): Promise<void>;
  close(): Promise<void>;
}

export function keepCalls({ media, clock, ids, log }: { media: CallMedia; clock: Clock; ids: Ids; log: Log }): Calls {
  const calls = new Map<string, { owner: string; transport: CallTransport }>();
  return {
    get size() {
      return calls.size;
    },
    async open({ offer, owner, dialect }, enter) {
      const id = ids('rtc');
      const startedAtMs = clock.now();
      const transport: CallTransport = new CallTransport({
        clock,
        text: new EventText(ids, dialect),
        onEnded: () => {
          calls.delete(id);
          const { by, code, reason } = transport.ending ?? {};
          log.info({ call: id, by: owner, durationMs: Math.round(clock.now() - startedAtMs), endedBy: by, code, reason }, 'call ended');
        },
      });
      const call = await media.answer(withLineEnds(offer), transport);
      // It may have ended before we came to hear of the answer.
      if (!transport.ended) calls.set(id, { owner, transport });
      transport.connect(call);
      enter(transport, id);
      return { id, sdp: call.sdp };
    },
    find(id, owner) {
      const call = calls.get(id);
      return call?.owner === owner ? call.transport : undefined;
    },
    warmUp: () => media.warmUp(),
    close: () => media.close(),
  };
}

/** SDP as its standard has it: people and shells lose the carriage returns and the last line's end. */
function withLineEnds(sdp: string): string {
  return `${sdp.trim().replace(/\r?\n/g, '\r\n')}\r\n`;
}
