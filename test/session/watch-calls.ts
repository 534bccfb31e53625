// What must hold for every call of an MCP tool: it is run once, when it is whole, and ends once, before its response does.
import { strict as assert } from 'node:assert';
import type { McpCall } from '../../src/protocol/items.ts';

export interface WatchedItem {
  /** Of an MCP call also: its arguments are whole (`called`), it `runs`, it has its result (`settled`). */
  state: 'open' | 'called' | 'runs' | 'settled' | 'done';
  index: number;
  deltas: string;
}

interface McpCallEvent {
  type: `response.mcp_call.${'in_progress' | 'completed' | 'failed'}`;
  item_id: string;
  output_index: number;
}

export class WatchedCalls {
  /** Calls that were given to the shell, and how they ended. */
  readonly #run = new Map<string, 'runs' | 'aborted' | 'over'>();

  run(id: string, call: WatchedItem): void {
    assert(!this.#run.has(id), 'a call is run once');
    assert.equal(call.state, 'runs', 'a call is told of before it is run');
    this.#run.set(id, 'runs');
  }

  abort(id: string): void {
    assert.equal(this.#run.get(id), 'runs', 'only what runs is aborted');
    this.#run.set(id, 'aborted');
  }

  event({ type, item_id, output_index }: McpCallEvent, call: WatchedItem): void {
    assert.equal(call.index, output_index);
    if (type === 'response.mcp_call.in_progress') {
      assert.equal(call.state, 'called', 'a call runs once, when its arguments are whole');
      call.state = 'runs';
      return;
    }
    // What was interrupted before it ran has failed too.
    if (type === 'response.mcp_call.failed' && call.state === 'called') assert(!this.#run.has(item_id));
    else assert.equal(call.state, 'runs', 'a call ends once');
    if (type === 'response.mcp_call.completed') assert.equal(this.#run.get(item_id), 'runs', 'what was aborted is not completed');
    call.state = 'settled';
    this.#run.set(item_id, 'over');
  }

  done(call: WatchedItem, index: number, item: McpCall): void {
    assert.equal(call.state, 'settled', 'a call is done when it has its result');
    assert.equal(call.index, index);
    assert.notEqual(item.output === null, item.error === null, 'a call has an output or an error');
    call.state = 'done';
  }
}
