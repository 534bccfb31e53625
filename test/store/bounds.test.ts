// What one key may take of the store, and that what has expired makes room for what comes: on the disk, too.
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { secretOverheadBytes } from '../../src/store/schema.ts';
import { aKey, aSecret, nowMs, storeFolder } from './rig.ts';

const sealedSession = 'x'.repeat(100_000);

test('the secrets of a key take so many bytes and no more; another key and expired ones are no part of it', async () => {
  const place = storeFolder();
  const store = place.open({ bounds: { secretBytesPerKey: 300_000 + 3 * secretOverheadBytes } });
  const mint = (digest: string, more = {}, atMs = nowMs) => store.addSecret(aSecret(digest, { sealedSession, ...more }), atMs);
  expect([await mint('a'), await mint('b', { expiresMs: nowMs + 1000 }), await mint('c'), await mint('d')]).toEqual([
    'kept',
    'kept',
    'kept',
    'too_much',
  ]);
  expect(await store.secretByDigest('d')).toBeUndefined();
  expect(await mint('e', { keyId: 'key_2' })).toBe('kept');
  expect(await mint('f', { sealedSession: 'short' })).toBe('too_much');
  expect([await mint('g', {}, nowMs + 1000), await mint('h', {}, nowMs + 1000)]).toEqual(['kept', 'too_much']);
});

test('25 secrets with long sessions, minted again and again, do not make the store grow', async () => {
  const place = storeFolder();
  const store = place.open();
  const round = async (number: number) => {
    const startMs = nowMs + number * 10_000;
    for (let at = 0; at < 25; at++) {
      const digest = `${number} ${at}`;
      expect(await store.addSecret(aSecret(digest, { sealedSession, createdMs: startMs, expiresMs: startMs + 10_000 }), startMs)).toBe(
        'kept',
      );
    }
    return place.bytes;
  };
  const first = await round(0);
  for (let number = 1; number < 4; number++) await round(number);
  // The log of writes holds some megabytes before it is written over.
  expect(await round(4)).toBeLessThan(first + 8_000_000);
});

test('a store of the version before is taken over with all that is in it', async () => {
  const place = storeFolder();
  const before = new DatabaseSync(place.path);
  before.exec(`
    CREATE TABLE api_key (id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, digest TEXT NOT NULL UNIQUE, sealedSecret TEXT NOT NULL,
      workspace TEXT NOT NULL, name TEXT NOT NULL, createdMs INTEGER NOT NULL, revokedMs INTEGER) STRICT;
    CREATE TABLE client_secret (digest TEXT PRIMARY KEY, keyId TEXT NOT NULL, workspace TEXT NOT NULL, dialect TEXT NOT NULL,
      sealedSession TEXT NOT NULL, expiresMs INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX client_secret_expiry ON client_secret (expiresMs);
    CREATE INDEX client_secret_key ON client_secret (keyId);
    CREATE TABLE nonce (keyId TEXT NOT NULL, nonce TEXT NOT NULL, expiresMs INTEGER NOT NULL, PRIMARY KEY (keyId, nonce)) STRICT, WITHOUT ROWID;
    CREATE INDEX nonce_expiry ON nonce (expiresMs);
    PRAGMA user_version = 1;
  `);
  before
    .prepare('INSERT INTO api_key VALUES (?, ?, ?, ?, ?, ?, ?, NULL)')
    .run('key_1', 'public_key_1', 'digest_key_1', 'sealed', 'acme', '', nowMs);
  before.prepare("INSERT INTO client_secret VALUES ('old', 'key_1', 'acme', 'ga', ?, ?)").run(sealedSession, nowMs + 1000);
  before.prepare("INSERT INTO nonce VALUES ('key_1', 'n', ?)").run(nowMs + 1000);
  before.close();
  const store = place.open({ bounds: { secretBytesPerKey: 150_000 } });
  expect(await store.keyById('key_1')).toEqual(aKey('key_1'));
  expect(await store.secretByDigest('old')).toMatchObject({ keyId: 'key_1', expiresMs: nowMs + 1000 });
  expect(await store.claimNonce('key_1', 'n', nowMs + 1000, nowMs)).toBe('used');
  expect(await store.addSecret(aSecret('new', { sealedSession }), nowMs)).toBe('too_much');
  expect(await store.addSecret(aSecret('new', { sealedSession }), nowMs + 1000)).toBe('kept');
});

test('what keys have called is added up by the hour, and forgotten when it is too old', async () => {
  const place = storeFolder();
  const store = place.open();
  const use = { keyId: 'key_1', hour: 100, calls: 1, ms: 2000 };
  await store.addOutboundUse(use, 90);
  await store.addOutboundUse({ ...use, calls: 0, ms: 500 }, 90);
  await store.addOutboundUse({ ...use, keyId: 'key_2', hour: 101 }, 90);
  expect(await store.outboundUse(100)).toEqual([
    { keyId: 'key_1', hour: 100, calls: 1, ms: 2500 },
    { keyId: 'key_2', hour: 101, calls: 1, ms: 2000 },
  ]);
  expect(await store.outboundUse(101)).toHaveLength(1);
  await store.addOutboundUse({ ...use, hour: 130 }, 107);
  expect((await store.outboundUse(0)).map(({ hour }) => hour)).toEqual([130]);
});
