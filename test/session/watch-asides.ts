// What must hold for whatever is said beside the answer: an acknowledgement keeps its distance and gives way, and nothing that was called
// off is heard.
import { strict as assert } from 'node:assert';
import { readProviderData } from '../../src/protocol/provider-data/provider-data.ts';
import type { SessionObject } from '../../src/protocol/session-config.ts';

export class WatchedAsides {
  /** Asides that were ordered, by what was last ordered or became of them. */
  readonly #asides = new Map<string, 'asked' | 'voiced' | 'sounded' | 'over'>();
  #settings: ReturnType<typeof readProviderData>['backchannel'];
  /** The acknowledgement on its way. */
  #acknowledging: string | undefined;
  /** How often the speaker of the open turn was acknowledged. */
  #turn: { given: number } | undefined;
  #heardAtMs = Number.NEGATIVE_INFINITY;

  /** Whether a filler may be heard now. */
  get fillerIsMade(): boolean {
    return [...this.#asides].some(([id, state]) => id.startsWith('fill') && state === 'voiced');
  }

  ask(aside: string, now: number): void {
    assert(!this.#asides.has(aside), 'a model is asked once');
    this.#order(aside, now);
    this.#asides.set(aside, 'asked');
  }

  speak(aside: string, now: number): void {
    const before = this.#asides.get(aside);
    if (before === undefined) this.#order(aside, now);
    else assert.equal(before, 'asked', 'an aside is spoken once, and not after it was called off');
    this.#asides.set(aside, 'voiced');
  }

  abort(aside: string): void {
    const before = this.#asides.get(aside);
    assert(before === 'asked' || before === 'voiced', 'only what is under way is aborted');
    this.#asides.set(aside, 'over');
  }

  /** `active`: the response of the default conversation that is under way. */
  sound(aside: string, bytes: Uint8Array, now: number, active: string | undefined): void {
    assert.equal(this.#asides.get(aside), 'voiced', 'only what was ordered is heard');
    assert.equal(active, undefined, 'nobody is acknowledged during an answer');
    assert(this.#turn, 'who does not speak is not acknowledged');
    this.#asides.set(aside, 'sounded');
    this.#turn.given += 1;
    this.#heardAtMs = now + bytes.length / 48;
  }

  done(aside: string): void {
    assert.equal(this.#asides.get(aside), 'sounded', 'an acknowledgement is done once, when it has sounded');
    this.#asides.set(aside, 'over');
    this.#acknowledging = undefined;
  }

  skipped(): void {
    this.#acknowledging = undefined;
  }

  session(session: SessionObject): void {
    this.#settings = session.type === 'realtime' ? readProviderData(session.providerData).backchannel : undefined;
  }

  turnBegan(): void {
    this.#turn = { given: 0 };
  }

  turnOver(): void {
    this.#turn = undefined;
  }

  #order(aside: string, now: number): void {
    if (!aside.startsWith('bc')) return;
    assert(this.#settings?.enabled, 'nobody is acknowledged who does not want it');
    assert.equal(this.#acknowledging, undefined, 'one acknowledgement at a time');
    assert(this.#turn, 'who does not speak is not acknowledged');
    assert(this.#turn.given < this.#settings.max_per_turn, 'no more than max_per_turn');
    assert(now >= this.#heardAtMs + this.#settings.min_gap_ms, 'no closer than min_gap_ms');
    this.#acknowledging = aside;
  }
}
