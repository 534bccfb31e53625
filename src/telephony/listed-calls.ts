// Telephone calls as whoever may ask for them is shown them: those that go on, and for some time those that have ended.
import type { PhoneCallShown } from './leg-state.ts';

export interface ListedCall extends PhoneCallShown {
  readonly route?: string;
}

/** Of all keys together. With one more, the call that ended first is forgotten. */
const mostEnded = 1000;

export class EndedCalls<C extends { readonly id: string } = ListedCall> {
  /** By their ids, in the order in which they have ended. */
  readonly #calls = new Map<string, { readonly owner: string; readonly call: C }>();

  keep(owner: string, call: C): void {
    this.#calls.set(call.id, { owner, call });
    const [oldest] = this.#calls.keys();
    if (this.#calls.size > mostEnded && oldest !== undefined) this.#calls.delete(oldest);
  }

  of(owner: string): C[] {
    return [...this.#calls.values()].filter((each) => each.owner === owner).map(({ call }) => call);
  }

  find(id: string, owner: string): C | undefined {
    const kept = this.#calls.get(id);
    return kept?.owner === owner ? kept.call : undefined;
  }
}
