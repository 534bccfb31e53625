// What lies on the disk: readable by its owner only, credentials never in the clear, and the same after a restart.
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runKeys } from '../../src/cli/keys.ts';
import { UsageError } from '../../src/cli/arguments.ts';
import { ownKey } from '../../src/access/keys.ts';
import { masterKey, Vault } from '../../src/access/vault.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { randomToken } from '../../src/lib/ids.ts';
import { SetupError } from '../../src/lib/own-file.ts';
import { EmbeddedStore, storeFile } from '../../src/store/embedded.ts';
import { accessRig } from './rig.ts';

const mode = (path: string) => statSync(path).mode & 0o777;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the store', () => {
  test('is for its owner only, side files too', async () => {
    const rig = accessRig();
    try {
      await rig.makeKey();
      const files = readdirSync(rig.dataDir).filter((name) => name.startsWith('parley.db'));
      expect(files).toContain('parley.db-wal');
      for (const file of files) expect(mode(join(rig.dataDir, file)), `with ${file}`).toBe(0o600);
    } finally {
      await rig.close();
    }
  });

  test('holds no key, token, secret or session in the clear', async () => {
    const rig = accessRig();
    try {
      const key = await rig.makeKey();
      const value = await rig.secret(key);
      const token = await rig.token(key);
      const bytes = readdirSync(rig.dataDir).map((name) => readFileSync(join(rig.dataDir, name), 'latin1'));
      const disk = bytes.join('');
      expect(disk).toContain(key.key);
      for (const text of [key.secret, key.credential, value, value.slice(3), token, 'Be brief.'])
        expect(disk.includes(text), `with ${text}`).toBe(false);
    } finally {
      await rig.close();
    }
  });

  test('keeps keys, secrets and nonces over a restart', async () => {
    const first = new EmbeddedStore(storeFile(folder), { clock: systemClock });
    const key = { id: 'key_1', key: 'k', digest: 'd', sealedSecret: 's', workspace: 'w', name: 'n', createdMs: 1, revokedMs: null };
    const secret = {
      digest: 'e',
      keyId: 'key_1',
      workspace: 'w',
      dialect: 'beta',
      sealedSession: 's',
      createdMs: 1,
      expiresMs: 99,
    } as const;
    await first.addKey(key);
    await first.addSecret(secret, 1);
    expect(await first.claimNonce('key_1', 'n', 99, 1)).toBe('new');
    await first.close();
    const second = new EmbeddedStore(storeFile(folder), { clock: systemClock });
    expect(await second.keyByDigest('d')).toEqual(key);
    expect(await second.secretByDigest('e')).toEqual(secret);
    expect(await second.claimNonce('key_1', 'n', 99, 1)).toBe('used');
    await second.close();
  });

  test('of a newer version is left alone', async () => {
    const path = storeFile(folder);
    const newer = new DatabaseSync(path);
    newer.exec('PRAGMA user_version = 99');
    newer.close();
    const store = new EmbeddedStore(path, { clock: systemClock });
    for (const asked of [store.keys(), store.revokeKey('key_1', 1)])
      await expect(asked).rejects.toMatchObject({ reason: 'newer', advice: expect.stringContaining('newer version of Parley') });
    await store.close();
  });
});

describe('the key of the server itself', () => {
  test('is made once, for its owner only, and never half written', () => {
    const path = join(folder, 'api-key');
    const { key, made } = ownKey(path);
    expect([key.length, made, mode(path)]).toEqual([43, true, 0o600]);
    expect(ownKey(path)).toEqual({ key, made: false });
    expect(readdirSync(folder)).toEqual(['api-key']);
    // What a version before left when it was killed as it made one.
    writeFileSync(path, '');
    expect(ownKey(path)).toMatchObject({ made: true });
  });

  test('that cannot be made is named, with why', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => ownKey(join(folder, 'file', 'api-key'))).toThrow(SetupError);
    expect(() => ownKey(join(folder, 'file', 'api-key'))).toThrow(/api-key cannot be read or made: a part of its path is no folder/);
  });
});

describe('the master key', () => {
  test('is made once, for its owner only, and stays', () => {
    const made = masterKey(folder, undefined, randomToken);
    expect(made).toMatch(/^[A-Za-z0-9]{43}$/);
    chmodSync(join(folder, 'master-key'), 0o644);
    expect(masterKey(folder, undefined, randomToken)).toBe(made);
    expect(mode(join(folder, 'master-key'))).toBe(0o600);
  });

  test('of the configuration wins, and writes no file', () => {
    expect(masterKey(folder, 'c'.repeat(32), randomToken)).toBe('c'.repeat(32));
    expect(readdirSync(folder)).toEqual([]);
  });

  test('that is too short to be one is refused by name', () => {
    expect(() => masterKey(folder, 'short', randomToken)).toThrow(/PARLEY_MASTER_KEY is too short/);
    writeFileSync(join(folder, 'master-key'), '\n');
    expect(() => masterKey(folder, undefined, randomToken)).toThrow(/master-key is too short/);
  });

  test('opens only what it sealed, unchanged and in its own place', () => {
    const vault = new Vault('a'.repeat(32), randomToken);
    const sealed = vault.seal('grüße', 'key_1');
    expect(vault.open(sealed, 'key_1')).toBe('grüße');
    expect(vault.seal('grüße', 'key_1')).not.toBe(sealed);
    const bent = Buffer.from(sealed, 'base64');
    bent[14] = (bent[14] ?? 0) ^ 1;
    const another = new Vault('b'.repeat(32), randomToken);
    expect(() => vault.open(sealed, 'key_2')).toThrow(/cannot be decrypted/);
    expect(() => vault.open(bent.toString('base64'), 'key_1')).toThrow(/cannot be decrypted/);
    expect(() => vault.open('', 'key_1')).toThrow(/cannot be decrypted/);
    expect(() => another.open(sealed, 'key_1')).toThrow(/master key is not the one/);
  });
});

describe('npm run keys', () => {
  const run = async (...argv: string[]) => {
    const lines: string[] = [];
    await runKeys(argv, { dataDir: folder, settings: {} }, (line) => lines.push(line));
    return lines.join('\n');
  };

  test('makes a key, shows it once, lists it without its secret, and revokes it', async () => {
    const made = await run('make', '--name', 'kitchen radio', '--workspace', 'acme');
    const [, credential = ''] = /API key {2}(\w+)/.exec(made) ?? [];
    const [, secret = ''] = /Secret {3}(\w+)/.exec(made) ?? [];
    const [id = ''] = /key_\w+/.exec(made) ?? [];
    expect(Buffer.from(credential, 'base64').toString().endsWith(`:${secret}`)).toBe(true);
    const listed = await run('list');
    expect(listed).toMatch(new RegExp(`${id} .* acme .* valid +kitchen radio`));
    expect(listed).not.toContain(secret);
    expect(await run('revoke', id)).toContain('opens nothing any more');
    expect(await run('list')).toMatch(/revoked \d{4}-/);
  });

  test('says what it takes, and refuses what it does not understand', async () => {
    expect(await run()).toContain('npm run keys -- make');
    await expect(run('forge')).rejects.toThrow(UsageError);
    await expect(run('revoke')).rejects.toThrow(UsageError);
    await expect(run('make', 'it', 'so')).rejects.toThrow(UsageError);
    await expect(run('revoke', 'key_unknown')).rejects.toThrow(/There is no key key_unknown/);
    await expect(run('make', '--workspace', 'a b')).rejects.toThrow(/workspace's name/);
  });
});
