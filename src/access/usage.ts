// What each API key uses of what a key may: sessions that are open, and requests, speech and mints by time. Tokens and ephemeral secrets count for
// the key that minted them. Keys that use nothing are forgotten; it knows no door, and whoever is refused is told by those who asked.
import { Bucket } from '../lib/bucket.ts';
import type { Clock } from '../lib/clock.ts';
import type { Excess, Limit, RateLimit } from '../protocol/limits.ts';

/** What is counted here: the responses of a session are counted by the session. */
type KeyLimit = Exclude<Limit, 'responses'>;
type TimedLimit = Exclude<KeyLimit, 'sessions'>;

/** How much a key may use; Infinity is no limit. */
export type KeyLimits = Readonly<Record<KeyLimit, number>>;

export interface UsageOptions {
  readonly limits: KeyLimits;
  readonly clock: Clock;
  /** Somebody is refused something. */
  readonly onRefused: (limit: Limit) => void;
}

/** In how much time a key may use as much as the limit says. */
const spansMs: Readonly<Record<TimedLimit, number>> = { requests: 1000, recognition: 60_000, speech: 60_000, mints: 60_000 };
const timedLimits = Object.keys(spansMs) as TimedLimit[];
/** Nobody knows when a session ends. */
const sessionRetryMs = 5000;
const forgetEveryMs = 60_000;
/** What fractions may add up to too little. */
const smallest = 1e-6;

/** What one key uses; of what is not limited there is no bucket. */
interface Account {
  sessions: number;
  readonly buckets: ReadonlyMap<TimedLimit, Bucket>;
}

export class Usage {
  readonly #options: UsageOptions;
  readonly #accounts = new Map<string, Account>();
  #forgottenAtMs: number;

  constructor(options: UsageOptions) {
    this.#options = options;
    this.#forgottenAtMs = options.clock.now();
  }

  /** Keys of which something is remembered. */
  get size(): number {
    return this.#accounts.size;
  }

  /** Sessions that the key has. */
  sessions(key: string): number {
    return this.#account(key).sessions;
  }

  /** Why the key may open no further session, if so. */
  full(key: string): Excess | undefined {
    const most = this.#options.limits.sessions;
    if (this.#account(key).sessions < most) return undefined;
    return this.#refused({ limit: 'sessions', most, retryAfterMs: sessionRetryMs });
  }

  /** The key has one session more, until what is given back is called. */
  enter(key: string): () => void {
    const account = this.#account(key);
    account.sessions += 1;
    let inside = 1;
    return () => {
      account.sessions -= inside;
      inside = 0;
    };
  }

  /** Takes a request; why there is none left, if so. */
  request(key: string): Excess | undefined {
    return this.#take(key, 'requests');
  }

  /** Takes a mint; why there is none left, if so. */
  mint(key: string): Excess | undefined {
    return this.#take(key, 'mints');
  }

  /**
   * The same for one session of the key's, and the speech it has: why no more of it is recognised, or made, if so, and how much was. What was
   * begun is finished, and counted when it is known.
   */
  of(key: string) {
    return {
      request: () => this.request(key),
      recognition: () => this.#exhausted(key, 'recognition'),
      recognised: (seconds: number) => this.#count(key, 'recognition', seconds),
      speech: () => this.#exhausted(key, 'speech'),
      spoken: (seconds: number) => this.#count(key, 'speech', seconds),
    };
  }

  /** What is left to the key of what `rate_limits.updated` has a name for: nothing where that is not limited. */
  rateLimits(key: string): RateLimit[] {
    const bucket = this.#account(key).buckets.get('requests');
    if (!bucket) return [];
    const nowMs = this.#options.clock.now();
    const remaining = Math.max(0, Math.floor(bucket.left(nowMs)));
    return [{ name: 'requests', limit: bucket.most, remaining, reset_seconds: bucket.waitMs(bucket.most, nowMs) / 1000 }];
  }

  /** Of each limit there is: which part of it is used by the key that uses most of it, from 0 to 1, or more where it owes some. */
  shares(): { limit: KeyLimit; used: number }[] {
    const { limits, clock } = this.#options;
    const nowMs = clock.now();
    const most = new Map<KeyLimit, number>();
    if (limits.sessions < Number.POSITIVE_INFINITY) most.set('sessions', 0);
    for (const limit of timedLimits) if (limits[limit] < Number.POSITIVE_INFINITY) most.set(limit, 0);
    const see = (limit: KeyLimit, used: number) => most.set(limit, Math.max(most.get(limit) ?? 0, used));
    for (const { sessions, buckets } of this.#accounts.values()) {
      if (most.has('sessions')) see('sessions', sessions / limits.sessions);
      for (const [limit, bucket] of buckets) see(limit, 1 - bucket.left(nowMs) / bucket.most);
    }
    return [...most].map(([limit, used]) => ({ limit, used }));
  }

  #take(key: string, limit: TimedLimit): Excess | undefined {
    const bucket = this.#account(key).buckets.get(limit);
    if (!bucket) return undefined;
    const nowMs = this.#options.clock.now();
    if (bucket.left(nowMs) < 1 - smallest) return this.#refused({ limit, most: bucket.most, retryAfterMs: bucket.waitMs(1, nowMs) });
    bucket.take(1, nowMs);
    return undefined;
  }

  #exhausted(key: string, limit: TimedLimit): Excess | undefined {
    const bucket = this.#account(key).buckets.get(limit);
    const nowMs = this.#options.clock.now();
    if (!bucket || bucket.left(nowMs) > 0) return undefined;
    return this.#refused({ limit, most: bucket.most, retryAfterMs: bucket.waitMs(0, nowMs) + 1 });
  }

  #count(key: string, limit: TimedLimit, amount: number): void {
    this.#account(key).buckets.get(limit)?.take(amount, this.#options.clock.now());
  }

  #refused(excess: Excess): Excess {
    this.#options.onRefused(excess.limit);
    return excess;
  }

  #account(key: string): Account {
    const known = this.#accounts.get(key);
    if (known) return known;
    const { limits, clock } = this.#options;
    const nowMs = clock.now();
    this.#forgetIdle(nowMs);
    const limited = timedLimits.filter((limit) => limits[limit] < Number.POSITIVE_INFINITY);
    const buckets = new Map(limited.map((limit) => [limit, new Bucket(limits[limit], spansMs[limit], nowMs)]));
    const account = { sessions: 0, buckets };
    this.#accounts.set(key, account);
    return account;
  }

  /** Once in a while, when a new key comes: those that use nothing, and owe nothing, are as if they had never come. */
  #forgetIdle(nowMs: number): void {
    if (nowMs - this.#forgottenAtMs < forgetEveryMs) return;
    this.#forgottenAtMs = nowMs;
    for (const [key, { sessions, buckets }] of this.#accounts) {
      const isIdle = sessions === 0 && [...buckets.values()].every((bucket) => bucket.left(nowMs) === bucket.most);
      if (isIdle) this.#accounts.delete(key);
    }
  }
}
