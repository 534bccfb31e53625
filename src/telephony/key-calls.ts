// What one key has called: how many calls run, how many it began in the last minute and day, and for how long they have lasted. A day is the last
// 24 hours, by the hour, so that nothing grows with the number of calls.

/** What one key may; Infinity is no limit. */
export interface OutboundLimits {
  readonly callsAtOnce: number;
  readonly callsPerMinute: number;
  readonly callsPerDay: number;
  readonly secondsPerDay: number;
}

export interface Refusal {
  readonly allowed: false;
  readonly code: 'unreadable' | 'not_allowed' | 'too_many';
  /** A sentence for whoever wanted the call. */
  readonly reason: string;
  /** When the same may be possible, where that is known. */
  readonly retryAfterMs?: number;
}

/** A call that counts. */
export interface Placement {
  readonly key: string;
  /** Until when its time is counted among that of the hours. */
  countedToMs: number;
}

/** What was called in one hour since the Unix epoch. */
export interface HourUse {
  readonly hour: number;
  readonly calls: number;
  readonly ms: number;
}

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayHours = 24;

/** The first hour that counts for the day which ends then. */
export function firstHour(nowMs: number): number {
  return hourOf(nowMs) - dayHours + 1;
}

export function hourOf(nowMs: number): number {
  return Math.floor(nowMs / hourMs);
}

interface Hour extends HourUse {
  calls: number;
  ms: number;
}

export class KeyCalls {
  #limits: OutboundLimits;
  readonly #running = new Set<Placement>();
  /** When the calls of the last minute began; no more than the limit lets in. */
  #recent: number[] = [];
  #hours: Hour[] = [];

  constructor(limits: OutboundLimits) {
    this.#limits = limits;
  }

  /** From now on these hold. */
  limit(limits: OutboundLimits): void {
    this.#limits = limits;
  }

  /** What was called before this server was started. */
  restore({ hour, calls, ms }: HourUse): void {
    this.#hours.push({ hour, calls, ms });
    this.#hours.sort((one, other) => one.hour - other.hour);
  }

  get running(): ReadonlySet<Placement> {
    return this.#running;
  }

  /** Why no further call may begin now, if so. */
  excess(nowMs: number, { transfer = false } = {}): Refusal | undefined {
    const { callsAtOnce, callsPerMinute, callsPerDay, secondsPerDay } = this.#limits;
    this.#forget(nowMs);
    if (!transfer && this.#running.size >= callsAtOnce) return tooMany(`No more than ${callsAtOnce} calls of this key may go on at once.`);
    if (this.#recent.length >= callsPerMinute) {
      const oldest = this.#recent[this.#recent.length - callsPerMinute] ?? nowMs;
      return tooMany(`No more than ${callsPerMinute} calls of this key may begin in a minute.`, oldest + minuteMs - nowMs);
    }
    if (this.#sum('calls') >= callsPerDay)
      return tooMany(`No more than ${callsPerDay} calls of this key may begin in a day.`, this.#roomInMs(nowMs));
    if (this.#usedMs(nowMs) >= secondsPerDay * 1000)
      return tooMany(`The calls of this key may last no longer than ${secondsPerDay} seconds in a day.`, this.#roomInMs(nowMs));
    return undefined;
  }

  begin(key: string, nowMs: number): Placement {
    this.count(nowMs);
    const placement: Placement = { key, countedToMs: nowMs };
    this.#running.add(placement);
    return placement;
  }

  count(nowMs: number): void {
    if (Number.isFinite(this.#limits.callsPerMinute)) this.#recent.push(nowMs);
    this.#hour(nowMs).calls += 1;
  }

  /** What of its time was not counted before. */
  end(placement: Placement, nowMs: number): number {
    if (!this.#running.has(placement)) return 0;
    const ms = this.#settle(placement, nowMs);
    this.#running.delete(placement);
    return ms;
  }

  /** Counts the time of the calls that go on until now; what of it was not counted before. */
  settle(nowMs: number): number {
    return [...this.#running].reduce((sum, placement) => sum + this.#settle(placement, nowMs), 0);
  }

  #settle(placement: Placement, nowMs: number): number {
    const ms = nowMs - placement.countedToMs;
    placement.countedToMs = nowMs;
    this.#hour(nowMs).ms += ms;
    return ms;
  }

  exhaustedAtMs(nowMs: number): number | undefined {
    if (this.#running.size === 0 || !Number.isFinite(this.#limits.secondsPerDay)) return undefined;
    this.#forget(nowMs);
    return nowMs + Math.max(0, this.#limits.secondsPerDay * 1000 - this.#usedMs(nowMs)) / this.#running.size;
  }

  #usedMs(nowMs: number): number {
    let usedMs = this.#sum('ms');
    for (const { countedToMs } of this.#running) usedMs += nowMs - countedToMs;
    return usedMs;
  }

  #sum(what: 'calls' | 'ms'): number {
    return this.#hours.reduce((sum, hour) => sum + hour[what], 0);
  }

  /** Until the oldest hour that counts counts no longer. */
  #roomInMs(nowMs: number): number {
    const oldest = this.#hours[0]?.hour ?? hourOf(nowMs);
    return (oldest + dayHours) * hourMs - nowMs;
  }

  #hour(nowMs: number): Hour {
    const hour = hourOf(nowMs);
    const last = this.#hours.at(-1);
    if (last && last.hour >= hour) return last;
    const next = { hour, calls: 0, ms: 0 };
    this.#hours.push(next);
    return next;
  }

  #forget(nowMs: number): void {
    this.#recent = this.#recent.filter((ms) => nowMs - ms < minuteMs);
    const first = firstHour(nowMs);
    this.#hours = this.#hours.filter(({ hour }) => hour >= first);
  }
}

function tooMany(reason: string, retryAfterMs?: number): Refusal {
  return { allowed: false, code: 'too_many', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
