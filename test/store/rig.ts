// A store in a folder of its own, rows to put into it, and the file as SQLite sees it from outside.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import type { Log } from '../../src/lib/log.ts';
import { EmbeddedStore, type EmbeddedStoreOptions, storeFile } from '../../src/store/embedded.ts';
import type { StoredKey, StoredSecret } from '../../src/store/store.ts';

export const nowMs = 1_700_000_000_000;

export const aKey = (id: string): StoredKey => ({
  id,
  key: `public_${id}`,
  digest: `digest_${id}`,
  sealedSecret: 'sealed',
  workspace: 'acme',
  name: '',
  createdMs: nowMs,
  revokedMs: null,
});

export const aSecret = (digest: string, more: Partial<StoredSecret> = {}): StoredSecret => ({
  digest,
  keyId: 'key_1',
  workspace: 'acme',
  dialect: 'ga',
  sealedSession: 'sealed',
  createdMs: nowMs,
  expiresMs: nowMs + 600_000,
  ...more,
});

export function storeFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'parley-store-'));
  const path = storeFile(folder);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    path,
    open(options: Partial<EmbeddedStoreOptions> = {}): EmbeddedStore {
      const store = new EmbeddedStore(path, { clock: systemClock, ...options });
      onTestFinished(() => store.close());
      return store;
    },
    /** Another program that has the file open. */
    outside(): DatabaseSync {
      const database = new DatabaseSync(path);
      onTestFinished(() => {
        if (database.isOpen) database.close();
      });
      return database;
    },
    /** The file and the log of its writes. */
    get bytes(): number {
      return [path, `${path}-wal`].reduce((sum, each) => sum + (statSync(each, { throwIfNoEntry: false })?.size ?? 0), 0);
    },
  };
}

/** What the operator reads, a line each. */
export function readableLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const write = (_fields: object, message: string) => void lines.push(message);
  const log: Log = { debug() {}, info: write, warn: write, error: write, child: () => log };
  return { log, lines };
}
