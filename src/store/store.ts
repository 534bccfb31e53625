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
  readonly createdMs: number;
  readonly expiresMs: number;
}

/** What a key has called by telephone in one hour since the Unix epoch: calls that began, and the time that calls went on. */
export interface StoredOutboundUse {
  readonly keyId: string;
  readonly hour: number;
  readonly calls: number;
  readonly ms: number;
}

/** What a part of the work was done by: a language model, a recogniser, a voice. */
export type UsageStage = 'llm' | 'stt' | 'tts';

/** What was used, summed by all that stands before `requests`. */
export interface StoredUsage {
  /** By UTC: `2026-11-29`. */
  readonly day: string;
  readonly keyId: string;
  /** Empty where those of a day were folded into one. */
  readonly session: string;
  readonly stage: UsageStage;
  /** `provider/model` */
  readonly model: string;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the input. */
  readonly cachedTokens: number;
  /** Of sound that was heard or made. */
  readonly seconds: number;
  readonly characters: number;
}

export type UsageColumn = 'day' | 'keyId' | 'session' | 'stage' | 'model';

export interface UsageRange {
  /** The first and the last day. */
  readonly from: string;
  readonly to: string;
  /** Of this key only. */
  readonly keyId?: string;
}

/** What one of each costs, of a model at a stage. */
export interface UnitPrice {
  readonly stage: UsageStage;
  readonly model: string;
  readonly inputToken: number;
  readonly cachedToken: number;
  readonly outputToken: number;
  readonly second: number;
  readonly character: number;
}

/** Which of the sums, and whether the columns that they are made by ascend or descend. */
export interface UsagePage {
  readonly limit: number;
  readonly offset: number;
  readonly order: 'asc' | 'desc';
}

/** A sum over all that has the same values in the columns it was asked by. */
export interface UsageSum {
  readonly by: Readonly<Partial<Record<UsageColumn, string>>>;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
  readonly heardSeconds: number;
  readonly spokenSeconds: number;
  readonly characters: number;
  /** Of what has a price; undefined where nothing has. */
  readonly cost: number | undefined;
  /** Whether something of it has no price. */
  readonly hasUnpriced: boolean;
}

/** How a secret fared: `too_many` and `too_much` when its key has as many alive, or as many bytes of them, as it may have; then nothing is kept. */
export type SecretClaim = 'kept' | 'too_many' | 'too_much';

/** How a nonce fared: `new` once, `used` ever after, `full` when its key has too many alive. */
export type NonceClaim = 'new' | 'used' | 'full';

/** What a clock is set back by without anybody noticing: it is put right by some seconds every now and then. */
export const clockSlackMs = 60_000;

/**
 * Whether something made at one time to hold until another holds now. What was made in the future was made while the clock was ahead, and
 * would live for as long as it was ahead.
 */
export function holdsAt({ createdMs, expiresMs }: { createdMs: number; expiresMs: number }, nowMs: number): boolean {
  return nowMs < expiresMs && createdMs <= nowMs + clockSlackMs;
}

/**
 * `busy`: another process has it, or it does not answer in time · `full`: no room on the disk, or for the store · `read_only` · `damaged`: no
 * database, or a broken one · `newer`: made by a newer version · `unreachable`: it cannot be opened or read · `overloaded`: too much is asked
 * of it at once · `lost`: its thread died · `closed`: by us.
 */
export type StoreFault = 'busy' | 'full' | 'read_only' | 'damaged' | 'newer' | 'unreachable' | 'overloaded' | 'lost' | 'closed';

const unusable = 'The store of keys cannot be used at the moment; the operator of this server is told why.';

/** For those who ask: they can do nothing but try again. */
const sentences: Readonly<Record<StoreFault, string>> = {
  busy: 'The store of keys is busy; try again in a few seconds.',
  full: 'The store of keys has no room for anything new; the operator of this server is told so.',
  read_only: 'The store of keys can only be read at the moment; the operator of this server is told so.',
  damaged: unusable,
  newer: unusable,
  unreachable: unusable,
  overloaded: 'Too much is asked of the store of keys at once; try again in a few seconds.',
  lost: 'The store of keys is starting again; try again in a few seconds.',
  closed: 'The server is closing.',
};

/** The storage itself failed. The message is for whoever asked; `advice` is for the operator, and names files. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly reason: StoreFault;
  readonly advice: string;

  constructor(reason: StoreFault, advice: string) {
    super(sentences[reason]);
    this.reason = reason;
    this.advice = advice;
  }
}

/** Every method rejects with StoreError when the storage itself fails; it never takes longer than the store's time to answer. */
export interface Store {
  addKey(key: StoredKey): Promise<void>;
  /** Every key, revoked ones too, oldest first. */
  keys(): Promise<readonly StoredKey[]>;
  keyById(id: string): Promise<StoredKey | undefined>;
  keyByPublicPart(key: string): Promise<StoredKey | undefined>;
  keyByDigest(digest: string): Promise<StoredKey | undefined>;
  /** False when there is no such key or it is revoked already. */
  revokeKey(id: string, atMs: number): Promise<boolean>;
  /** Secrets that do not hold any more make room. */
  addSecret(secret: StoredSecret, nowMs: number): Promise<SecretClaim>;
  /** The secret, expired or not: the caller has the clock. */
  secretByDigest(digest: string): Promise<StoredSecret | undefined>;
  /**
   * Notes a nonce until `expiresMs`; of two who claim one, one gets `new`. What was forgotten once counts as used, also when the clock is set
   * back afterwards.
   */
  claimNonce(keyId: string, nonce: string, expiresMs: number, nowMs: number): Promise<NonceClaim>;
  /** What keys have called from that hour on. */
  outboundUse(fromHour: number): Promise<readonly StoredOutboundUse[]>;
  /** Adds to what a key has called in that hour. What is older than `fromHour` is forgotten. */
  addOutboundUse(use: StoredOutboundUse, fromHour: number): Promise<void>;
  /** Adds a batch, unless one of that id was added before. */
  addUsage(batch: string, rows: readonly StoredUsage[], nowMs: number): Promise<void>;
  /** Which models were used. */
  usedModels(range: UsageRange): Promise<readonly Pick<StoredUsage, 'stage' | 'model'>[]>;
  /** Sums by these columns and in their order; without any, one sum. What no price stands for has none. */
  sumUsage(range: UsageRange, by: readonly UsageColumn[], prices: readonly UnitPrice[], page: UsagePage): Promise<readonly UsageSum[]>;
  /**
   * Folds the sessions of one day into one row for each key, stage and model: of the oldest day that has some, if it is before that one or there are more than
   * `most` rows of sessions. False when there is nothing to fold. Batches that were added before `addedMs` are not remembered any more: nobody adds them again.
   */
  foldUsage(before: string, most: number, addedMs: number): Promise<boolean>;
  close(): Promise<void>;
}
