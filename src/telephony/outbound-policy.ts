// Where this server may call, and how much: against toll fraud, by whoever has got hold of a key or of the model's ear. Asked for every call that is
// placed and for every transfer. Pure: whoever asks brings the time.
import { costlyKind } from './costly-numbers.ts';
import { readDialTarget } from './dial-target.ts';
import { type HourUse, KeyCalls, type OutboundLimits, type Placement, type Refusal } from './key-calls.ts';

export interface OutboundRules {
  /** In E.164: `+1`, `+4930`. None allows no number. */
  readonly prefixes: readonly string[];
  /** Hosts of SIP addresses: `pbx.example.com`, `*.example.com`. None allows no SIP address. */
  readonly domains: readonly string[];
  readonly limits: OutboundLimits;
}

export type Verdict =
  /** `target` is how it is dialled: `tel:+15552345678`, `sip:ann@example.com`. */
  { readonly allowed: true; readonly target: string } | Refusal;

export class OutboundPolicy {
  #rules: OutboundRules;
  readonly #keys = new Map<string, KeyCalls>();

  /** @throws Error naming a prefix or a domain that cannot be read. */
  constructor(rules: OutboundRules) {
    checkRules(rules);
    this.#rules = rules;
  }

  /** From now on these rules hold; what was called before counts. @throws Error as the constructor does. */
  configure(rules: OutboundRules): void {
    checkRules(rules);
    this.#rules = rules;
    for (const calls of this.#keys.values()) calls.limit(rules.limits);
  }

  /** What a key called before this server was started. */
  restore(key: string, use: HourUse): void {
    this.#callsOf(key).restore(use);
  }

  /** Whether this target may be called at all. */
  judge(text: string): Verdict {
    const target = readDialTarget(text);
    if (target.kind === 'unreadable') return { allowed: false, code: 'unreadable', reason: `This cannot be called: ${target.reason}.` };
    if (target.kind === 'number') return this.#judgeNumber(target.number) ?? { allowed: true, target: `tel:${target.number}` };
    if (!this.#rules.domains.some((domain) => isWithin(domain, target.host)))
      return refused('Calls to SIP addresses of this domain are not allowed here.');
    return (target.number && this.#judgeNumber(target.number)) || { allowed: true, target: target.uri };
  }

  /** The same for a call of that key, which counts from now on if it is allowed: `ended` takes it back. */
  place(
    key: string,
    text: string,
    nowMs: number,
  ): { readonly verdict: Verdict & { allowed: true }; readonly placement: Placement } | Refusal {
    const verdict = this.judge(text);
    if (!verdict.allowed) return verdict;
    const calls = this.#callsOf(key);
    const excess = calls.excess(nowMs);
    if (excess) return excess;
    return { verdict, placement: calls.begin(key, nowMs) };
  }

  /** The same for handing a call over: it counts among the calls of the minute and the day, and lasts as long as it likes elsewhere. */
  transfer(key: string, text: string, nowMs: number): Verdict {
    const verdict = this.judge(text);
    if (!verdict.allowed) return verdict;
    const calls = this.#callsOf(key);
    const excess = calls.excess(nowMs, { transfer: true });
    if (excess) return excess;
    calls.count(nowMs);
    return verdict;
  }

  /** How much of its time was not counted before, in milliseconds. */
  ended(placement: Placement, nowMs: number): number {
    return this.#keys.get(placement.key)?.end(placement, nowMs) ?? 0;
  }

  /** The keys that have calls going on. */
  get callers(): readonly string[] {
    return [...this.#keys].filter(([, calls]) => calls.running.size > 0).map(([key]) => key);
  }

  /** Counts the time of a key's calls that go on; how much of it was not counted before, in milliseconds. */
  settle(key: string, nowMs: number): number {
    return this.#keys.get(key)?.settle(nowMs) ?? 0;
  }

  /** When the seconds of a key's day are used up if its calls go on as they are: they are to be ended then. Undefined while none runs. */
  exhaustedAtMs(key: string, nowMs: number): number | undefined {
    return this.#keys.get(key)?.exhaustedAtMs(nowMs);
  }

  /** Undefined where the number is allowed. */
  #judgeNumber(number: string): Refusal | undefined {
    const allowing = this.#rules.prefixes.filter((prefix) => number.startsWith(prefix));
    if (allowing.length === 0) return refused('Calls to numbers with this prefix are not allowed here.');
    const costly = costlyKind(number);
    if (!costly || allowing.some((prefix) => prefix.length >= costly.prefix.length)) return undefined;
    return refused(`This number is ${costly.what}: the prefix ${costly.prefix} is not allowed here.`);
  }

  #callsOf(key: string): KeyCalls {
    const known = this.#keys.get(key) ?? new KeyCalls(this.#rules.limits);
    this.#keys.set(key, known);
    return known;
  }
}

function refused(reason: string): Refusal {
  return { allowed: false, code: 'not_allowed', reason };
}

function checkRules({ prefixes, domains }: OutboundRules): void {
  for (const prefix of prefixes) if (!isPrefix(prefix)) throw new Error(`'${prefix}' is no prefix of numbers like +1 or +4930`);
  for (const domain of domains) if (!isDomain(domain)) throw new Error(`'${domain}' is no domain like pbx.example.com or *.example.com`);
}

export function isPrefix(prefix: string): boolean {
  return /^\+[1-9]\d{0,14}$/.test(prefix);
}

export function isDomain(domain: string): boolean {
  return /^(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$|^[0-9a-f:.]+$/i.test(domain);
}

/** `*.example.com`: any host below it, not itself. */
function isWithin(domain: string, host: string): boolean {
  const own = domain.toLowerCase();
  return own.startsWith('*.') ? host.endsWith(own.slice(1)) : host === own;
}
