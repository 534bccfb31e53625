// The rows of the store in SQLite, in a file that only its owner can read. Everything here blocks: it runs in a thread of its own
// (store-worker.ts). Several processes may have the file open (servers and `npm run keys`); nothing is cached, so what one writes the others
// see at their next look. A file that cannot be written is read; one that is damaged is left alone, and looked at anew by each request.
import { accessSync, chmodSync, closeSync, constants, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { faultOf, storeError } from './database-fault.ts';
import { migrationFrom, schemaVersion, secretOverheadBytes } from './schema.ts';
import {
  clockSlackMs,
  type NonceClaim,
  type SecretClaim,
  type Store,
  StoreError,
  type StoredKey,
  type StoredOutboundUse,
  type StoredSecret,
} from './store.ts';
import { addUsage, foldUsage, sumUsage, usedModels } from './usage-rows.ts';

/** The plug without its promises. */
export type Rows = {
  readonly [K in Exclude<keyof Store, 'close'>]: (...values: Parameters<Store[K]>) => Awaited<ReturnType<Store[K]>>;
} & {
  /** Whether it can be read and written. */
  check(): void;
};

/** What one key does must not fill the disk. */
export interface StoreBounds {
  /** How many of each a key may have alive. */
  readonly secretsPerKey: number;
  readonly noncesPerKey: number;
  /** As they are stored, sealed. */
  readonly secretBytesPerKey: number;
  /** Of the whole file. */
  readonly fileBytes: number;
}

/** What the log of writes is cut back to when it has been larger. */
const logBytes = 8 * 1024 * 1024;
const pageBytes = 4096;

interface Opened {
  readonly database: DatabaseSync;
  readonly statements: Map<string, StatementSync>;
}

export class Database implements Rows {
  readonly #path: string;
  readonly #bounds: StoreBounds;
  /** Open for writing; otherwise every request opens it for itself. */
  #writable: Opened | undefined;

  constructor(path: string, bounds: StoreBounds) {
    this.#path = path;
    this.#bounds = bounds;
  }

  check(): void {
    this.#write(() => {});
  }

  addKey(key: StoredKey): void {
    this.#write((opened) => {
      const insert =
        'INSERT INTO api_key (id, key, digest, sealedSecret, workspace, name, createdMs, revokedMs) VALUES (?, ?, ?, ?, ?, ?, ?, ?)';
      const { id, key: publicPart, digest, sealedSecret, workspace, name, createdMs, revokedMs } = key;
      sql(opened, insert).run(id, publicPart, digest, sealedSecret, workspace, name, createdMs, revokedMs);
    });
  }

  keys(): readonly StoredKey[] {
    return this.#read((opened) => sql(opened, 'SELECT * FROM api_key ORDER BY createdMs, rowid').all() as unknown as StoredKey[]);
  }

  keyById(id: string): StoredKey | undefined {
    return this.#read((opened) => sql(opened, 'SELECT * FROM api_key WHERE id = ?').get(id) as StoredKey | undefined);
  }

  keyByPublicPart(key: string): StoredKey | undefined {
    return this.#read((opened) => sql(opened, 'SELECT * FROM api_key WHERE key = ?').get(key) as StoredKey | undefined);
  }

  keyByDigest(digest: string): StoredKey | undefined {
    return this.#read((opened) => sql(opened, 'SELECT * FROM api_key WHERE digest = ?').get(digest) as StoredKey | undefined);
  }

  revokeKey(id: string, atMs: number): boolean {
    return this.#write(
      (opened) => sql(opened, 'UPDATE api_key SET revokedMs = ? WHERE id = ? AND revokedMs IS NULL').run(atMs, id).changes === 1,
    );
  }

  addSecret(secret: StoredSecret, nowMs: number): SecretClaim {
    return this.#write((opened) => {
      // The contrary of `holdsAt`.
      sql(opened, 'DELETE FROM client_secret WHERE expiresMs <= ? OR createdMs > ?').run(nowMs, nowMs + clockSlackMs);
      const { digest, keyId, workspace, dialect, sealedSession, createdMs, expiresMs } = secret;
      const tally = sql(opened, 'SELECT secrets, bytes FROM secret_tally WHERE keyId = ?').get(keyId) ?? { secrets: 0, bytes: 0 };
      if (Number(tally['secrets']) >= this.#bounds.secretsPerKey) return 'too_many';
      const bytes = Number(tally['bytes']) + Buffer.byteLength(sealedSession) + secretOverheadBytes;
      if (bytes > this.#bounds.secretBytesPerKey) return 'too_much';
      const insert =
        'INSERT INTO client_secret (digest, keyId, workspace, dialect, sealedSession, createdMs, expiresMs) VALUES (?, ?, ?, ?, ?, ?, ?)';
      sql(opened, insert).run(digest, keyId, workspace, dialect, sealedSession, createdMs, expiresMs);
      return 'kept';
    });
  }

  secretByDigest(digest: string): StoredSecret | undefined {
    return this.#read((opened) => sql(opened, 'SELECT * FROM client_secret WHERE digest = ?').get(digest) as StoredSecret | undefined);
  }

  claimNonce(keyId: string, nonce: string, expiresMs: number, nowMs: number): NonceClaim {
    return this.#write((opened) => {
      sql(
        opened,
        `INSERT INTO nonce_horizon SELECT keyId, max(expiresMs) FROM nonce WHERE expiresMs <= ? GROUP BY keyId
          ON CONFLICT (keyId) DO UPDATE SET expiresMs = max(expiresMs, excluded.expiresMs)`,
      ).run(nowMs);
      sql(opened, 'DELETE FROM nonce WHERE expiresMs <= ?').run(nowMs);
      // A clock that went back makes requests fresh again whose nonces are forgotten.
      const horizon = sql(opened, 'SELECT expiresMs FROM nonce_horizon WHERE keyId = ?').get(keyId)?.['expiresMs'];
      if (horizon !== undefined && expiresMs <= Number(horizon)) return 'used';
      if (sql(opened, 'SELECT 1 FROM nonce WHERE keyId = ? AND nonce = ?').get(keyId, nonce)) return 'used';
      const alive = Number(sql(opened, 'SELECT count(*) AS alive FROM nonce WHERE keyId = ?').get(keyId)?.['alive']);
      if (alive >= this.#bounds.noncesPerKey) return 'full';
      sql(opened, 'INSERT INTO nonce (keyId, nonce, expiresMs) VALUES (?, ?, ?)').run(keyId, nonce, expiresMs);
      return 'new';
    });
  }

  addUsage(...asked: Parameters<Store['addUsage']>): void {
    this.#write((opened) => addUsage((text) => sql(opened, text), ...asked));
  }

  usedModels(...asked: Parameters<Store['usedModels']>): ReturnType<Rows['usedModels']> {
    return this.#read((opened) => usedModels((text) => sql(opened, text), ...asked));
  }

  sumUsage(...asked: Parameters<Store['sumUsage']>): ReturnType<Rows['sumUsage']> {
    return this.#read((opened) => sumUsage((text) => sql(opened, text), ...asked));
  }

  foldUsage(...asked: Parameters<Store['foldUsage']>): boolean {
    return this.#write((opened) => foldUsage((text) => sql(opened, text), ...asked));
  }

  outboundUse(fromHour: number): readonly StoredOutboundUse[] {
    return this.#read(
      (opened) => sql(opened, 'SELECT * FROM outbound_use WHERE hour >= ?').all(fromHour) as unknown as StoredOutboundUse[],
    );
  }

  addOutboundUse({ keyId, hour, calls, ms }: StoredOutboundUse, fromHour: number): void {
    this.#write((opened) => {
      sql(opened, 'DELETE FROM outbound_use WHERE hour < ?').run(fromHour);
      sql(
        opened,
        `INSERT INTO outbound_use (keyId, hour, calls, ms) VALUES (?, ?, ?, ?)
          ON CONFLICT (keyId, hour) DO UPDATE SET calls = calls + excluded.calls, ms = ms + excluded.ms`,
      ).run(keyId, hour, calls, ms);
    });
  }

  close(): void {
    if (this.#writable) shut(this.#writable);
    this.#writable = undefined;
  }

  /** Everything of it is written, or nothing. @throws StoreError, `busy` when another process is writing: then it may be tried again. */
  #write<T>(work: (opened: Opened) => T): T {
    return this.#guarded(() => {
      this.#writable ??= this.#openForWriting();
      const { database } = this.#writable;
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = work(this.#writable);
        database.exec('COMMIT');
        return result;
      } catch (error) {
        // Of some failures SQLite has undone everything already.
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  #read<T>(work: (opened: Opened) => T): T {
    return this.#guarded(() => {
      try {
        this.#writable ??= this.#openForWriting();
      } catch (error) {
        const fault = faultOf(error, this.#path);
        if (!(fault instanceof StoreError) || !['read_only', 'full', 'unreachable'].includes(fault.reason)) throw error;
        const readable = this.#openForReading(fault);
        try {
          return work(readable);
        } finally {
          shut(readable);
        }
      }
      return work(this.#writable);
    });
  }

  #guarded<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      const fault = faultOf(error, this.#path);
      // The next request looks whether somebody has put it right: another file may be in its place.
      if (fault instanceof StoreError && ['read_only', 'damaged', 'unreachable'].includes(fault.reason)) this.close();
      throw fault;
    }
  }

  #openForWriting(): Opened {
    const folder = dirname(this.#path);
    mkdirSync(folder, { recursive: true });
    // Made before SQLite opens it, so that it is never readable by others; SQLite gives its side files the same mode.
    if (!existsSync(this.#path)) closeSync(openSync(this.#path, 'a', 0o600));
    // SQLite would open what it cannot write for reading, and say so only when it writes.
    for (const each of [folder, this.#path]) accessSync(each, constants.R_OK | constants.W_OK);
    if ((statSync(this.#path).mode & 0o777) !== 0o600) chmodSync(this.#path, 0o600);
    // Nothing waits within SQLite: whoever has to is asked again, and the others are not kept.
    const database = new DatabaseSync(this.#path, { timeout: 0 });
    try {
      // FULL: what was acknowledged outlives a power cut.
      database.exec(`
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA journal_size_limit = ${logBytes};
        PRAGMA max_page_count = ${Math.ceil(this.#bounds.fileBytes / pageBytes)};
      `);
      if (this.#versionOf(database) < schemaVersion) this.#migrate(database);
      return { database, statements: new Map() };
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #migrate(database: DatabaseSync): void {
    // Immediate: of two processes that start together, one makes the tables and the other finds them.
    database.exec('BEGIN IMMEDIATE');
    try {
      const version = this.#versionOf(database);
      if (version < schemaVersion) database.exec(migrationFrom(version));
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  /** @throws StoreError `newer`. */
  #versionOf(database: DatabaseSync): number {
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version <= schemaVersion) return version;
    throw storeError('newer', this.#path, `schema ${version}; this one knows ${schemaVersion}`);
  }

  /** Where nothing can be written, not even the side files. @throws `why` when there is nothing there that could be read. */
  #openForReading(why: StoreError): Opened {
    // Without a log there is nothing that a reader could miss who takes no notice of the side files.
    const unchanging = pathToFileURL(this.#path);
    unchanging.searchParams.set('immutable', '1');
    for (const place of bytesOf(`${this.#path}-wal`) === 0 ? [this.#path, unchanging] : [this.#path]) {
      let database: DatabaseSync | undefined;
      try {
        database = new DatabaseSync(place, { readOnly: true, timeout: 0 });
        if (this.#versionOf(database) === schemaVersion) return { database, statements: new Map() };
      } catch (error) {
        const fault = faultOf(error, this.#path);
        if (fault instanceof StoreError && ['newer', 'damaged', 'busy'].includes(fault.reason)) throw fault;
      }
      if (database?.isOpen) database.close();
    }
    throw why;
  }
}

function sql({ database, statements }: Opened, text: string): StatementSync {
  const known = statements.get(text);
  if (known) return known;
  const made = database.prepare(text);
  statements.set(text, made);
  return made;
}

function shut({ database, statements }: Opened): void {
  statements.clear();
  if (database.isOpen) database.close();
}

function bytesOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
