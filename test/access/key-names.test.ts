// What a configured key is called where it may be read by others: in tokens, logs and TURN user names.
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Vault } from '../../src/access/vault.ts';
import { randomToken } from '../../src/lib/ids.ts';
import { accessRig, plainKey, tokenRequest } from './rig.ts';

let rig: ReturnType<typeof accessRig>;
beforeEach(() => {
  rig = accessRig();
});
afterEach(() => rig.close());

const idOf = async (key: string, by = rig.access) => (await rig.who({ authorization: `Bearer ${key}` }, '', 'api', by))?.keyId ?? '';

test('a weak key cannot be guessed from its id, which is in every token and log line', async () => {
  const weak = 'password1234';
  const id = await idOf(weak, rig.make({ configuredKeys: [weak] }));
  expect(id).toMatch(/^configured_[0-9a-f]{16}$/);
  for (const algorithm of ['sha256', 'sha1', 'md5', 'sha512'])
    expect(createHash(algorithm).update(weak).digest('hex')).not.toContain(id.slice('configured_'.length));
  // Nothing but another master key has changed.
  const elsewhere = rig.make({ configuredKeys: [weak], vault: new Vault('n'.repeat(40), randomToken) });
  expect(await idOf(weak, elsewhere)).not.toBe(id);
});

test('what was minted for a key holds after a restart, and wherever the key stands in the list', async () => {
  const pair = 'some-key:some-secret-of-good-length';
  const before = rig.make({ configuredKeys: [pair] });
  const [key = '', secret = ''] = pair.split(':');
  const signer = { id: '', key, secret, credential: '', workspace: 'default' };
  const grant = await before.exchange(tokenRequest(signer, rig.clock));
  if (grant.outcome !== 'granted') throw new Error(grant.outcome);
  const after = rig.make({ configuredKeys: ['another-key-0123456789', pair] });
  expect(await idOf(grant.token, after)).toBe(await idOf(pair, before));
  expect(await idOf(grant.token, rig.make({ configuredKeys: ['another-key-0123456789'] }))).toBe('');
});

test('a key that is put into the configuration while the server runs opens it, and one that is taken out ends with what it minted', async () => {
  const by = await rig.bearer(plainKey);
  if (!by) throw new Error('the key is not known');
  const minted = await rig.access.mintSecret(by, { session: {}, dialect: 'ga', seconds: 600 });
  if (minted.outcome !== 'minted') throw new Error(minted.outcome);
  expect(await rig.bearer(minted.value, 'realtime')).toMatchObject({ keyId: by.keyId });
  rig.access.configure(['another-key-0123456789']);
  expect(await rig.bearer(plainKey)).toBeUndefined();
  expect(await rig.bearer(minted.value, 'realtime')).toBeUndefined();
  expect(await rig.bearer('another-key-0123456789')).toBeDefined();
});
