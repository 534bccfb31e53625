// What a provider is told the address of, and comes back to: a document that it fetches, a call that it tells of. Kept by a name that nobody can guess,
// for a short time.
import type { Clock } from '../../lib/clock.ts';

const characters = 32;
const mostKept = 10_000;

export class KeptByName<T> {
  readonly #clock: Clock;
  readonly #chance: (characters: number) => string;
  readonly #kept = new Map<string, { readonly value: T; readonly untilMs: number }>();

  /** @param chance gives so many random letters and digits (`randomToken`). */
  constructor(clock: Clock, chance: (characters: number) => string) {
    this.#clock = clock;
    this.#chance = chance;
  }

  /** Its name, for so long. With too many, the oldest is forgotten. */
  keep(value: T, holdsMs = 180_000): string {
    const nowMs = this.#clock.now();
    for (const [name, { untilMs }] of this.#kept) {
      if (untilMs > nowMs && this.#kept.size < mostKept) break;
      this.#kept.delete(name);
    }
    const name = this.#chance(characters);
    this.#kept.set(name, { value, untilMs: nowMs + holdsMs });
    return name;
  }

  find(name: string): T | undefined {
    const found = this.#kept.get(name);
    return found && found.untilMs > this.#clock.now() ? found.value : undefined;
  }
}
