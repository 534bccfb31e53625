// The one clock of all streams: it runs while there is a call, and each call has its tick every 20 ms.
import type { Clock } from '../../lib/clock.ts';
import { Pacer } from '../rtp/pacer.ts';

export interface Paced {
  tick(nowMs: number): void;
}

export class StreamPace {
  readonly #clock: Clock;
  readonly #calls = new Set<Paced>();
  readonly #pacer: Pacer;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#pacer = new Pacer(clock, () => this.#tick());
  }

  join(call: Paced): void {
    this.#calls.add(call);
    this.#pacer.start();
  }

  leave(call: Paced): void {
    this.#calls.delete(call);
    if (this.#calls.size === 0) this.#pacer.stop();
  }

  #tick(): void {
    const nowMs = this.#clock.now();
    for (const call of this.#calls) call.tick(nowMs);
  }
}
