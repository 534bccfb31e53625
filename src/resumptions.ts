// Sessions that may be taken up again after their connection was lost: with what, by whom, and which of them wait for that.
import { ResumeTokens } from './access/resume-tokens.ts';
import type { Clock } from './lib/clock.ts';
import { type Ids, randomToken } from './lib/ids.ts';
import { Outbox } from './pipeline/outbox.ts';
import type { Dialect } from './protocol/dialects/dialect.ts';
import { type ResumeRefusal, resumeRefusals, type ResumeWish } from './protocol/resume.ts';
import type { Transport } from './transports/transport.ts';

export interface ResumptionOptions {
  readonly clock: Clock;
  readonly ids: Ids;
  /** How long a session waits for its client; 0: not at all. */
  readonly waitMs: number;
  /** Whether any session may begin to wait. */
  readonly mayWait: () => boolean;
}

/** Whose session it is, and who is told what becomes of its line. */
export interface Resumable {
  readonly sessionId: string;
  /** The id of the key that its client came in with. */
  readonly keyId: string;
  readonly onLost: () => void;
  readonly onBack: () => void;
}

/** Somebody who may take a session up. */
export interface Taking {
  /** In which the client was spoken to. */
  readonly dialect: Dialect | undefined;
  take(transport: Transport): void;
}

interface Held {
  readonly keyId: string;
  readonly outbox: Outbox;
  readonly tokens: ResumeTokens;
}

export class Resumptions {
  readonly #options: ResumptionOptions;
  readonly #sessions = new Map<string, Held>();
  /** The oldest first. */
  readonly #waiting = new Set<Held>();

  constructor(options: ResumptionOptions) {
    this.#options = options;
  }

  /** Sessions that wait for their client. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Those of one key. */
  waitingOf(keyId: string): number {
    return [...this.#waiting].filter((held) => held.keyId === keyId).length;
  }

  /** The line of a session whose first connection this is. */
  open(transport: Transport, { sessionId, keyId, onLost, onBack }: Resumable): Outbox {
    const { clock, ids, waitMs, mayWait } = this.#options;
    const tokens = new ResumeTokens(randomToken);
    const held: Held = {
      keyId,
      tokens,
      outbox: new Outbox(transport, {
        clock,
        ids,
        sessionId,
        owner: {
          waitMs,
          offer: () => {
            const { token, arrived } = tokens.offer();
            return { resume: { token, seconds: Math.round(waitMs / 1000) }, arrived };
          },
          lost: () => {
            if (!mayWait()) return false;
            this.#waiting.add(held);
            onLost();
            return true;
          },
          back: () => {
            if (this.#waiting.delete(held)) onBack();
          },
          over: () => {
            this.#waiting.delete(held);
            this.#sessions.delete(sessionId);
          },
        },
      }),
    };
    if (waitMs > 0) this.#sessions.set(sessionId, held);
    return held.outbox;
  }

  /** Whether this client may take up what it wants to; nothing changes for anybody before it does. */
  claim({ session, token, lastEvent, played }: ResumeWish, keyId: string): Taking | ResumeRefusal {
    const held = this.#sessions.get(session);
    if (held?.keyId !== keyId || held.outbox.isEnding) return resumeRefusals.unknown;
    if (token === undefined || !held.tokens.holds(token)) return resumeRefusals.token;
    if (lastEvent === undefined) return resumeRefusals.noLastEvent;
    if (!held.outbox.reachesBackTo(lastEvent)) return resumeRefusals.gap;
    return {
      dialect: held.outbox.spokenTo,
      take: (transport) => {
        // Another may have come with the same token while this one was being answered.
        if (!held.tokens.use(token)) transport.close(1008, resumeRefusals.token.code);
        else held.outbox.attach(transport, { lastEvent, played });
      },
    };
  }

  /** So many of those that wait end, the longest waiting first; of one key, or of all. */
  giveWay(count: number, keyId?: string): void {
    const leaving = [...this.#waiting].filter((held) => keyId === undefined || held.keyId === keyId).slice(0, Math.max(0, count));
    for (const { outbox } of leaving) outbox.giveWay();
  }

  /** Those that wait end: their clients find another server. */
  endWaiting(code: number, reason: string): void {
    for (const { outbox } of [...this.#waiting]) outbox.close(code, reason);
  }
}
