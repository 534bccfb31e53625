// Who is listened to on a port that everybody can send to.
import { expect, test } from 'vitest';
import { SourceLock } from '../../../src/transports/rtp/source-lock.ts';

const phone = { address: '198.51.100.7', port: 40_000 };
const moved = { address: '198.51.100.7', port: 51_111 };
const stranger = { address: '203.0.113.66', port: 7000 };
const described = { address: '192.0.2.9', port: 5004 };
const sign = (sequenceNumber: number, ssrc = 1) => ({ sequenceNumber: sequenceNumber & 0xffff, ssrc });
const open = { mayCome: () => true };

/** The far side has been heard for long enough to be believed. */
function settled(lock: SourceLock, first = 1000): void {
  for (let n = 0; n < 30; n++) lock.admit(phone, sign(first - 29 + n), -20 * (29 - n));
}

test('the first packet shows where the far side is, and from then on nobody else is heard', () => {
  const lock = new SourceLock(open);
  lock.describe(described);
  expect(lock.pinned).toBeUndefined();
  expect(lock.admit(phone, sign(1), 0)).toBe(true);
  expect(lock.pinned).toEqual(phone);
  expect(lock.admit(stranger, sign(2, 9), 20)).toBe(false);
  expect(lock.admit(phone, sign(2), 20)).toBe(true);
  settled(lock);
  // From here on packets of others are not even looked at.
  expect(lock.isClosedTo(stranger, 20)).toBe(true);
});

test('a stranger who came first with a few packets makes room for the far side, which goes on', () => {
  const lock = new SourceLock(open);
  for (let n = 0; n < 3; n++) lock.admit(stranger, sign(n, 9), 0);
  const heard = [1, 2, 3, 4, 5, 6, 7].map((n) => lock.admit(phone, sign(n), n * 20));
  expect(heard).toEqual([false, false, false, false, true, true, true]);
  expect(lock.admit(stranger, sign(3, 9), 160)).toBe(false);
  expect(lock.pinned).toEqual(phone);
});

test('while the far side goes on, no number of packets of a stranger convinces', () => {
  const lock = new SourceLock(open);
  for (let n = 0; n < 200; n++) {
    expect(lock.admit(phone, sign(n), n * 20)).toBe(true);
    for (let i = 0; i < 5; i++) expect(lock.admit(stranger, sign(n * 5 + i, 9), n * 20 + i)).toBe(false);
  }
});

test('a stream that goes on from another port after a fifth of a second of silence is the same far side behind its NAT', () => {
  const lock = new SourceLock(open);
  settled(lock, 65_530);
  expect(lock.admit(moved, sign(65_535), 199)).toBe(false);
  expect(lock.isClosedTo(moved, 199)).toBe(true);
  expect(lock.isClosedTo(moved, 200)).toBe(false);
  expect(lock.admit(moved, sign(65_530 + 10), 200)).toBe(true);
  expect(lock.pinned).toEqual(moved);
  expect(lock.admit(phone, sign(65_530 + 11), 220)).toBe(false);
});

test('a spray of strangers is not heard, however long the far side is silent', () => {
  const lock = new SourceLock(open);
  settled(lock, 1000);
  for (let n = 0; n < 2000; n++) {
    const from = { address: `203.0.113.${n % 250}`, port: 1024 + n };
    // Each guesses a stream or a number, none both.
    expect(lock.admit(from, n % 2 === 0 ? sign(1100, n + 2) : sign(900 - (n % 500), 1), 2000 + n * 10)).toBe(false);
  }
  expect(lock.pinned).toEqual(phone);
});

test('the described address is believed over whoever came first, and stays', () => {
  const lock = new SourceLock(open);
  lock.describe(described);
  lock.admit(stranger, sign(1, 9), 0);
  expect(lock.isClosedTo(described, 20)).toBe(false);
  expect(lock.admit(described, sign(1), 20)).toBe(true);
  expect(lock.admit(stranger, sign(2, 9), 40)).toBe(false);
});

test('another description is another far side; the same one again changes nothing', () => {
  const lock = new SourceLock(open);
  lock.describe(described);
  lock.admit(phone, sign(1), 0);
  lock.describe({ ...described });
  expect(lock.pinned).toEqual(phone);
  lock.describe({ ...described, port: 5006 });
  expect(lock.pinned).toBeUndefined();
  expect(lock.admit(stranger, sign(5, 5), 20)).toBe(true);
});

test('a far side that is nowhere for a while, on hold, is still the same one', () => {
  const lock = new SourceLock(open);
  lock.describe(described);
  lock.admit(phone, sign(1), 0);
  lock.describe(undefined);
  lock.describe(described);
  expect(lock.pinned).toEqual(phone);
});

test('rules bound who may come at all', () => {
  const lock = new SourceLock({ mayCome: (address) => address === described.address });
  lock.describe(described);
  expect(lock.isClosedTo(phone, 0)).toBe(true);
  expect(lock.admit(phone, sign(1), 0)).toBe(false);
  expect(lock.admit({ ...described, port: 9 }, sign(1), 0)).toBe(true);
});
