// A wall clock that is set, forth or back: what was used up stays so, and nothing holds for longer because of it (A21).
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { IssuedKey } from '../../src/access/issue.ts';
import { accessRig, tokenRequest } from './rig.ts';

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;
let rig: ReturnType<typeof accessRig>;
let key: IssuedKey;
beforeEach(async () => {
  rig = accessRig({ bounds: { secretsPerKey: 2 } });
  key = await rig.makeKey();
});
afterEach(() => rig.close());

const outcome = async (request = tokenRequest(key, rig.clock)) => (await rig.access.exchange(request)).outcome;

test('a signed request that was used is not taken again when the clock was an hour ahead in between', async () => {
  const request = tokenRequest(key, rig.clock);
  expect(await outcome(request)).toBe('granted');
  rig.clock.setWall(hourMs);
  // Forgets what has expired by then.
  expect(await outcome()).toBe('granted');
  rig.clock.setWall(-hourMs);
  expect(await outcome(request)).toBe('refused');
  rig.clock.advance(1000);
  expect(await outcome()).toBe('granted');
});

test('nor is it when the clock is set back to the time at which it was signed', async () => {
  const request = tokenRequest(key, rig.clock);
  expect(await outcome(request)).toBe('granted');
  rig.clock.advance(hourMs);
  expect(await outcome()).toBe('granted');
  rig.clock.setWall(-hourMs);
  expect(await outcome(request)).toBe('refused');
  const other = await rig.makeKey();
  expect(await outcome(tokenRequest(other, rig.clock))).toBe('granted');
});

test('what was minted while the clock was a year ahead opens nothing once it is right, and takes no room', async () => {
  rig.clock.setWall(yearMs);
  const [one, two] = [await rig.secret(key), await rig.secret(key)];
  const token = await rig.token(key);
  expect(await rig.bearer(one, 'realtime')).toBeDefined();
  rig.clock.setWall(-yearMs);
  for (const value of [one, two]) expect(await rig.bearer(value, 'realtime')).toBeUndefined();
  expect(await rig.bearer(token)).toBeUndefined();
  expect(await rig.bearer(await rig.secret(key), 'realtime')).toBeDefined();
});

test('what has expired is not alive again when the clock is set back to before it was minted', async () => {
  const value = await rig.secret(key, 60);
  rig.clock.advance(60_000);
  expect(await rig.bearer(value, 'realtime')).toBeUndefined();
  rig.clock.setWall(-hourMs);
  expect(await rig.bearer(value, 'realtime')).toBeUndefined();
});

test('a clock that is put right by seconds costs nobody a secret or a token', async () => {
  const [value, token] = [await rig.secret(key), await rig.token(key)];
  rig.clock.setWall(-5000);
  expect(await rig.bearer(value, 'realtime')).toBeDefined();
  expect(await rig.bearer(token)).toBeDefined();
});
