// The store for one machine: SQLite in a file that only its owner can read. Several processes may have it open (a server and `npm run
// keys`); nothing is cached, so what one writes the others see at their next look.
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { NonceClaim, Store, StoredKey, StoredSecret } from './store.ts';

const schemaVersion = 1;
const schema = `
  CREATE TABLE api_key (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL UNIQUE,
    sealedSecret TEXT NOT NULL,
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    createdMs INTEGER NOT NULL,
    revokedMs INTEGER
  ) STRICT;
  CREATE TABLE client_secret (
    digest TEXT PRIMARY KEY,
    keyId TEXT NOT NULL,
    workspace TEXT NOT NULL,
    dialect TEXT NOT NULL,
    sealedSession TEXT NOT NULL,
    expiresMs INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX client_secret_expiry ON client_secret (expiresMs);
  CREATE INDEX client_secret_key ON client_secret (keyId);
  CREATE TABLE nonce (
    keyId TEXT NOT NULL,
    nonce TEXT NOT NULL,
    expiresMs INTEGER NOT NULL,
    PRIMARY KEY (keyId, nonce)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX nonce_expiry ON nonce (expiresMs);
`;

/** Milliseconds to wait for another process that is writing; its writes take microseconds. */
const busyMs = 1000;

/** How many of each a key may have alive: what one key does must not fill the disk. */
export interface StoreBounds {
  readonly secretsPerKey: number;
  readonly noncesPerKey: number;
}

export class EmbeddedStore implements Store {
  readonly #database: DatabaseSync;
  readonly #bounds: StoreBounds;
  readonly #statements = new Map<string, StatementSync>();

  /** @throws when the file cannot be opened, is no database, or was made by a newer version. */
  constructor(path: string, bounds: StoreBounds = { secretsPerKey: 100_000, noncesPerKey: 100_000 }) {
    mkdirSync(dirname(path), { recursive: true });
    // Made before SQLite opens it, so that it is never readable by others; SQLite gives its side files the same mode.
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
    this.#bounds = bounds;
    this.#database = new DatabaseSync(path, { timeout: busyMs });
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    this.#migrate(path);
  }

  #migrate(path: string): void {
    // Immediate: of two processes that start together, one makes the tables and the other waits.
    this.#database.exec('BEGIN IMMEDIATE');
    const version = Number(this.#database.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version === 0) this.#database.exec(`${schema} PRAGMA user_version = ${schemaVersion};`);
    this.#database.exec('COMMIT');
    if (version > schemaVersion) {
      this.#database.close();
      throw new Error(`${path} was made by a newer version of Parley (schema ${version}; this one knows ${schemaVersion}).`);
    }
  }

  #sql(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known) return known;
    const made = this.#database.prepare(text);
    this.#statements.set(text, made);
    return made;
  }

  async addKey(key: StoredKey): Promise<void> {
    this.#sql(
      'INSERT INTO api_key (id, key, digest, sealedSecret, workspace, name, createdMs, revokedMs) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ).run(key.id, key.key, key.digest, key.sealedSecret, key.workspace, key.name, key.createdMs, key.revokedMs);
  }

  async keys(): Promise<readonly StoredKey[]> {
    return this.#sql('SELECT * FROM api_key ORDER BY createdMs, rowid').all() as unknown as StoredKey[];
  }

  async keyById(id: string): Promise<StoredKey | undefined> {
    return this.#sql('SELECT * FROM api_key WHERE id = ?').get(id) as StoredKey | undefined;
  }

  async keyByPublicPart(key: string): Promise<StoredKey | undefined> {
    return this.#sql('SELECT * FROM api_key WHERE key = ?').get(key) as StoredKey | undefined;
  }

  async keyByDigest(digest: string): Promise<StoredKey | undefined> {
    return this.#sql('SELECT * FROM api_key WHERE digest = ?').get(digest) as StoredKey | undefined;
  }

  async revokeKey(id: string, atMs: number): Promise<boolean> {
    return this.#sql('UPDATE api_key SET revokedMs = ? WHERE id = ? AND revokedMs IS NULL').run(atMs, id).changes === 1;
  }

  async addSecret(secret: StoredSecret, nowMs: number): Promise<boolean> {
    this.#sql('DELETE FROM client_secret WHERE expiresMs <= ?').run(nowMs);
    const alive = Number(this.#sql('SELECT count(*) AS alive FROM client_secret WHERE keyId = ?').get(secret.keyId)?.['alive']);
    if (alive >= this.#bounds.secretsPerKey) return false;
    this.#sql('INSERT INTO client_secret (digest, keyId, workspace, dialect, sealedSession, expiresMs) VALUES (?, ?, ?, ?, ?, ?)').run(
      secret.digest,
      secret.keyId,
      secret.workspace,
      secret.dialect,
      secret.sealedSession,
      secret.expiresMs,
    );
    return true;
  }

  async secretByDigest(digest: string): Promise<StoredSecret | undefined> {
    return this.#sql('SELECT * FROM client_secret WHERE digest = ?').get(digest) as StoredSecret | undefined;
  }

  async claimNonce(keyId: string, nonce: string, expiresMs: number, nowMs: number): Promise<NonceClaim> {
    this.#sql('DELETE FROM nonce WHERE expiresMs <= ?').run(nowMs);
    if (this.#sql('SELECT 1 FROM nonce WHERE keyId = ? AND nonce = ?').get(keyId, nonce)) return 'used';
    const alive = Number(this.#sql('SELECT count(*) AS alive FROM nonce WHERE keyId = ?').get(keyId)?.['alive']);
    if (alive >= this.#bounds.noncesPerKey) return 'full';
    // Another process may have come between: the row itself decides.
    const { changes } = this.#sql('INSERT OR IGNORE INTO nonce (keyId, nonce, expiresMs) VALUES (?, ?, ?)').run(keyId, nonce, expiresMs);
    return changes === 1 ? 'new' : 'used';
  }

  async close(): Promise<void> {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }
}

/** The file of the embedded store. */
export function storeFile(dataDir: string): string {
  return join(dataDir, 'parley.db');
}
