// Of one call that was placed: what its carrier has found out about who answered, for whoever listens for a machine, and what that one tells.
import type { AnsweredBy } from '../transports/calls/phone-call.ts';

export interface MachineFound {
  readonly answeredBy: 'machine' | 'fax';
  /** Since the call was answered. */
  readonly atMs: number;
  readonly reason: string;
}

export class MachineWatch {
  /** Tells that a machine has answered. */
  readonly tell: (found: MachineFound) => void;
  #who: AnsweredBy | undefined;
  #listener: ((who: AnsweredBy) => void) | undefined;

  constructor(tell: (found: MachineFound) => void) {
    this.tell = tell;
  }

  /** The carrier has found out who answered. It may do so before anybody listens here. */
  told(who: AnsweredBy): void {
    this.#who = who;
    this.#listener?.(who);
  }

  listen(listener: (who: AnsweredBy) => void): void {
    this.#listener = listener;
    if (this.#who !== undefined) listener(this.#who);
  }
}
