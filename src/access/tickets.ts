// Tickets: what a page of our own is given to open one WebSocket with, since a page cannot set headers there. A ticket holds once and for half a minute.
import type { Clock } from '../lib/clock.ts';
import type { RandomToken } from './vault.ts';

const holdsMs = 30_000;
/** Of 62 kinds of characters: 190 bits. */
const characters = 32;
/** Tickets that are out at once. With one more, the oldest is void. */
const mostTickets = 1000;

export class Tickets<T> {
  readonly #clock: Clock;
  readonly #random: RandomToken;
  /** In the order in which they were issued. */
  readonly #out = new Map<string, { readonly what: T; readonly untilMs: number }>();

  constructor(clock: Clock, random: RandomToken) {
    this.#clock = clock;
    this.#random = random;
  }

  issue(what: T): string {
    const now = this.#clock.now();
    for (const [ticket, { untilMs }] of this.#out) {
      if (untilMs > now && this.#out.size < mostTickets) break;
      this.#out.delete(ticket);
    }
    const ticket = this.#random(characters);
    this.#out.set(ticket, { what, untilMs: now + holdsMs });
    return ticket;
  }

  /** What it was issued for, if it holds; it holds no longer. */
  take(ticket: string): T | undefined {
    const found = this.#out.get(ticket);
    this.#out.delete(ticket);
    return found && found.untilMs > this.#clock.now() ? found.what : undefined;
  }
}
