// The tables of the embedded store, and how those of an older version are brought up to date. Columns are named like the fields of the plug.

/** Beside what is written of a secret's row: its index entries and half-empty pages. */
export const secretOverheadBytes = 512;

/** From each version to the next. */
const steps: readonly string[] = [
  `CREATE TABLE api_key (
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
  CREATE INDEX nonce_expiry ON nonce (expiresMs);`,

  // What a key has alive is kept as a sum, so that a mint need not count. Of nonces that are forgotten, the latest end of each key stays.
  `ALTER TABLE client_secret ADD COLUMN createdMs INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX client_secret_making ON client_secret (createdMs);
  DROP INDEX client_secret_key;
  CREATE TABLE secret_tally (
    keyId TEXT PRIMARY KEY,
    secrets INTEGER NOT NULL,
    bytes INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO secret_tally SELECT keyId, count(*), sum(octet_length(sealedSession) + ${secretOverheadBytes}) FROM client_secret GROUP BY keyId;
  CREATE TRIGGER client_secret_added AFTER INSERT ON client_secret BEGIN
    INSERT INTO secret_tally VALUES (NEW.keyId, 1, octet_length(NEW.sealedSession) + ${secretOverheadBytes})
      ON CONFLICT (keyId) DO UPDATE SET secrets = secrets + 1, bytes = bytes + excluded.bytes;
  END;
  CREATE TRIGGER client_secret_deleted AFTER DELETE ON client_secret BEGIN
    UPDATE secret_tally SET secrets = secrets - 1, bytes = bytes - octet_length(OLD.sealedSession) - ${secretOverheadBytes} WHERE keyId = OLD.keyId;
    DELETE FROM secret_tally WHERE keyId = OLD.keyId AND secrets = 0;
  END;
  CREATE TABLE nonce_horizon (
    keyId TEXT PRIMARY KEY,
    expiresMs INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;`,

  `CREATE TABLE outbound_use (
    keyId TEXT NOT NULL,
    hour INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    ms INTEGER NOT NULL,
    PRIMARY KEY (keyId, hour)
  ) STRICT, WITHOUT ROWID;`,

  // What was used, in sums; and which batches of it have been taken in, so that none is counted twice.
  `CREATE TABLE usage_row (
    day TEXT NOT NULL,
    keyId TEXT NOT NULL,
    session TEXT NOT NULL,
    stage TEXT NOT NULL,
    model TEXT NOT NULL,
    requests INTEGER NOT NULL,
    inputTokens INTEGER NOT NULL,
    outputTokens INTEGER NOT NULL,
    cachedTokens INTEGER NOT NULL,
    seconds REAL NOT NULL,
    characters INTEGER NOT NULL,
    PRIMARY KEY (day, keyId, session, stage, model)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE usage_batch (
    id TEXT PRIMARY KEY,
    takenMs INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;`,
];

export const schemaVersion = steps.length;

/** What brings tables of that version (0: there are none) to the present one. */
export function migrationFrom(version: number): string {
  return `${steps.slice(version).join('\n')}\nPRAGMA user_version = ${schemaVersion};`;
}
