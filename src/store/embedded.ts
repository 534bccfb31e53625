// The store for one machine: SQLite in a thread of its own (store-thread.ts, database.ts), so that no disk and no other process keeps a
// session waiting. It tells the operator once when something is wrong with it, and once when that is over.
import { join } from 'node:path';
import type { Clock, Timer } from '../lib/clock.ts';
import { type Log, silentLog } from '../lib/log.ts';
import type { StoreBounds } from './database.ts';
import type { NonceClaim, SecretClaim, Store, StoredKey, StoredOutboundUse, StoredSecret, StoreError, StoreFault } from './store.ts';
import { type Operation, writes } from './store-messages.ts';
import { StoreThread } from './store-thread.ts';

export type { StoreBounds } from './database.ts';

export const usualBounds: StoreBounds = {
  secretsPerKey: 100_000,
  noncesPerKey: 100_000,
  secretBytesPerKey: 64_000_000,
  fileBytes: 4_000_000_000,
};

export interface EmbeddedStoreOptions {
  readonly clock: Clock;
  readonly log?: Log;
  readonly bounds?: Partial<StoreBounds>;
  /** Within which every request is answered; 2 s unless told. */
  readonly answerMs?: number;
  /** What its thread runs, in place of its own. */
  readonly script?: URL;
}

/** A fault that stays, or comes and goes, is told of so seldom. */
const repeatMs = 600_000;
/** Whether a fault is over is looked at so often, so that `problem` tells the truth when nobody asks for anything. */
const recheckMs = 10_000;

interface Problem {
  readonly fault: StoreError;
  /** What can be read may still be full, locked, or not to be written: only a write shows that it is over. */
  readonly untilWritten: boolean;
  readonly told: boolean;
}

export class EmbeddedStore implements Store {
  readonly #thread: StoreThread;
  readonly #clock: Clock;
  readonly #log: Log;
  /** When each kind of fault was last told of. */
  readonly #toldMs = new Map<StoreFault, number>();
  #problem: Problem | undefined;
  #recheck: Timer | undefined;
  #losses = 0;
  #closed = false;

  /** Opens nothing yet: what is wrong with the file, each request is told. */
  constructor(path: string, { clock, log = silentLog, bounds, answerMs, script }: EmbeddedStoreOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#thread = new StoreThread({
      path,
      bounds: { ...usualBounds, ...bounds },
      clock,
      ...(answerMs === undefined ? {} : { answerMs }),
      ...(script === undefined ? {} : { script }),
      onOutcome: (operation, fault) => (fault ? this.#notice(operation, fault) : this.#recover(operation)),
    });
  }

  /** What is wrong with it, as the last requests met it. That it is full is over when something new could be kept. */
  get problem(): StoreError | undefined {
    return this.#problem?.fault;
  }

  /** How often its thread died. */
  get losses(): number {
    return this.#losses;
  }

  /** Looks whether it can be read and written, so that `problem` is known before anybody asks. */
  check(): Promise<void> {
    return this.#thread.ask('check');
  }

  addKey(key: StoredKey): Promise<void> {
    return this.#thread.ask('addKey', key);
  }

  keys(): Promise<readonly StoredKey[]> {
    return this.#thread.ask('keys');
  }

  keyById(id: string): Promise<StoredKey | undefined> {
    return this.#thread.ask('keyById', id);
  }

  keyByPublicPart(key: string): Promise<StoredKey | undefined> {
    return this.#thread.ask('keyByPublicPart', key);
  }

  keyByDigest(digest: string): Promise<StoredKey | undefined> {
    return this.#thread.ask('keyByDigest', digest);
  }

  revokeKey(id: string, atMs: number): Promise<boolean> {
    return this.#thread.ask('revokeKey', id, atMs);
  }

  addSecret(secret: StoredSecret, nowMs: number): Promise<SecretClaim> {
    return this.#thread.ask('addSecret', secret, nowMs);
  }

  secretByDigest(digest: string): Promise<StoredSecret | undefined> {
    return this.#thread.ask('secretByDigest', digest);
  }

  claimNonce(keyId: string, nonce: string, expiresMs: number, nowMs: number): Promise<NonceClaim> {
    return this.#thread.ask('claimNonce', keyId, nonce, expiresMs, nowMs);
  }

  addUsage(...asked: Parameters<Store['addUsage']>): Promise<void> {
    return this.#thread.ask('addUsage', ...asked);
  }

  usedModels(...asked: Parameters<Store['usedModels']>): ReturnType<Store['usedModels']> {
    return this.#thread.ask('usedModels', ...asked);
  }

  sumUsage(...asked: Parameters<Store['sumUsage']>): ReturnType<Store['sumUsage']> {
    return this.#thread.ask('sumUsage', ...asked);
  }

  foldUsage(...asked: Parameters<Store['foldUsage']>): Promise<boolean> {
    return this.#thread.ask('foldUsage', ...asked);
  }

  outboundUse(fromHour: number): Promise<readonly StoredOutboundUse[]> {
    return this.#thread.ask('outboundUse', fromHour);
  }

  addOutboundUse(use: StoredOutboundUse, fromHour: number): Promise<void> {
    return this.#thread.ask('addOutboundUse', use, fromHour);
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#recheck?.cancel();
    return this.#thread.close();
  }

  #notice(operation: Operation | undefined, fault: StoreError): void {
    if (operation === undefined) this.#losses += 1;
    const nowMs = this.#clock.now();
    const told = nowMs - (this.#toldMs.get(fault.reason) ?? -Infinity) >= repeatMs;
    if (told) {
      this.#toldMs.set(fault.reason, nowMs);
      this.#log.error({ reason: fault.reason }, fault.advice);
    }
    const untilWritten = operation !== undefined && writes.has(operation);
    this.#problem = { fault, untilWritten, told: told || this.#problem?.told === true };
    // Only what somebody has to keep shows whether there is room for it.
    if (fault.reason === 'full' || this.#closed) return;
    this.#recheck?.cancel();
    this.#recheck = this.#clock.after(recheckMs, () => {
      this.check().catch((error: unknown) => this.#log.debug({ err: error }, 'the store still does not work'));
    });
  }

  #recover(operation: Operation | undefined): void {
    if (!this.#problem || (this.#problem.untilWritten && !(operation !== undefined && writes.has(operation)))) return;
    this.#recheck?.cancel();
    if (this.#problem.told) this.#log.info({}, 'the store works again');
    this.#problem = undefined;
  }
}

/** The file of the embedded store. */
export function storeFile(dataDir: string): string {
  return join(dataDir, 'parley.db');
}
