// Who gets in, and what strangers cost: before anybody is known, all that happens is bounded, cheap and without memory of its own.
import { Bucket } from '../../lib/bucket.ts';
import type { Clock } from '../../lib/clock.ts';
import { networkOf } from '../../lib/remote-address.ts';
import { DigestVerifier } from './digest.ts';
import type { Flow } from './flow.ts';
import type { SipRequest } from './message.ts';
import type { SipOptions } from './options.ts';
import { Trunks } from './trunks.ts';

export type Admission =
  | { readonly kind: 'trunk'; readonly trunk: string }
  /** 401 with these challenges. */
  | { readonly kind: 'challenge'; readonly challenges: readonly string[] }
  | { readonly kind: 'refuse'; readonly status: number; readonly retryAfterS?: number }
  | { readonly kind: 'silence' };

/** Calls at the same time where the options name no number. */
export const usualMostCalls = 500;
/** Networks that are remembered; beyond them the one longest unheard of is forgotten. */
const mostSources = 4096;
const spanMs = 10_000;
/** Messages of all strangers together in that time: spoofed addresses share it, so that we are no use for flooding others. */
const mostOfAll = 2000;
/** Wrong passwords of a network in a minute; then nothing of it is looked at until the minute is over. */
const mostWrong = 10;
const wrongSpanMs = 60_000;
/** How long who was let in, or whom we have called, is no stranger. */
const welcomeMs = 3_600_000;
/** A network that is no stranger sends this many messages in ten seconds: some 500 calls of ten messages each. */
const mostOfKnown = 50_000;

/**
 * What became of messages of those whom nobody knows: unread because there were too many, not answered, refused, asked for a password, or with one that
 * was wrong.
 */
export type StrangerCounts = Record<'unread' | 'silenced' | 'refused' | 'challenged' | 'wrong_password', number>;

interface Source {
  readonly messages: Bucket;
  readonly wrong: Bucket;
}

export class Gate {
  readonly #options: SipOptions;
  readonly #clock: Clock;
  readonly #trunks: Trunks;
  readonly #verifier: DigestVerifier;
  readonly #sources = new Map<string, Source>();
  readonly #known = new Map<string, { untilMs: number; messages: Bucket }>();
  readonly #all: Bucket;
  readonly #calls = new Map<string, Bucket>();
  readonly #counts: StrangerCounts = { unread: 0, silenced: 0, refused: 0, challenged: 0, wrong_password: 0 };

  /** @param secret random, for nonces. @throws Error where a trunk is none (`Trunks`). */
  constructor(options: SipOptions, clock: Clock, secret: string) {
    this.#options = options;
    this.#clock = clock;
    this.#trunks = new Trunks(options.trunks);
    this.#verifier = new DigestVerifier({ realm: options.realm ?? options.domains?.[0] ?? 'parley', clock, secret });
    this.#all = new Bucket(mostOfAll, spanMs, clock.now());
  }

  get counts(): Readonly<StrangerCounts> {
    return this.#counts;
  }

  /** Calls of that trunk come from these addresses from now on. */
  move(trunk: string, addresses: readonly string[]): void {
    this.#trunks.move(trunk, addresses);
  }

  /** Whether a message from there is read at all. Asked before a byte of it is looked at. */
  hears(flow: Flow): boolean {
    const now = this.#clock.now();
    const network = networkOf(flow.remote.host);
    const known = this.#known.get(network);
    if (known && known.untilMs > now) return taken(known.messages, now);
    if (this.#trunks.open(flow) !== undefined) {
      this.welcome(flow);
      return true;
    }
    const source = this.#source(network, now);
    const isHeard = source.wrong.left(now) >= 1 && taken(source.messages, now) && taken(this.#all, now);
    if (!isHeard) this.#counts.unread++;
    return isHeard;
  }

  /** Who is there is no stranger for an hour: it was let in, or we have sent it a request of our own. */
  welcome(flow: Pick<Flow, 'remote'>): void {
    const now = this.#clock.now();
    const network = networkOf(flow.remote.host);
    const messages = this.#known.get(network)?.messages ?? new Bucket(mostOfKnown, spanMs, now);
    this.#known.delete(network);
    this.#known.set(network, { untilMs: now + welcomeMs, messages });
    forgetOldest(this.#known);
  }

  /** Whether a request that belongs to no dialog may be looked at further. */
  admit(request: SipRequest, flow: Flow): Admission {
    const trunk = this.#trunks.open(flow);
    if (trunk !== undefined) return { kind: 'trunk', trunk };
    const hashes = this.#trunks.hashes(flow);
    if (hashes.length === 0) return this.#stranger();
    const verdict = this.#verifier.check(request, (username, hash) => {
      const trunk = this.#trunks.ofUser(username, flow);
      return trunk?.hashes.includes(hash) ? trunk.password : undefined;
    });
    if (verdict.kind === 'right') {
      this.welcome(flow);
      return { kind: 'trunk', trunk: this.#trunks.ofUser(verdict.username, flow)?.name ?? '' };
    }
    if (verdict.kind === 'wrong') this.#source(networkOf(flow.remote.host), this.#clock.now()).wrong.take(1, this.#clock.now());
    this.#counts[verdict.kind === 'wrong' ? 'wrong_password' : 'challenged']++;
    return { kind: 'challenge', challenges: this.#verifier.challenges(hashes, verdict.kind === 'stale') };
  }

  /** Whether one more call of the trunk may begin, while there are so many. */
  admitCall(trunk: string, calls: number): Admission {
    const now = this.#clock.now();
    if (calls >= (this.#options.mostCalls ?? usualMostCalls)) return { kind: 'refuse', status: 503, retryAfterS: 5 };
    const perSecond = this.#options.callsPerSecond ?? 50;
    const bucket = this.#calls.get(trunk) ?? new Bucket(perSecond, 1000, now);
    this.#calls.set(trunk, bucket);
    return taken(bucket, now) ? { kind: 'trunk', trunk } : { kind: 'refuse', status: 503, retryAfterS: 1 };
  }

  /** Whether what is malformed or belongs to nothing gets an answer: none, where strangers are told nothing. */
  answersStray(flow: Flow): boolean {
    return this.#options.strangers === 'refuse' || this.#known.has(networkOf(flow.remote.host));
  }

  #stranger(): Admission {
    const isTold = this.#options.strangers === 'refuse';
    this.#counts[isTold ? 'refused' : 'silenced']++;
    return isTold ? { kind: 'refuse', status: 403 } : { kind: 'silence' };
  }

  #source(network: string, now: number): Source {
    let source = this.#sources.get(network);
    // Moved to the end at each message, so that the first is the one longest unheard of.
    this.#sources.delete(network);
    source ??= { messages: new Bucket(this.#options.strangerMessages ?? 50, spanMs, now), wrong: new Bucket(mostWrong, wrongSpanMs, now) };
    this.#sources.set(network, source);
    forgetOldest(this.#sources);
    return source;
  }
}

function taken(bucket: Bucket, now: number): boolean {
  if (bucket.left(now) < 1) return false;
  bucket.take(1, now);
  return true;
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size <= mostSources) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
