// Addresses as far ends are told them.
import { expect, test } from 'vitest';
import { isPrivate, plainAddress, reachableHost } from '../../../src/transports/sip/address.ts';

test('a far end on this machine is told the loopback address that is listened at, and others the public one', () => {
  expect(reachableHost('127.77.0.1', '127.0.0.1', '203.0.113.9')).toBe('127.77.0.1');
  expect(reachableHost('0.0.0.0', '127.0.0.1', '203.0.113.9')).toBe('127.0.0.1');
  expect(reachableHost('::', '::1', undefined)).toBe('::1');
  expect(reachableHost('192.0.2.1', '198.51.100.1', '203.0.113.9')).toBe('203.0.113.9');
  expect(reachableHost('192.0.2.1', '198.51.100.1', undefined)).toBe('192.0.2.1');
});

test('an address is itself, however a socket writes it, and private where nobody outside reaches it', () => {
  expect(['::ffff:192.0.2.1', 'fe80::1%eth0', '192.0.2.1'].map(plainAddress)).toEqual(['192.0.2.1', 'fe80::1', '192.0.2.1']);
  expect(['10.1.2.3', '172.31.0.1', '172.32.0.1', 'fd00::1', '2001:db8::1', '100.64.0.1'].map(isPrivate)).toEqual([
    true,
    true,
    false,
    true,
    false,
    true,
  ]);
});
