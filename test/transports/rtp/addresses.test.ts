// Which of a machine's addresses callers are told.
import type { NetworkInterfaceInfo } from 'node:os';
import { expect, test } from 'vitest';
import { offeredAddresses } from '../../../src/transports/rtp/addresses.ts';

const at = (address: string, internal = false): NetworkInterfaceInfo =>
  ({
    address,
    internal,
    family: address.includes(':') ? 'IPv6' : 'IPv4',
    netmask: '',
    mac: '',
    cidr: null,
    ...(address.includes(':') ? { scopeid: 0 } : {}),
  }) as NetworkInterfaceInfo;

const loopback = { lo: [at('127.0.0.1', true), at('::1', true)] };
const machine = {
  ...loopback,
  eth0: [at('192.0.2.2'), at('2001:db8::2'), at('fe80::1')],
  wlan0: [at('198.51.100.3'), at('169.254.7.7')],
  docker0: [at('172.17.0.1')],
  'br-12ab': [at('172.18.0.1')],
};

test('all that lead somewhere are offered, the insides of containers are not', () => {
  expect(offeredAddresses(machine, [])).toEqual(['192.0.2.2', '2001:db8::2', '198.51.100.3']);
});

test('only those that are named are offered, by interface or by address, whatever they are', () => {
  expect(offeredAddresses(machine, ['wlan0'])).toEqual(['198.51.100.3', '169.254.7.7']);
  expect(offeredAddresses(machine, ['docker0', '2001:db8::2', 'lo'])).toEqual(['127.0.0.1', '::1', '2001:db8::2', '172.17.0.1']);
  expect(offeredAddresses(machine, ['eth7'])).toEqual([]);
});

test('a machine without a network can be called by itself', () => {
  expect(offeredAddresses(loopback, [])).toEqual(['127.0.0.1', '::1']);
});
