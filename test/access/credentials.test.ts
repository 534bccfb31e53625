// Every place and form a long-lived key may come in (A01, A02, A05 to A07), and what must not pass for one.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type IssuedKey } from '../../src/access/issue.ts';
import { accessRig, plainKey } from './rig.ts';

let rig: ReturnType<typeof accessRig>;
let key: IssuedKey;
beforeEach(async () => {
  rig = accessRig();
  key = await rig.makeKey();
});
afterEach(() => rig.close());

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('A01 A02 A05 A06: a key of the store is known', () => {
  test.each([
    ['as Bearer, as it was issued', (k: IssuedKey) => ({ authorization: `Bearer ${k.credential}` }), ''],
    ['as Basic, as it was issued', (k: IssuedKey) => ({ authorization: `Basic ${k.credential}` }), ''],
    ['as Basic, encoded by the client', (k: IssuedKey) => ({ authorization: `Basic ${base64(`${k.key}:${k.secret}`)}` }), ''],
    ['as Bearer, not encoded', (k: IssuedKey) => ({ authorization: `Bearer ${k.key}:${k.secret}` }), ''],
    ['whatever the case of the scheme', (k: IssuedKey) => ({ authorization: `bearer ${k.credential}` }), ''],
    ['in the api-key header', (k: IssuedKey) => ({ 'api-key': k.credential }), ''],
    ['in a subprotocol', (k: IssuedKey) => ({ 'sec-websocket-protocol': `realtime, openai-insecure-api-key.${k.credential}` }), ''],
    ['as ?token=', () => ({}), (k: IssuedKey) => `token=${k.credential}`],
    ['as ?Authorization=', () => ({}), (k: IssuedKey) => `Authorization=Basic%20${k.credential}`],
  ])('%s', async (_where, headers, query) => {
    const who = await rig.who(headers(key), typeof query === 'string' ? query : query(key));
    expect(who).toEqual({ kind: 'key', keyId: key.id, workspace: 'acme' });
  });
});

test('an issued key needs no escaping in a URL or a subprotocol', () => {
  expect(key.credential).toMatch(/^[A-Za-z0-9]{88}$/);
  expect(Buffer.from(key.credential, 'base64').toString()).toBe(`${key.key}:${key.secret}`);
});

describe('a configured key is known', () => {
  test.each([
    ['as Bearer', { authorization: `Bearer ${plainKey}` }],
    ['as Basic, verbatim', { authorization: `Basic ${plainKey}` }],
    ['as Basic, encoded alone', { authorization: `Basic ${base64(plainKey)}` }],
    ['as the user of a Basic pair', { authorization: `Basic ${base64(`${plainKey}:`)}` }],
    ['as the password of a Basic pair', { authorization: `Basic ${base64(`:${plainKey}`)}` }],
    ['in the api-key header', { 'api-key': plainKey }],
    ['in a subprotocol', { 'sec-websocket-protocol': `realtime,openai-insecure-api-key.${plainKey}` }],
  ])('%s', async (_where, headers) => {
    expect(await rig.who(headers)).toMatchObject({ kind: 'key', workspace: 'default' });
  });

  test('also when it is a pair as Inworld issues it, encoded or not', async () => {
    for (const configured of ['some-key:some-secret', base64('some-key:some-secret')]) {
      const by = rig.make({ configuredKeys: [configured] });
      expect(await rig.who({ authorization: `Basic ${configured}` }, '', 'api', by), `with ${configured}`).toMatchObject({ kind: 'key' });
    }
  });
});

describe('A07: nobody is let in', () => {
  test.each([
    ['without a credential', () => ({})],
    ['with a scheme and nothing behind it', () => ({ authorization: 'Bearer ' })],
    ['with a wrong key', () => ({ authorization: 'Bearer wrong-key-0123456789' })],
    ['with the public part alone, which travels in the clear', (k: IssuedKey) => ({ authorization: `Bearer ${k.key}` })],
    ['with the public part and no secret', (k: IssuedKey) => ({ authorization: `Basic ${base64(`${k.key}:`)}` })],
    ['with the secret alone', (k: IssuedKey) => ({ authorization: `Bearer ${k.secret}` })],
    ['with a wrong secret', (k: IssuedKey) => ({ authorization: `Basic ${base64(`${k.key}:${'x'.repeat(44)}`)}` })],
    ['with the id of a key', (k: IssuedKey) => ({ authorization: `Bearer ${k.id}` })],
    ['with a credential of a hundred thousand letters', () => ({ authorization: `Bearer ${'a'.repeat(100_000)}` })],
    ['with bytes that are no text', () => ({ authorization: `Basic ${Buffer.from([0, 255, 58, 7]).toString('base64')}` })],
  ])('%s', async (_how, headers) => {
    expect(await rig.who(headers(key))).toBeUndefined();
  });

  test('with a key among a crowd of wrong ones beyond those that are looked at', async () => {
    const crowd = Array.from({ length: 40 }, (_, at) => `openai-insecure-api-key.wrong-${at}`);
    const offered = [...crowd, `openai-insecure-api-key.${key.credential}`].join(', ');
    expect(await rig.who({ 'sec-websocket-protocol': offered })).toBeUndefined();
  });

  test('by the query, where the operator wants no credentials in URLs', async () => {
    const by = rig.make({ queryCredentials: false });
    expect(await rig.who({}, `token=${key.credential}`, 'api', by)).toBeUndefined();
    expect(await rig.who({ authorization: `Bearer ${key.credential}` }, '', 'api', by)).toBeDefined();
  });
});

test('the first credential that holds decides, whatever stands beside it', async () => {
  expect(await rig.who({ authorization: 'Bearer wrong', 'api-key': key.credential })).toMatchObject({ keyId: key.id });
});

describe('a revoked key', () => {
  test('opens nothing from the next request on', async () => {
    expect(await rig.bearer(key.credential)).toBeDefined();
    await rig.revoke(key.id);
    expect(await rig.bearer(key.credential)).toBeUndefined();
  });

  test('is refused by a running server when another process revoked it', async () => {
    expect(await rig.bearer(key.credential)).toBeDefined();
    await rig.elsewhere().revokeKey(key.id, rig.clock.wallMs());
    expect(await rig.bearer(key.credential)).toBeUndefined();
  });

  test('can be named by its public part, and takes no other key with it', async () => {
    const other = await rig.makeKey();
    expect(await rig.revoke(key.key)).toMatchObject({ id: key.id, revokedMs: rig.clock.wallMs() });
    expect(await rig.revoke('key_unknown')).toBeUndefined();
    expect(await rig.bearer(other.credential)).toMatchObject({ keyId: other.id });
  });

  test('keeps the time of its first revocation', async () => {
    await rig.revoke(key.id);
    const first = rig.clock.wallMs();
    rig.clock.advance(60_000);
    expect((await rig.revoke(key.id))?.revokedMs).toBe(first);
  });
});
