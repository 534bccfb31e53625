// Tokens that let one media stream in: whoever answered a provider's webhook, or placed a call, gives one to the provider, which brings it back with
// the stream. Nobody else has seen it, it holds for a minute, and once.
import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import type { StreamCarrier } from './dialect.ts';

const holdsMs = 60_000;
/** Of 62 kinds of characters: 190 bits. */
const characters = 32;
/** Tokens that are out at once: so many calls do not begin in a minute. With one more, the oldest is gone. */
const mostTokens = 10_000;

/** What is known of a call before its stream begins. */
export interface StreamTicket<Note> {
  readonly carrier: StreamCarrier;
  /** As the provider calls it; a stream that names another call does not come in with it. */
  readonly callId?: string;
  readonly from?: string;
  readonly to?: string;
  /** Whose call it is, and what is to be done with it: the issuer's own business. */
  readonly note: Note;
}

export class OneCallTokens<Note> {
  readonly #clock: Clock;
  readonly #chance: (characters: number) => string;
  /** In the order in which they were issued. */
  readonly #tickets = new Map<string, { readonly ticket: StreamTicket<Note>; readonly untilMs: number }>();

  /** @param chance gives so many random letters and digits (`randomToken`). */
  constructor(clock: Clock, chance: (characters: number) => string) {
    this.#clock = clock;
    this.#chance = chance;
  }

  /** Those that have not been used, of which some may be over. */
  get size(): number {
    return this.#tickets.size;
  }

  /** @param ringMs of a call that is being placed: its stream begins when it is answered. */
  issue(ticket: StreamTicket<Note>, ringMs = 0): string {
    const nowMs = this.#clock.now();
    for (const [token, { untilMs }] of this.#tickets) {
      if (untilMs > nowMs && this.#tickets.size < mostTokens) break;
      this.#tickets.delete(token);
    }
    const token = this.#chance(characters);
    this.#tickets.set(token, { ticket, untilMs: nowMs + ringMs + holdsMs });
    return token;
  }

  /** A call that was not placed after all, or has ended before its stream began. */
  revoke(token: string): void {
    this.#tickets.delete(token);
  }

  /** Whether the token is out: it can still be refused for another carrier or call. */
  has(token: string): boolean {
    return this.#holding(token) !== undefined;
  }

  /** The ticket of a token that holds for this carrier and call. Whichever it was, it holds no longer. `callId` is empty where the stream names none. */
  take(token: string, carrier: StreamCarrier, callId: string): StreamTicket<Note> | undefined {
    const ticket = this.#holding(token);
    this.#tickets.delete(token);
    if (!ticket) return undefined;
    if (ticket.carrier !== carrier) return undefined;
    if (callId !== '' && ticket.callId !== undefined && !isSame(ticket.callId, callId)) return undefined;
    return ticket;
  }

  #holding(token: string): StreamTicket<Note> | undefined {
    const found = this.#tickets.get(token);
    return found && found.untilMs > this.#clock.now() ? found.ticket : undefined;
  }
}

function isSame(one: string, other: string): boolean {
  const bytes = Buffer.from(one);
  const others = Buffer.from(other);
  return bytes.length === others.length && timingSafeEqual(bytes, others);
}
