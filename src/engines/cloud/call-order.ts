// Brings the parts of an answer into the order that an LlmPart stream promises: a call's arguments all come before anything else that is said or
// called, and are at least `{}`. Servers may send the arguments of parallel calls by turns, or a call without any.
import type { LlmPart } from '../engine.ts';
import { isCompleteObject } from './call-fields.ts';

export class CallOrder {
  /** The call whose arguments come now. */
  #open: { readonly callId: string; arguments: string } | undefined;
  /** What waits for them. */
  #held: LlmPart[] = [];

  push(parts: readonly LlmPart[]): LlmPart[] {
    return parts.flatMap((part) => this.#take(part));
  }

  /** Nothing more comes: what waited, in order. */
  end(): LlmPart[] {
    const parts = this.#close();
    while (this.#held.length > 0) {
      const held = this.#held;
      this.#held = [];
      parts.push(...this.push(held), ...this.#close());
    }
    return parts;
  }

  #take(part: LlmPart): LlmPart[] {
    if (part.type === 'reasoning') return [part];
    const open = this.#open;
    if (open && part.type === 'arguments' && part.callId === open.callId) {
      open.arguments += part.delta;
      // What waited may go on as soon as this call is whole.
      return [part, ...(this.#held.length > 0 && isCompleteObject(open.arguments) ? this.#release() : [])];
    }
    if (open && (this.#held.length > 0 || !isCompleteObject(open.arguments))) {
      this.#held.push(part);
      return [];
    }
    this.#open = part.type === 'call' ? { callId: part.callId, arguments: '' } : undefined;
    return part.type === 'arguments' ? [] : [part];
  }

  #release(): LlmPart[] {
    this.#open = undefined;
    const held = this.#held;
    this.#held = [];
    return this.push(held);
  }

  #close(): LlmPart[] {
    const open = this.#open;
    this.#open = undefined;
    return open?.arguments.trim() === '' ? [{ type: 'arguments', callId: open.callId, delta: '{}' }] : [];
  }
}
