// Brings the parts of an answer into the order that an LlmPart stream promises: a call's arguments all come before anything else that is said or
// called, and are a JSON object. Servers may send the arguments of parallel calls by turns, or a call without any.
import type { LlmPart } from '../engine.ts';
import { CallArguments } from './call-arguments.ts';

export class CallOrder {
  /** The call whose arguments come now. */
  #open: { readonly callId: string; readonly arguments: CallArguments } | undefined;
  /** What waits for them. */
  #held: LlmPart[] = [];
  #cut = false;

  /** Whether the arguments of a call that was ended were not whole. */
  get cut(): boolean {
    return this.#cut;
  }

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
      const delta = open.arguments.push(part.delta);
      const told: LlmPart[] = delta === '' ? [] : [{ ...part, delta }];
      // What waited may go on as soon as this call is whole.
      return this.#held.length > 0 && open.arguments.whole ? [...told, ...this.#release()] : told;
    }
    if (open && (this.#held.length > 0 || !open.arguments.whole)) {
      this.#held.push(part);
      return [];
    }
    // What comes late for a call that was whole is no part of it.
    if (part.type === 'arguments') return [];
    const closing = this.#close();
    if (part.type === 'call') this.#open = { callId: part.callId, arguments: new CallArguments() };
    return [...closing, part];
  }

  #release(): LlmPart[] {
    const held = this.#held;
    this.#held = [];
    return [...this.#close(), ...this.push(held)];
  }

  #close(): LlmPart[] {
    const open = this.#open;
    this.#open = undefined;
    if (!open) return [];
    if (open.arguments.cut) this.#cut = true;
    const delta = open.arguments.end();
    return delta === '' ? [] : [{ type: 'arguments', callId: open.callId, delta }];
  }
}
