// Tokens (A03): what a token of ours says, and every forgery that must not pass for one.
import { createSign, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { IssuedKey } from '../../src/access/issue.ts';
import { Vault } from '../../src/access/vault.ts';
import type { Access } from '../../src/access/access.ts';
import { randomToken } from '../../src/lib/ids.ts';
import { accessRig, tokenRequest } from './rig.ts';

let rig: ReturnType<typeof accessRig>;
let key: IssuedKey;
beforeEach(async () => {
  rig = accessRig();
  key = await rig.makeKey();
});
afterEach(() => rig.close());

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const parse = (text: string | undefined) => JSON.parse(Buffer.from(text ?? '', 'base64url').toString()) as Record<string, unknown>;

/** The claims of a good token, to be changed in one place each. */
function claims(): Record<string, unknown> {
  const now = Math.floor(rig.clock.wallMs() / 1000);
  return { workspace: 'acme', iss: 'parley', aud: 'parley', sub: key.id, jti: 'j1', iat: now, exp: now + 600 };
}
const signed = (payload: Record<string, unknown>, alg = 'HS256', by: Uint8Array = rig.vault.tokenKey) =>
  new SignJWT(payload).setProtectedHeader({ alg, typ: 'JWT' }).sign(by);

test('A03: a token says whose it is, and opens every door until it expires', async () => {
  const token = await rig.token(key);
  const expected = { kind: 'token', keyId: key.id, workspace: 'acme', expiresMs: rig.clock.wallMs() + 900_000 };
  expect(await rig.bearer(token)).toEqual(expected);
  expect(await rig.bearer(token, 'realtime')).toEqual(expected);
  rig.clock.advance(899_000);
  expect(await rig.bearer(token)).toEqual(expected);
  rig.clock.advance(1_000);
  expect(await rig.bearer(token)).toBeUndefined();
});

test('the forgeries below fail for what is forged: unchanged, the same claims are believed', async () => {
  expect(await rig.bearer(await signed(claims()))).toMatchObject({ kind: 'token', keyId: key.id });
});

describe('A03: a token is refused', () => {
  test('that is signed by nobody (alg none), however it spells it', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
      for (const proof of ['', 'AA', (await signed(claims())).split('.')[2]]) {
        expect(await rig.bearer(`${part({ alg, typ: 'JWT' })}.${part(claims())}.${proof}`), `${alg}.${proof}`).toBeUndefined();
      }
    }
  });

  test('that another key signed', async () => {
    const other = new Vault('another master key of forty characters..', randomToken);
    expect(await rig.bearer(await signed(claims(), 'HS256', other.tokenKey))).toBeUndefined();
    // Master key and API secret are no signing keys.
    expect(await rig.bearer(await signed(claims(), 'HS256', Buffer.from('m'.repeat(40))))).toBeUndefined();
    expect(await rig.bearer(await signed(claims(), 'HS256', Buffer.from(key.secret)))).toBeUndefined();
  });

  test('of another algorithm, even when the key is right', async () => {
    for (const alg of ['HS384', 'HS512']) {
      expect(await rig.bearer(await signed(claims(), alg)), `with ${alg}`).toBeUndefined();
    }
  });

  test('signed with RS256, by a key it brings along or not, and RS256 signed as if the key were shared', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    for (const header of [
      { alg: 'RS256', typ: 'JWT' },
      { alg: 'RS256', typ: 'JWT', jwk: publicKey.export({ format: 'jwk' }) },
    ]) {
      const body = `${part(header)}.${part(claims())}`;
      const proof = createSign('RSA-SHA256').update(body).sign(privateKey).toString('base64url');
      expect(await rig.bearer(`${body}.${proof}`)).toBeUndefined();
    }
    const pem = Buffer.from(publicKey.export({ format: 'pem', type: 'spki' }));
    expect(await rig.bearer(await signed(claims(), 'HS256', pem))).toBeUndefined();
    // The header says RS256, the signature is a right HS256 one.
    const [, body, proof] = (await signed(claims())).split('.');
    expect(await rig.bearer(`${part({ alg: 'RS256', typ: 'JWT' })}.${body}.${proof}`)).toBeUndefined();
  });

  test('that was tampered with in any part', async () => {
    const [header, body, proof = ''] = (await rig.token(key)).split('.');
    const richer = part({ ...parse(body), workspace: 'other' });
    const later = part({ ...parse(body), exp: Number(parse(body)['exp']) + 60 });
    const bent = `${proof.startsWith('A') ? 'B' : 'A'}${proof.slice(1)}`;
    for (const token of [
      `${header}.${richer}.${proof}`,
      `${header}.${later}.${proof}`,
      `${header}.${body}.${bent}`,
      `${header}.${body}.`,
    ]) {
      expect(await rig.bearer(token), `with ${token}`).toBeUndefined();
    }
    expect(await rig.bearer(`${header}.${body}.${proof}`)).toBeDefined();
  });

  test('that never expires, or has no subject, id or workspace', async () => {
    for (const missing of ['exp', 'iat', 'sub', 'jti', 'workspace', 'iss', 'aud']) {
      const { [missing]: _, ...rest } = claims();
      expect(await rig.bearer(await signed(rest)), `without ${missing}`).toBeUndefined();
    }
  });

  test('of another issuer, for another audience, not yet valid, or of another type', async () => {
    for (const change of [{ iss: 'elsewhere' }, { aud: 'elsewhere' }, { nbf: Math.floor(rig.clock.wallMs() / 1000) + 60 }]) {
      expect(await rig.bearer(await signed({ ...claims(), ...change })), `with ${JSON.stringify(change)}`).toBeUndefined();
    }
    const untyped = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' }).sign(rig.vault.tokenKey);
    expect(await rig.bearer(untyped)).toBeUndefined();
  });

  test('whose key is unknown, or of another workspace than it says', async () => {
    expect(await rig.bearer(await signed({ ...claims(), sub: 'key_unknown' }))).toBeUndefined();
    expect(await rig.bearer(await signed({ ...claims(), workspace: 'other' }))).toBeUndefined();
  });

  test('as soon as its key is revoked', async () => {
    const token = await rig.token(key);
    expect(await rig.bearer(token)).toBeDefined();
    await rig.revoke(key.id);
    expect(await rig.bearer(token)).toBeUndefined();
  });

  test('as soon as its key is gone from the configuration', async () => {
    const pair = { id: '', key: 'conf-key', secret: 'conf-secret', credential: '', workspace: 'default' };
    const by = rig.make({ configuredKeys: ['first-key-0123', 'conf-key:conf-secret'] });
    const grant = await by.exchange(tokenRequest(pair, rig.clock));
    const token = grant.outcome === 'granted' ? grant.token : '';
    const ask = (access: Access) => rig.who({ authorization: `Bearer ${token}` }, '', 'api', access);
    expect(await ask(by)).toMatchObject({ kind: 'token', workspace: 'default' });
    expect(await ask(rig.make({ configuredKeys: ['conf-key:conf-secret'] }))).toBeDefined();
    expect(await ask(rig.make({ configuredKeys: ['first-key-0123', 'new-key-456789'] }))).toBeUndefined();
  });
});
