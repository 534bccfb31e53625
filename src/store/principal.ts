// Who a request comes from, once its credential has been believed: what doors, routes and limits are told instead of the credential.

/** Which spellings the client that minted a secret speaks; a connection opened with it speaks the same. */
export type SecretDialect = 'ga' | 'beta';

/** What became of somebody who wants to come in. */
export type Admission<T> =
  | { readonly outcome: 'welcome'; readonly who: T }
  | { readonly outcome: 'unknown' }
  /** Too many wrong keys came from there: nothing was looked at. */
  | { readonly outcome: 'later'; readonly retryAfterSeconds: number };

export type Principal =
  /** A long-lived API key. */
  | { readonly kind: 'key'; readonly keyId: string; readonly workspace: string }
  /** A signed token that a key's secret was proved for. */
  | { readonly kind: 'token'; readonly keyId: string; readonly workspace: string; readonly expiresMs: number }
  /** An ephemeral `ek_` secret: opens the realtime doors only, with the session that was stored for it. */
  | {
      readonly kind: 'secret';
      readonly keyId: string;
      readonly workspace: string;
      readonly expiresMs: number;
      /** The session as its maker wrote it, in GA spelling: a patch upon the defaults, like the `session` of a session.update. */
      readonly session: Readonly<Record<string, unknown>>;
      readonly dialect: SecretDialect;
    };
