// What keys have called, kept on the clock: which call may begin, which ones end because the seconds of their key's day are used up, and counts that
// outlive this process.
import type { Clock, Timer } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { firstHour, type HourUse, hourOf, type Placement, type Refusal } from './key-calls.ts';
import { OutboundPolicy, type OutboundRules, type Verdict } from './outbound-policy.ts';

export interface KeyUse extends HourUse {
  readonly keyId: string;
}

/** Where the counts are kept. Hours are those since the Unix epoch. */
export interface OutboundBook {
  /** What was called from that hour on. */
  outboundUse(fromHour: number): Promise<readonly KeyUse[]>;
  /** Adds to what is kept of that hour; what is older than `fromHour` is forgotten. */
  addOutboundUse(use: KeyUse, fromHour: number): Promise<void>;
}

export interface OutboundLedgerParts {
  readonly rules: OutboundRules;
  readonly clock: Clock;
  readonly book: OutboundBook;
  readonly log: Log;
}

/** A call that was placed, and ends when the seconds of its key are used up. */
export interface LimitedCall {
  /** It has some seconds left. It may say so, and end by itself. */
  warn(): void;
  /** It has none left. */
  end(): void;
}

/** How long before its end a call is warned. */
const warningMs = 10_000;
/** So often the time of calls that go on is written down: what a crash would lose. */
const writeEveryMs = 60_000;

interface Watched {
  readonly call: LimitedCall;
  isWarned: boolean;
}

export class OutboundLedger {
  readonly #parts: OutboundLedgerParts;
  readonly #policy: OutboundPolicy;
  /** From the clock's time to the wall's as it was at the start: hours are those of the wall, and go on when its clock is put right. */
  readonly #toWallMs: number;
  readonly #calls = new Map<Placement, Watched>();
  readonly #timers = new Map<string, Timer>();
  /** By key and hour. */
  readonly #unwritten = new Map<string, KeyUse>();
  #writing: Promise<void> | undefined;
  #isRead = false;

  /** @throws Error naming a prefix or a domain that cannot be read. */
  constructor(parts: OutboundLedgerParts) {
    this.#parts = parts;
    this.#policy = new OutboundPolicy(parts.rules);
    this.#toWallMs = parts.clock.wallMs() - parts.clock.now();
  }

  /** Reads, once, what was called before this server was started. Without it the limits begin anew, which is logged. */
  async read(): Promise<void> {
    if (this.#isRead) return;
    this.#isRead = true;
    const nowMs = this.#nowMs;
    try {
      const uses = await this.#parts.book.outboundUse(firstHour(nowMs));
      // What is to come was written while the clock was ahead.
      for (const use of uses) if (use.hour <= hourOf(nowMs)) this.#policy.restore(use.keyId, use);
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'what was called in the last day cannot be read: the limits of calls begin anew');
    }
  }

  configure(rules: OutboundRules): void {
    this.#policy.configure(rules);
    for (const key of this.#policy.callers) this.#look(key);
  }

  /** Whether a caller of that key may be handed over there; it counts if so. */
  transfer(key: string, target: string): Verdict {
    const nowMs = this.#nowMs;
    const verdict = this.#policy.transfer(key, target, nowMs);
    if (verdict.allowed) this.#write({ keyId: key, hour: hourOf(nowMs), calls: 1, ms: 0 });
    return verdict;
  }

  /** Whether that key may call there; it counts from now on if so, until `ended`. */
  place(key: string, target: string): { readonly target: string; readonly placement: Placement } | Refusal {
    const nowMs = this.#nowMs;
    const placed = this.#policy.place(key, target, nowMs);
    if ('allowed' in placed) return placed;
    this.#write({ keyId: key, hour: hourOf(nowMs), calls: 1, ms: 0 });
    return { target: placed.verdict.target, placement: placed.placement };
  }

  /** The call of a placement has begun. */
  watch(placement: Placement, call: LimitedCall): void {
    this.#calls.set(placement, { call, isWarned: false });
    this.#look(placement.key);
  }

  ended(placement: Placement): void {
    const nowMs = this.#nowMs;
    this.#calls.delete(placement);
    const ms = this.#policy.ended(placement, nowMs);
    this.#write({ keyId: placement.key, hour: hourOf(nowMs), calls: 0, ms });
    this.#look(placement.key);
  }

  /** Resolves when all counts are kept, or cannot be. */
  async close(): Promise<void> {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    for (const key of this.#policy.callers) this.#settle(key);
    await this.#writing;
  }

  get #nowMs(): number {
    return this.#parts.clock.now() + this.#toWallMs;
  }

  /** Does what is due of a key's calls, and looks again when more is. */
  #look(key: string): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
    const nowMs = this.#nowMs;
    const untilMs = this.#policy.exhaustedAtMs(key, nowMs) ?? Number.POSITIVE_INFINITY;
    const calls = [...this.#calls].filter(([placement]) => placement.key === key);
    if (calls.length === 0) return;
    const leftMs = untilMs - nowMs;
    if (leftMs < 1) return this.#endAll(calls);
    if (leftMs <= warningMs) for (const [, watched] of calls) this.#warn(watched);
    const nextMs = Math.min(writeEveryMs, leftMs > warningMs ? leftMs - warningMs : leftMs);
    const wake = () => {
      this.#settle(key);
      this.#look(key);
    };
    this.#timers.set(key, this.#parts.clock.after(nextMs, wake));
  }

  /** Each tells that it has ended, and nothing more is to be done about it. */
  #endAll(calls: readonly (readonly [Placement, Watched])[]): void {
    for (const [placement] of calls) this.#calls.delete(placement);
    for (const [, { call }] of calls) call.end();
  }

  #warn(watched: Watched): void {
    if (watched.isWarned) return;
    watched.isWarned = true;
    watched.call.warn();
  }

  #settle(key: string): void {
    const nowMs = this.#nowMs;
    this.#write({ keyId: key, hour: hourOf(nowMs), calls: 0, ms: this.#policy.settle(key, nowMs) });
  }

  /** What cannot be written waits, added up by key and hour, and is tried again with what comes next. */
  #write(use: KeyUse): void {
    this.#add(use);
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  #add({ keyId, hour, calls, ms }: KeyUse): void {
    const at = `${keyId} ${hour}`;
    const waiting = this.#unwritten.get(at);
    this.#unwritten.set(at, { keyId, hour, calls: calls + (waiting?.calls ?? 0), ms: ms + (waiting?.ms ?? 0) });
  }

  async #writeAll(): Promise<void> {
    // Together with what else is told in this moment.
    await Promise.resolve();
    for (let next = this.#unwritten.entries().next().value; next; next = this.#unwritten.entries().next().value) {
      const [at, use] = next;
      this.#unwritten.delete(at);
      const ms = Math.round(use.ms);
      if (use.calls === 0 && ms === 0) continue;
      try {
        await this.#parts.book.addOutboundUse({ ...use, ms }, firstHour(this.#nowMs));
      } catch (error) {
        // The store says what is wrong with it.
        this.#parts.log.debug({ err: error }, 'what was called cannot be written down now');
        this.#add(use);
        return;
      }
    }
  }
}
