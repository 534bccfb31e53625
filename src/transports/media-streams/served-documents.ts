// Documents that a provider fetches from this server because its API does not take them as they are: by a name that nobody can guess, for a short time.
import type { Clock } from '../../lib/clock.ts';
import type { CallDocument } from './answers.ts';

const characters = 32;
const mostDocuments = 10_000;

export class ServedDocuments {
  readonly #clock: Clock;
  readonly #chance: (characters: number) => string;
  readonly #documents = new Map<string, { readonly document: CallDocument; readonly untilMs: number }>();

  /** @param chance gives so many random letters and digits (`randomToken`). */
  constructor(clock: Clock, chance: (characters: number) => string) {
    this.#clock = clock;
    this.#chance = chance;
  }

  /** The name of a document, for so long. A provider that fetches it twice gets it twice. */
  keep(document: CallDocument, holdsMs = 180_000): string {
    const nowMs = this.#clock.now();
    for (const [name, { untilMs }] of this.#documents) {
      if (untilMs > nowMs && this.#documents.size < mostDocuments) break;
      this.#documents.delete(name);
    }
    const name = this.#chance(characters);
    this.#documents.set(name, { document, untilMs: nowMs + holdsMs });
    return name;
  }

  find(name: string): CallDocument | undefined {
    const found = this.#documents.get(name);
    return found && found.untilMs > this.#clock.now() ? found.document : undefined;
  }
}
