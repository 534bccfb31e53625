// Short-lived tokens: JWTs signed with HS256 and nothing else. What a token's header says about its own algorithm is not believed.
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../lib/clock.ts';
import { holdsAt } from '../store/store.ts';

const algorithm = 'HS256';
const issuer = 'parley';
const audience = 'parley';
const workspaceClaim = 'workspace';

export interface TokenClaims {
  readonly keyId: string;
  readonly workspace: string;
  readonly expiresMs: number;
}

export class Tokens {
  readonly #key: Uint8Array;
  readonly #clock: Clock;

  constructor(key: Uint8Array, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
  }

  /** `expiresMs` is cut to whole seconds. */
  sign(claims: TokenClaims, id: string): Promise<string> {
    return new SignJWT({ [workspaceClaim]: claims.workspace })
      .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(claims.keyId)
      .setJti(id)
      .setIssuedAt(Math.floor(this.#clock.wallMs() / 1000))
      .setExpirationTime(Math.floor(claims.expiresMs / 1000))
      .sign(this.#key);
  }

  /** What a token says, when it is one of ours and still holds. Whether its key still does is another question. */
  async verify(token: string): Promise<TokenClaims | undefined> {
    const nowMs = this.#clock.wallMs();
    try {
      const payload = await this.#verified(token, nowMs);
      const { sub, iat, exp, [workspaceClaim]: workspace } = payload;
      if (sub === undefined || iat === undefined || exp === undefined || typeof workspace !== 'string') return undefined;
      if (!holdsAt({ createdMs: iat * 1000, expiresMs: exp * 1000 }, nowMs)) return undefined;
      return { keyId: sub, workspace, expiresMs: exp * 1000 };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  /** Whether it is one of ours that held once. */
  async hasExpired(token: string): Promise<boolean> {
    try {
      await this.#verified(token, this.#clock.wallMs());
      return false;
    } catch (error) {
      // Its signature and all else it says have been found right before.
      if (error instanceof errors.JOSEError) return error instanceof errors.JWTExpired;
      throw error;
    }
  }

  /** @throws JOSEError */
  async #verified(token: string, nowMs: number): Promise<JWTPayload> {
    const { payload } = await jwtVerify(token, this.#key, {
      algorithms: [algorithm],
      typ: 'JWT',
      issuer,
      audience,
      requiredClaims: ['sub', 'iat', 'exp', 'jti', workspaceClaim],
      currentDate: new Date(nowMs),
    });
    return payload;
  }
}

/** Three dotted parts, the first of which opens a JSON object: worth the work of checking a signature. */
export function looksLikeToken(credential: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(credential);
}
