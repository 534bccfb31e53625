// What each key uses: what is taken comes back with the time, one key never pays for another, and who uses nothing is forgotten.
import { expect, test } from 'vitest';
import { type KeyLimits, Usage } from '../../src/access/usage.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { accessRig } from './rig.ts';

const none = Number.POSITIVE_INFINITY;
const unlimited: KeyLimits = { sessions: none, requests: none, recognition: none, speech: none, mints: none };

function usageRig(limits: Partial<KeyLimits>) {
  const clock = new ManualClock();
  const refused: string[] = [];
  const usage = new Usage({ limits: { ...unlimited, ...limits }, clock, onRefused: (limit) => refused.push(limit) });
  return { clock, refused, usage };
}

test('requests come in a burst of a second’s worth, and then as fast as the limit says', () => {
  const { clock, refused, usage } = usageRig({ requests: 10 });
  for (let count = 0; count < 10; count++) expect(usage.request('a')).toBeUndefined();
  expect(usage.request('a')).toEqual({ limit: 'requests', most: 10, retryAfterMs: 100 });
  clock.advance(60);
  expect(usage.request('a')).toMatchObject({ retryAfterMs: 40 });
  clock.advance(40);
  expect(usage.request('a')).toBeUndefined();
  expect(usage.request('a')).toMatchObject({ retryAfterMs: 100 });
  expect(refused).toEqual(['requests', 'requests', 'requests']);
  // However long nobody asked, there is no more than that.
  clock.advance(3_600_000);
  for (let count = 0; count < 10; count++) expect(usage.request('a')).toBeUndefined();
  expect(usage.request('a')).toBeDefined();
});

test('who waits as long as was said is let through, whatever the limit', () => {
  for (const most of [1, 3, 7, 999]) {
    const { clock, usage } = usageRig({ requests: most });
    for (let round = 0; round < 50; round++) {
      let excess = usage.request('a');
      while (!excess) excess = usage.request('a');
      clock.advance(excess.retryAfterMs);
      expect(usage.request('a'), `round ${round} of ${most} a second`).toBeUndefined();
    }
  }
});

test('one key does not use what another may', () => {
  const { usage } = usageRig({ requests: 1, mints: 1, sessions: 1, speech: 1 });
  usage.enter('a');
  usage.of('a').spoken(5);
  for (const used of [usage.request('a'), usage.mint('a')]) expect(used).toBeUndefined();
  for (const over of [usage.request('a'), usage.mint('a'), usage.full('a'), usage.of('a').speech()]) expect(over).toBeDefined();
  for (const other of [usage.request('b'), usage.mint('b'), usage.full('b'), usage.of('b').speech()]) expect(other).toBeUndefined();
});

test('a session is one until it has ended, which it does once', () => {
  const { usage, refused } = usageRig({ sessions: 2 });
  const leave = usage.enter('a');
  expect(usage.full('a')).toBeUndefined();
  usage.enter('a');
  expect(usage.full('a')).toEqual({ limit: 'sessions', most: 2, retryAfterMs: 5000 });
  leave();
  leave();
  expect(usage.full('a')).toBeUndefined();
  usage.enter('a');
  expect(usage.full('a')).toBeDefined();
  expect(refused).toEqual(['sessions', 'sessions']);
});

test('speech is counted when it is known: what was begun is owed, and nothing more is begun before it has been made up for', () => {
  const { clock, refused, usage } = usageRig({ recognition: 60 });
  const session = usage.of('a');
  expect(session.recognition()).toBeUndefined();
  session.recognised(59);
  expect(session.recognition()).toBeUndefined();
  session.recognised(11);
  expect(session.recognition()).toEqual({ limit: 'recognition', most: 60, retryAfterMs: 10_001 });
  clock.advance(10_000);
  expect(session.recognition()).toMatchObject({ retryAfterMs: 1 });
  clock.advance(1);
  expect(session.recognition()).toBeUndefined();
  expect(refused).toEqual(['recognition', 'recognition']);
});

test('where nothing is limited nothing is refused, and nothing is told', () => {
  const { usage } = usageRig({});
  const session = usage.of('a');
  for (let count = 0; count < 5000; count++) expect(session.request()).toBeUndefined();
  session.recognised(1e6);
  session.spoken(1e6);
  expect([session.recognition(), session.speech(), usage.full('a'), usage.mint('a')]).toEqual([undefined, undefined, undefined, undefined]);
  expect(usage.rateLimits('a')).toEqual([]);
  expect(usage.shares()).toEqual([]);
});

test('what is left is told as it is at that moment', () => {
  const { clock, usage } = usageRig({ requests: 100 });
  expect(usage.rateLimits('a')).toEqual([{ name: 'requests', limit: 100, remaining: 100, reset_seconds: 0 }]);
  for (let count = 0; count < 50; count++) usage.request('a');
  expect(usage.rateLimits('a')).toEqual([{ name: 'requests', limit: 100, remaining: 50, reset_seconds: 0.5 }]);
  clock.advance(105);
  expect(usage.rateLimits('a')).toEqual([{ name: 'requests', limit: 100, remaining: 60, reset_seconds: 0.395 }]);
});

test('a key that uses nothing any more is forgotten; one with a session, or that owes something, is not', () => {
  const { clock, usage } = usageRig({ requests: 10, speech: 60 });
  const leave = usage.enter('inside');
  usage.of('debtor').spoken(200);
  for (let count = 0; count < 500; count++) usage.request(`key ${count}`);
  expect(usage.size).toBe(502);
  clock.advance(60_000);
  usage.request('another');
  expect(usage.size).toBe(3);
  expect(usage.of('debtor').speech()).toBeDefined();
  leave();
  clock.advance(200_000);
  usage.request('the last');
  expect(usage.size).toBe(1);
});

test('an operator sees how near any key is to each of the limits there are', () => {
  const { usage } = usageRig({ requests: 10, sessions: 4, speech: 60 });
  usage.enter('a');
  usage.enter('b');
  usage.enter('b');
  for (let count = 0; count < 9; count++) usage.request('a');
  usage.of('c').spoken(90);
  const shares = Object.fromEntries(usage.shares().map(({ limit, used }) => [limit, Number(used.toFixed(3))]));
  expect(shares).toEqual({ sessions: 0.5, requests: 0.9, speech: 1.5 });
});

test('secrets, tokens and what a token mints count for the key they were minted for', async () => {
  const rig = accessRig();
  const usage = new Usage({ limits: { ...unlimited, mints: 3, requests: 1 }, clock: rig.clock, onRefused() {} });
  const access = rig.make({ mint: (keyId) => usage.mint(keyId) });
  const [key, other] = [await rig.makeKey(), await rig.makeKey()];
  const wish = { session: {}, dialect: 'ga', seconds: 60 } as const;
  const bearer = (credential: string, purpose: 'api' | 'realtime') =>
    rig.who({ authorization: `Bearer ${credential}` }, '', purpose, access);
  const byToken = await bearer(await rig.token(key), 'api');
  const byKey = await bearer(key.credential, 'api');
  if (!byToken || !byKey) throw new Error('neither is known');
  expect(byToken.keyId).toBe(byKey.keyId);
  const secret = await access.mintSecret(byToken, wish);
  if (secret.outcome !== 'minted') throw new Error(secret.outcome);
  // A session with the secret is one of the key's.
  expect((await bearer(secret.value, 'realtime'))?.keyId).toBe(byKey.keyId);
  expect(await access.mintSecret(byKey, wish)).toMatchObject({ outcome: 'minted' });
  expect(await access.mintSecret(byKey, wish)).toMatchObject({ outcome: 'minted' });
  expect(await access.mintSecret(byKey, wish)).toEqual({
    outcome: 'too_often',
    excess: { limit: 'mints', most: 3, retryAfterMs: 20_000 },
  });
  const byOther = await bearer(other.credential, 'api');
  if (!byOther) throw new Error('the other is not known');
  expect(await access.mintSecret(byOther, wish)).toMatchObject({ outcome: 'minted' });
  await rig.close();
});
