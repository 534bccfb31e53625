// The part of Watch that reads prompts: what memory takes out of them leaves no half of a call behind.
import { strict as assert } from 'node:assert';
import type { Item } from '../../src/protocol/items.ts';
import type { Prompt } from '../../src/protocol/prompt.ts';

export class WatchedPrompts {
  /** Call ids by the items that make or answer them. */
  readonly #callIds = new Map<string, string>();
  /** Calls that no prompt can tell whole: cut short while they were made, answered twice, or deleted in part by the client. */
  readonly #torn = new Set<string>();
  readonly #answered = new Set<string>();

  added(item: Item): void {
    if (item.type !== 'function_call' && item.type !== 'function_call_output') return;
    this.#callIds.set(item.id, item.call_id);
    if (item.type === 'function_call') return;
    if (this.#answered.has(item.call_id)) this.#torn.add(item.call_id);
    this.#answered.add(item.call_id);
  }

  done(item: Item): void {
    if (item.type === 'function_call' && item.status === 'incomplete') this.#torn.add(item.call_id);
  }

  deleted(id: string): void {
    const callId = this.#callIds.get(id);
    if (callId !== undefined) this.#torn.add(callId);
  }

  started({ memory, turns }: Prompt): void {
    if (memory === undefined) return;
    assert.notEqual(memory, '', 'nothing is told of an empty memory');
    const calls = new Set(turns.flatMap((turn) => (turn.role === 'call' ? turn.callId : [])));
    for (const turn of turns) {
      if (turn.role !== 'result' || this.#torn.has(turn.callId)) continue;
      assert(calls.has(turn.callId), `the result of ${turn.callId} is told with its call`);
    }
  }
}
