// Provisional responses that arrive for certain (RFC 3262): numbered, sent again until their PRACK, one after the other.
import type { Timer } from '../../lib/clock.ts';
import type { Core } from './core.ts';
import type { Header } from './header-list.ts';
import type { SipRequest, SipResponse } from './message.ts';
import type { InviteServerTransaction } from './transactions/invite-server.ts';
import { patienceMs } from './transactions/timers.ts';

interface Waiting {
  readonly number: number;
  readonly response: SipResponse;
}

/** A call that rings tells little; whoever would have more waiting says nothing new with them. */
const mostWaiting = 8;

export class ReliableProvisionals {
  readonly #core: Core;
  readonly #transaction: InviteServerTransaction;
  readonly #onNone: () => void;
  /** The first is on its way; the others follow when it is acknowledged (section 3). */
  readonly #waiting: Waiting[] = [];
  #number: number;
  #timer: Timer | undefined;
  #idle: (() => void)[] = [];

  /** @param onNone what is done when a response is never acknowledged. */
  constructor(core: Core, transaction: InviteServerTransaction, onNone: () => void) {
    this.#core = core;
    this.#transaction = transaction;
    this.#onNone = onNone;
    // Less than 2^31 with room to count up (section 3).
    this.#number = 1 + core.chance.integer(1_000_000_000);
  }

  /** Sends what `make` makes of the headers that number it. */
  send(make: (headers: readonly Header[]) => SipResponse): void {
    if (this.#waiting.length >= mostWaiting) return;
    const number = this.#number++;
    const response = make([
      { name: 'Require', value: '100rel' },
      { name: 'RSeq', value: String(number) },
    ]);
    this.#waiting.push({ number, response });
    if (this.#waiting.length === 1) this.#sendFirst();
  }

  /** Runs once all are acknowledged: a success must not overtake a description that is on its way (section 3). */
  whenIdle(task: () => void): void {
    if (this.#waiting.length === 0) task();
    else this.#idle.push(task);
  }

  /** Whether the PRACK acknowledges the response that is on its way; 481 otherwise. */
  take(prack: SipRequest): boolean {
    const [, number, cseq, method] = /^[ \t]*(\d+)[ \t]+(\d+)[ \t]+(\S+)/.exec(prack.headers.first('RAck') ?? '') ?? [];
    const first = this.#waiting[0];
    const { request } = this.#transaction;
    if (!first || Number(number) !== first.number || Number(cseq) !== request.cseq.number || method !== 'INVITE') return false;
    this.#timer?.cancel();
    this.#waiting.shift();
    if (this.#waiting.length > 0) {
      this.#sendFirst();
    } else {
      const tasks = this.#idle;
      this.#idle = [];
      for (const task of tasks) task();
    }
    return true;
  }

  /** A final response was sent: nothing is repeated any more. */
  stop(): void {
    this.#timer?.cancel();
    this.#waiting.length = 0;
    this.#idle = [];
  }

  #sendFirst(): void {
    const first = this.#waiting[0] as Waiting;
    this.#transaction.respond(first.response);
    this.#repeatAfter(this.#core.times.t1Ms, this.#core.clock.now() + patienceMs(this.#core.times), first.response);
  }

  #repeatAfter(delayMs: number, endsAtMs: number, response: SipResponse): void {
    const leftMs = endsAtMs - this.#core.clock.now();
    this.#timer = this.#core.clock.after(Math.min(delayMs, leftMs), () => {
      if (delayMs >= leftMs) {
        this.stop();
        this.#onNone();
        return;
      }
      this.#transaction.respond(response);
      this.#repeatAfter(delayMs * 2, endsAtMs, response);
    });
  }
}
