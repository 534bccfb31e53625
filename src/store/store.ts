// The store plug: what outlives a process and is shared by its siblings. It keeps rows; what they mean is access/'s business, and no
// credential is ever among them in the clear.
import type { SecretDialect } from './principal.ts';

/** An API key. Times are milliseconds since the Unix epoch. */
export interface StoredKey {
  readonly id: string;
  /** The public part, which travels in the clear when a token is asked for; it opens nothing by itself. */
  readonly key: string;
  /** SHA-256 of `key:secret`, in hex. */
  readonly digest: string;
  /** The secret, encrypted: it must be had back to check a signature. */
  readonly sealedSecret: string;
  readonly workspace: string;
  readonly name: string;
  readonly createdMs: number;
  readonly revokedMs: number | null;
}

/** An ephemeral secret (`ek_…`), known by its digest only. */
export interface StoredSecret {
  /** SHA-256 of the value, in hex. */
  readonly digest: string;
  readonly keyId: string;
  readonly workspace: string;
  readonly dialect: SecretDialect;
  /** The session's configuration as JSON, encrypted: tools in it may carry authorizations. */
  readonly sealedSession: string;
  readonly expiresMs: number;
}

/** How a nonce fared: `new` once, `used` ever after, `full` when its key has too many alive. */
export type NonceClaim = 'new' | 'used' | 'full';

/** Every method may reject with a plain Error when the storage itself fails. */
export interface Store {
  addKey(key: StoredKey): Promise<void>;
  /** Every key, revoked ones too, oldest first. */
  keys(): Promise<readonly StoredKey[]>;
  keyById(id: string): Promise<StoredKey | undefined>;
  keyByPublicPart(key: string): Promise<StoredKey | undefined>;
  keyByDigest(digest: string): Promise<StoredKey | undefined>;
  /** False when there is no such key or it is revoked already. */
  revokeKey(id: string, atMs: number): Promise<boolean>;
  /** False, and nothing kept, when the key has as many secrets alive as it may have. */
  addSecret(secret: StoredSecret, nowMs: number): Promise<boolean>;
  /** The secret, expired or not: the caller has the clock. */
  secretByDigest(digest: string): Promise<StoredSecret | undefined>;
  /** Notes a nonce until `expiresMs`; of two who claim one, one gets `new`. */
  claimNonce(keyId: string, nonce: string, expiresMs: number, nowMs: number): Promise<NonceClaim>;
  close(): Promise<void>;
}
