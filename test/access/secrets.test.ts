// Ephemeral secrets (A04, E06): what they open, with which session, and for how long.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { digestOf, type IssuedKey } from '../../src/access/issue.ts';
import { accessRig, plainKey } from './rig.ts';

let rig: ReturnType<typeof accessRig>;
let key: IssuedKey;
beforeEach(async () => {
  rig = accessRig();
  key = await rig.makeKey();
});
afterEach(() => rig.close());

test('A04 E06: a secret opens the realtime doors with its session, as often as wanted', async () => {
  const value = await rig.secret(key);
  expect(value).toMatch(/^ek_[A-Za-z0-9]{43}$/);
  for (let at = 0; at < 2; at++) {
    expect(await rig.bearer(value, 'realtime')).toEqual({
      kind: 'secret',
      keyId: key.id,
      workspace: 'acme',
      expiresMs: rig.clock.wallMs() + 600_000,
      dialect: 'ga',
      session: { type: 'realtime', instructions: 'Be brief.' },
    });
  }
  expect(await rig.who({ 'sec-websocket-protocol': `realtime, openai-insecure-api-key.${value}` }, '', 'realtime')).toMatchObject({
    kind: 'secret',
  });
});

test('A04: a secret opens nothing else', async () => {
  expect(await rig.bearer(await rig.secret(key), 'api')).toBeUndefined();
});

test('E06: a secret ends on its second', async () => {
  const value = await rig.secret(key, 10);
  rig.clock.advance(9_999);
  expect(await rig.bearer(value, 'realtime')).toBeDefined();
  rig.clock.advance(1);
  expect(await rig.bearer(value, 'realtime')).toBeUndefined();
});

test('a secret or token that has expired is told from one that nobody minted, also when the store has forgotten it', async () => {
  const [value, token] = [await rig.secret(key, 10), await rig.token(key)];
  const expired = async (credential: string) => rig.access.hasExpired(credential);
  expect([await expired(value), await expired(token)]).toEqual([false, false]);
  rig.clock.advance(3_600_000);
  expect([await expired(value), await expired(token)]).toEqual([true, true]);
  // Forgets what has expired by then.
  await rig.secret(key);
  expect(await rig.store.secretByDigest(digestOf(value))).toBeUndefined();
  expect(await expired(value)).toBe(true);
  const changed = (text: string) => `${text.slice(0, -5)}${text.at(-5) === '0' ? '1' : '0'}${text.slice(-4)}`;
  const unknown = [
    changed(value),
    changed(token),
    `ek_${'a'.repeat(43)}`,
    'ek_',
    value.slice(0, -1),
    `${value}0`,
    key.credential,
    plainKey,
  ];
  for (const credential of unknown) expect(await expired(credential), `with ${credential}`).toBe(false);
});

test('a secret or token of a key that was revoked has not expired: it is a wrong one', async () => {
  const [value, token] = [await rig.secret(key), await rig.token(key)];
  await rig.revoke(key.id);
  expect([await rig.access.hasExpired(value), await rig.access.hasExpired(token)]).toEqual([false, false]);
});

test('a secret ends with the key it was minted for', async () => {
  const value = await rig.secret(key);
  await rig.revoke(key.id);
  expect(await rig.bearer(value, 'realtime')).toBeUndefined();
});

test('a secret that nobody minted, or of another spelling, opens nothing', async () => {
  const value = await rig.secret(key);
  for (const wrong of [`ek_${'a'.repeat(43)}`, value.slice(0, -1), value.toUpperCase(), value.slice(3)]) {
    expect(await rig.bearer(wrong, 'realtime'), `with ${wrong}`).toBeUndefined();
  }
});

test('a secret asked for with a token does not outlive the token', async () => {
  const by = await rig.bearer(await rig.token(key));
  if (!by) throw new Error('the token is not believed');
  const long = await rig.access.mintSecret(by, { session: {}, dialect: 'ga', seconds: 7200 });
  const short = await rig.access.mintSecret(by, { session: {}, dialect: 'ga', seconds: 60 });
  const now = rig.clock.wallMs() / 1000;
  expect(long).toMatchObject({ outcome: 'minted', expiresAt: now + 900 });
  expect(short).toMatchObject({ outcome: 'minted', expiresAt: now + 60 });
});

test('a secret mints no further secret', async () => {
  const by = await rig.bearer(await rig.secret(key), 'realtime');
  if (!by) throw new Error('the secret is not believed');
  await expect(rig.access.mintSecret(by, { session: {}, dialect: 'ga', seconds: 60 })).rejects.toThrow(/mints no other/);
});

test('a key has a bounded number of secrets alive; expired ones make room', async () => {
  const small = accessRig({ bounds: { secretsPerKey: 2, noncesPerKey: 9 } });
  try {
    const one = await small.makeKey();
    await small.secret(one, 60);
    await small.secret(one, 60);
    await expect(small.secret(one, 60)).rejects.toThrow('no secret: too_many');
    await small.secret(await small.makeKey(), 60);
    small.clock.advance(60_000);
    expect(await small.secret(one, 60)).toMatch(/^ek_/);
  } finally {
    await small.close();
  }
});
