// Digest authentication in both directions (RFC 3261 section 22, RFC 8760): answering challenges, and checking who answers ours.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import { type Challenge, type Credentials, type DigestHash, digestResponse, isHash, parseChallenge, parseDigest } from './credentials.ts';
import { quoted } from './headers.ts';
import type { SipRequest, SipResponse } from './message.ts';

/** A challenge that we have answered, and how often: the count goes up with each request under its nonce. */
export class ChallengeAnswer {
  readonly challenge: Challenge;
  readonly #credentials: Credentials;
  readonly #cnonce: string;
  #count = 0;

  constructor(challenge: Challenge, credentials: Credentials, cnonce: string) {
    this.challenge = challenge;
    this.#credentials = credentials;
    this.#cnonce = cnonce;
  }

  /** The value of Authorization or Proxy-Authorization for one request. */
  authorization(method: string, uri: string): string {
    const { challenge } = this;
    const nc = (++this.#count).toString(16).padStart(8, '0');
    // A session's key needs the client's nonce even where nothing is counted.
    const counted = challenge.qop || challenge.session ? { nc, cnonce: this.#cnonce } : undefined;
    const response = digestResponse({ ...challenge, method, uri, ...(challenge.qop && counted ? { counted } : {}) }, this.#credentials);
    const parts = [
      `username=${quoted(this.#credentials.username)}`,
      `realm=${quoted(challenge.realm)}`,
      `nonce=${quoted(challenge.nonce)}`,
      `uri=${quoted(uri)}`,
      `response="${response}"`,
      ...(challenge.algorithm === undefined ? [] : [`algorithm=${challenge.algorithm}`]),
      ...(challenge.opaque === undefined ? [] : [`opaque=${quoted(challenge.opaque)}`]),
      ...(counted ? [`cnonce="${counted.cnonce}"`] : []),
      ...(challenge.qop && counted ? ['qop=auth', `nc=${counted.nc}`] : []),
    ];
    return `Digest ${parts.join(', ')}`;
  }
}

/**
 * The first challenge of a 401 or 407 that we can answer: servers list them in their order of preference (RFC 8760 section 2.4), so a
 * SHA-256 that they would rather have is taken before MD5.
 */
export function challengeOf(response: SipResponse): Challenge | undefined {
  const name = response.status === 407 ? 'Proxy-Authenticate' : 'WWW-Authenticate';
  for (const value of response.headers.all(name)) {
    const challenge = parseChallenge(value);
    if (challenge) return challenge;
  }
  return undefined;
}

export type Verdict =
  | { readonly kind: 'right'; readonly username: string }
  /** Rightly answered, but to a nonce that is too old or was answered before. */
  | { readonly kind: 'stale' }
  | { readonly kind: 'wrong' }
  /** No credentials of ours: another realm or scheme, or none. */
  | { readonly kind: 'absent' };

/** The password of a user who may use that hash. */
export type PasswordOf = (username: string, hash: DigestHash) => string | undefined;

const nonceLifeMs = 300_000;
/** Nonces whose counts are kept. Only who has shown a password gets into this list. */
const mostNonces = 4096;
/** Counts may overtake each other on their way by so much. */
const windowCounts = 32;

/** Challenges, and checks the answers. A nonce carries its own time and proof, so that strangers cost no memory. */
export class DigestVerifier {
  readonly #realm: string;
  readonly #clock: Clock;
  readonly #secret: string;
  readonly #seen = new Map<string, { highest: number; window: number; madeMs: number }>();
  #made = 0;
  /** Nonces made up to then may have been forgotten, and count as used. */
  #forgottenMs = Number.NEGATIVE_INFINITY;

  /** @param secret random; whoever knows it makes nonces. */
  constructor(options: { readonly realm: string; readonly clock: Clock; readonly secret: string }) {
    this.#realm = options.realm;
    this.#clock = options.clock;
    this.#secret = options.secret;
  }

  get realm(): string {
    return this.#realm;
  }

  /** Values for WWW-Authenticate, the preferred first (RFC 8760 section 2.3). */
  challenges(hashes: readonly DigestHash[], stale: boolean): string[] {
    const common = `Digest realm=${quoted(this.#realm)}, nonce="${this.#nonce()}", qop="auth"${stale ? ', stale=true' : ''}`;
    return hashes.map((hash) => `${common}, algorithm=${hash.toUpperCase()}`);
  }

  /** Checks a request's Authorization against the password that `passwordOf` knows. */
  check(request: SipRequest, passwordOf: PasswordOf): Verdict {
    for (const value of request.headers.all('Authorization')) {
      const fields = parseDigest(value);
      if (fields?.get('realm') === this.#realm) return this.#checkOne(fields, request, passwordOf);
    }
    return { kind: 'absent' };
  }

  #checkOne(fields: Map<string, string>, request: SipRequest, passwordOf: PasswordOf): Verdict {
    const hash = (fields.get('algorithm') ?? 'md5').toLowerCase();
    const username = fields.get('username') ?? '';
    const nonce = fields.get('nonce') ?? '';
    const nc = fields.get('nc') ?? '';
    const cnonce = fields.get('cnonce') ?? '';
    // Without qop nothing would be counted, and an answer could be sent again by whoever saw it: we always offer it (section 22.4).
    if (!isHash(hash) || fields.get('qop') !== 'auth' || !/^[0-9a-f]{8}$/i.test(nc) || cnonce === '') return { kind: 'wrong' };
    const madeMs = this.#madeAt(nonce);
    if (madeMs === undefined) return { kind: 'stale' };
    const password = passwordOf(username, hash);
    // An unknown user takes as long as a known one.
    const expected = digestResponse(
      { hash, session: false, realm: this.#realm, nonce, method: request.method, uri: fields.get('uri') ?? '', counted: { nc, cnonce } },
      { username, password: password ?? this.#secret },
    );
    if (!equal(expected, fields.get('response')?.toLowerCase() ?? '') || password === undefined) return { kind: 'wrong' };
    if (this.#clock.now() - madeMs > nonceLifeMs || !this.#count(nonce, madeMs, Number.parseInt(nc, 16))) return { kind: 'stale' };
    return { kind: 'right', username };
  }

  #nonce(): string {
    const body = `${Math.floor(this.#clock.now()).toString(36)}.${(this.#made++).toString(36)}`;
    return `${body}.${this.#proof(body)}`;
  }

  #proof(body: string): string {
    return createHmac('sha256', this.#secret).update(body).digest('base64url').slice(0, 22);
  }

  #madeAt(nonce: string): number | undefined {
    const end = nonce.lastIndexOf('.');
    const body = nonce.slice(0, Math.max(0, end));
    if (!/^[0-9a-z]{1,12}\.[0-9a-z]{1,12}$/.test(body) || !equal(this.#proof(body), nonce.slice(end + 1))) return undefined;
    return Number.parseInt(body, 36);
  }

  /** Whether this count was not used before; a window lets requests overtake each other. */
  #count(nonce: string, madeMs: number, count: number): boolean {
    const seen = this.#seen.get(nonce);
    if (!seen) {
      if (madeMs <= this.#forgottenMs) return false;
      for (const [old, { madeMs: oldMs }] of this.#seen) {
        if (this.#clock.now() - oldMs <= nonceLifeMs && this.#seen.size < mostNonces) break;
        this.#seen.delete(old);
        this.#forgottenMs = Math.max(this.#forgottenMs, oldMs);
      }
      this.#seen.set(nonce, { highest: count, window: 1, madeMs });
      return true;
    }
    const ahead = count - seen.highest;
    if (ahead > 0) {
      seen.window = ahead >= windowCounts ? 1 : ((seen.window << ahead) | 1) >>> 0;
      seen.highest = count;
      return true;
    }
    const bit = -ahead >= windowCounts ? 0 : 1 << -ahead;
    if (bit === 0 || (seen.window & bit) !== 0) return false;
    seen.window = (seen.window | bit) >>> 0;
    return true;
  }
}

function equal(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}
