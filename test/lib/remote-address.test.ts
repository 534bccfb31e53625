// Where a request comes from, with and without proxies.
import { expect, test } from 'vitest';
import { networkOf, RemoteAddresses } from '../../src/lib/remote-address.ts';

const from = (remoteAddress: string, headers: Record<string, string> = {}) => ({ socket: { remoteAddress }, headers });

test('what a stranger says about itself is not believed', () => {
  const addresses = new RemoteAddresses(['10.0.0.0/8']);
  expect(addresses.of(from('203.0.113.9', { 'x-forwarded-for': '1.1.1.1', 'x-real-ip': '1.1.1.1' }))).toBe('203.0.113.9');
  expect(addresses.of(from('::ffff:203.0.113.9'))).toBe('203.0.113.9');
});

test('of a chain of proxies the last that is not one of ours counts', () => {
  const addresses = new RemoteAddresses(['loopback', '10.0.0.0/8', '2001:db8::5']);
  expect(addresses.of(from('127.0.0.1', { 'x-forwarded-for': '1.1.1.1, 203.0.113.9, 10.2.3.4' }))).toBe('203.0.113.9');
  expect(addresses.of(from('2001:db8::5', { 'x-forwarded-for': '203.0.113.9:4711' }))).toBe('203.0.113.9');
  expect(addresses.of(from('::1', { 'x-forwarded-for': '[2001:db8:7::1]:4711' }))).toBe('2001:db8:7::1');
  expect(addresses.of(from('10.2.3.4', { 'x-real-ip': '203.0.113.9' }))).toBe('203.0.113.9');
});

test('a proxy that does not say whom it speaks for, or something that is no address, is taken for the client', () => {
  const addresses = new RemoteAddresses(['loopback']);
  expect(addresses.of(from('127.0.0.1'))).toBe('127.0.0.1');
  expect(addresses.of(from('127.0.0.1', { 'x-forwarded-for': 'unknown' }))).toBe('127.0.0.1');
  expect(addresses.of(from('127.0.0.1', { 'x-forwarded-for': '' }))).toBe('127.0.0.1');
});

test.each(['somewhere', '10.0.0.0/33', '10.0.0.0/', '::1/129', '10.0.0'])('%s is no proxy that could be trusted', (entry) => {
  expect(() => new RemoteAddresses([entry])).toThrow(entry);
});

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:1:2::6', '2001:db8:1:2::/64'],
  ['2001:db8::6', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8:1::1.2.3.4', '2001:db8:1:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s belongs to %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
