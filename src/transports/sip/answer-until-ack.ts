// A 2xx to an INVITE, sent again until its ACK comes (RFC 3261 section 13.3.1.4): over connections too, as a proxy may lose it further on.
import type { Timer } from '../../lib/clock.ts';
import type { Core } from './core.ts';
import type { SipRequest, SipResponse } from './message.ts';
import type { InviteServerTransaction } from './transactions/invite-server.ts';
import { patienceMs } from './transactions/timers.ts';

export class AnswerUntilAck {
  readonly #core: Core;
  readonly #transaction: InviteServerTransaction;
  readonly #response: SipResponse;
  readonly #tell: { onAck(ack: SipRequest): void; onNone(): void };
  readonly #endsAtMs: number;
  #timer: Timer | undefined;
  #waits = true;

  constructor(
    core: Core,
    transaction: InviteServerTransaction,
    response: SipResponse,
    tell: { onAck(ack: SipRequest): void; onNone(): void },
  ) {
    this.#core = core;
    this.#transaction = transaction;
    this.#response = response;
    this.#tell = tell;
    this.#endsAtMs = core.clock.now() + patienceMs(core.times);
    transaction.respond(response);
    this.#repeatAfter(core.times.t1Ms);
  }

  get waits(): boolean {
    return this.#waits;
  }

  /** Whether this was the ACK that was waited for. */
  take(ack: SipRequest): boolean {
    if (!this.#waits || ack.cseq.number !== this.#response.cseq.number) return false;
    this.stop();
    this.#tell.onAck(ack);
    return true;
  }

  stop(): void {
    this.#waits = false;
    this.#timer?.cancel();
  }

  #repeatAfter(delayMs: number): void {
    const leftMs = this.#endsAtMs - this.#core.clock.now();
    this.#timer = this.#core.clock.after(Math.min(delayMs, leftMs), () => {
      if (delayMs >= leftMs) {
        this.stop();
        this.#tell.onNone();
        return;
      }
      this.#transaction.respond(this.#response);
      this.#repeatAfter(Math.min(delayMs * 2, this.#core.times.t2Ms));
    });
  }
}
