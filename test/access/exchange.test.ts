// Inworld's signed request for a token (E20): who gets one, and every request that must not.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { IssuedKey } from '../../src/access/issue.ts';
import { accessRig, methods, signature, type Signing, tokenRequest } from './rig.ts';

let rig: ReturnType<typeof accessRig>;
let key: IssuedKey;
beforeEach(async () => {
  rig = accessRig({ hosts: ['voice.example.org'] });
  key = await rig.makeKey();
});
afterEach(() => rig.close());

const ask = async (how: Parameters<typeof tokenRequest>[2] = {}, by = key) =>
  (await rig.access.exchange(tokenRequest(by, rig.clock, how))).outcome;

describe('E20: a token is granted', () => {
  test.each<[string, Signing & { ownHost?: string; signedFor?: 'sessionToken' }]>([
    ["as Inworld's code signs: raw digests", {}],
    ['as its README signs: digests in hex', { hex: true }],
    ["for Inworld's public host", { host: 'api.inworld.ai' }],
    ['for the host the request came to', { host: 'localhost:8080' }],
    ['for that host without its port', { host: 'localhost', hex: true }],
    ['for that host on the port of https', { host: 'parley.example.org', ownHost: 'parley.example.org:443' }],
    ['for a configured host', { host: 'voice.example.org' }],
    ['by a clock four minutes slow', { skewMs: -240_000 }],
    ['by a clock four minutes fast', { skewMs: 240_000 }],
    ['for a session token', { signedFor: 'sessionToken', method: methods.sessionToken }],
    ['for its own workspace', {}],
  ])('%s', async (_how, signing) => {
    expect(await ask(signing)).toBe('granted');
  });

  test('in the shape clients read, for the workspace of its key', async () => {
    const grant = await rig.access.exchange(
      tokenRequest(key, rig.clock, { resources: ['workspaces/acme', 'workspaces/acme/characters/x'] }),
    );
    expect(grant).toMatchObject({ outcome: 'granted', expiresMs: rig.clock.wallMs() + 900_000 });
    expect(grant.outcome === 'granted' && grant.sessionId).toMatch(/^default:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  test("for the workspace that Inworld's samples name unless told otherwise, which is the key's own", async () => {
    const grant = await rig.access.exchange(tokenRequest(key, rig.clock, { resources: ['workspaces/default-workspace'] }));
    expect(grant).toMatchObject({ outcome: 'granted' });
    const token = grant.outcome === 'granted' ? grant.token : '';
    expect(await rig.bearer(token)).toMatchObject({ workspace: 'acme' });
  });

  test('to whoever holds a configured pair, encoded as Inworld issues it', async () => {
    const by = rig.make({ configuredKeys: [Buffer.from('conf-key:conf-secret').toString('base64')] });
    const authorization = signature({ key: 'conf-key', secret: 'conf-secret' }, rig.clock);
    expect(await by.exchange({ authorization, host: undefined, key: undefined, resources: [], signedFor: 'token' })).toMatchObject({
      outcome: 'granted',
    });
  });
});

describe('E20: a token is refused', () => {
  test('when the signature is for a host this server is not', async () => {
    expect(await ask({ host: 'evil.example.org' })).toBe('refused');
  });

  test('when the signature is for the other of the two routes', async () => {
    expect(await ask({ method: methods.sessionToken })).toBe('refused');
    expect(await ask({ signedFor: 'sessionToken' })).toBe('refused');
  });

  test('when the secret is wrong, the key unknown, or the body names another key', async () => {
    expect(await ask({ secret: 'not-the-secret' })).toBe('refused');
    expect(await ask({}, { ...key, key: 'unknown' })).toBe('refused');
    expect((await rig.access.exchange({ ...tokenRequest(key, rig.clock), key: 'another' })).outcome).toBe('refused');
  });

  test('when another key signed with its own secret', async () => {
    const other = await rig.makeKey('other');
    expect(await ask({ secret: other.secret })).toBe('refused');
  });

  test('by a stale clock, either way', async () => {
    expect(await ask({ skewMs: -301_000 })).toBe('refused');
    expect(await ask({ skewMs: 301_000 })).toBe('refused');
  });

  test('when the request is sent a second time, now or as late as it could count', async () => {
    const request = tokenRequest(key, rig.clock, { skewMs: 290_000 });
    expect((await rig.access.exchange(request)).outcome).toBe('granted');
    for (const laterMs of [0, 1_000, 300_000, 280_000, 9_000, 1_000]) {
      rig.clock.advance(laterMs);
      expect((await rig.access.exchange(request)).outcome, `${laterMs} ms later`).toBe('refused');
    }
  });

  test('when the nonce was used before, whatever the time and the hash chain', async () => {
    expect(await ask({ nonce: 'aaaaaaaaaaa' })).toBe('granted');
    expect(await ask({ nonce: 'aaaaaaaaaaa', skewMs: 1_000, hex: true })).toBe('refused');
    const other = await rig.makeKey();
    expect(await ask({ nonce: 'aaaaaaaaaaa' }, other)).toBe('granted');
  });

  test('when two send the same nonce at once: one of them wins', async () => {
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => ask({ nonce: 'bbbbbbbbbbb' })));
    expect(outcomes.filter((outcome) => outcome === 'granted')).toHaveLength(1);
  });

  test('when the nonce was used with a sibling of this server', async () => {
    const request = tokenRequest(key, rig.clock);
    const sibling = rig.make({ store: rig.elsewhere() });
    expect((await sibling.exchange(request)).outcome).toBe('granted');
    expect((await rig.access.exchange(request)).outcome).toBe('refused');
  });

  test('when the key is revoked', async () => {
    await rig.revoke(key.id);
    expect(await ask()).toBe('refused');
  });

  test("for another workspace's resources", async () => {
    for (const resource of ['workspaces/other', 'workspaces/acme2', 'workspaces/', 'acme', 'workspaces/other/../acme']) {
      expect(await ask({ resources: ['workspaces/acme', resource] }), `with ${resource}`).toBe('forbidden');
    }
  });

  test('when the header is not one', async () => {
    const good = signature(key, rig.clock);
    const bad = [
      undefined,
      '',
      `Bearer ${key.credential}`,
      good.replace('IW1-HMAC-SHA256', 'IW2-HMAC-SHA256'),
      good.replace(/,Nonce=[^,]*/, ''),
      good.replace(/Nonce=[^,]*/, 'Nonce='),
      good.replace(/DateTime=\d{14}/, 'DateTime=20231314250000'),
      good.replace(/DateTime=\d{14}/, 'DateTime=now'),
      good.replace(/Signature=.*/, 'Signature=00'),
      good.replace(/Signature=.*/, `Signature=${'0'.repeat(64)}`),
      `${good},ApiKey=${key.key}`,
      `${good}${','.repeat(5000)}`,
    ];
    for (const authorization of bad) {
      const request = { authorization, host: undefined, key: undefined, resources: [], signedFor: 'token' as const };
      expect((await rig.access.exchange(request)).outcome, `with ${authorization?.slice(0, 150)}`).toBe('refused');
    }
  });
});

describe('the list of nonces', () => {
  test('is bounded for each key, and a full one is another key’s business only', async () => {
    const small = accessRig({ bounds: { secretsPerKey: 9, noncesPerKey: 3 } });
    try {
      const [one, two] = [await small.makeKey(), await small.makeKey()];
      const outcome = async (by: IssuedKey) => (await small.access.exchange(tokenRequest(by, small.clock))).outcome;
      expect([await outcome(one), await outcome(one), await outcome(one), await outcome(one)]).toEqual([
        'granted',
        'granted',
        'granted',
        'exhausted',
      ]);
      expect(await outcome(two)).toBe('granted');
      small.clock.advance(300_002);
      expect(await outcome(one)).toBe('granted');
    } finally {
      await small.close();
    }
  });

  test('cannot be filled by those who cannot sign', async () => {
    const small = accessRig({ bounds: { secretsPerKey: 9, noncesPerKey: 1 } });
    try {
      const one = await small.makeKey();
      for (let at = 0; at < 5; at++) await small.access.exchange(tokenRequest(one, small.clock, { secret: 'guessed' }));
      expect((await small.access.exchange(tokenRequest(one, small.clock))).outcome).toBe('granted');
    } finally {
      await small.close();
    }
  });
});
