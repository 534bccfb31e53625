// Where a URI leads (RFC 3263 without NAPTR).
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { resolveUri, type Resolver, type ServiceRecord, systemResolver } from '../../../src/transports/sip/resolve.ts';
import { parseUri, type SipUri } from '../../../src/transports/sip/uri.ts';

const names: Record<string, string[]> = {
  'a.example': ['192.0.2.1', '2001:db8::1'],
  's1.example': ['192.0.2.11'],
  's2.example': ['192.0.2.12'],
  's3.example': ['192.0.2.13'],
};
const records: Record<string, ServiceRecord[]> = {
  '_sip._udp.srv.example': [
    { name: 's3.example', port: 5070, priority: 20, weight: 0 },
    { name: 's1.example', port: 5060, priority: 10, weight: 1 },
    { name: 's2.example', port: 5061, priority: 10, weight: 3 },
  ],
  '_sip._tcp.tcponly.example': [{ name: 's1.example', port: 5080, priority: 1, weight: 1 }],
  '_sips._tcp.srv.example': [{ name: 's2.example', port: 5061, priority: 1, weight: 1 }],
};
const resolver: Resolver = {
  services: (name) => Promise.resolve(records[name] ?? []),
  addresses: (host) => Promise.resolve(names[host] ?? []),
};
const all = ['udp', 'tcp', 'tls'] as const;
const places = async (text: string, random = 0, spoken: readonly ('udp' | 'tcp' | 'tls')[] = all) => {
  const found = await resolveUri(parseUri(text) as SipUri, resolver, () => random, spoken);
  return found.map(
    ({ transport, host, port, serverName }) => `${transport} ${host} ${port}${serverName === undefined ? '' : ` ${serverName}`}`,
  );
};

test('an address is itself, at the port it names or the usual one', async () => {
  expect(await places('sip:192.0.2.9')).toEqual(['udp 192.0.2.9 5060']);
  expect(await places('sip:192.0.2.9:5070;transport=tcp')).toEqual(['tcp 192.0.2.9 5070']);
  expect(await places('sips:[2001:db8::9]')).toEqual(['tls 2001:db8::9 5061 2001:db8::9']);
  expect(await places('sip:x@elsewhere.example;maddr=192.0.2.8')).toEqual(['udp 192.0.2.8 5060']);
});

test('a name with a port is looked up as it is, without SRV', async () => {
  expect(await places('sip:a.example:5090')).toEqual(['udp 192.0.2.1 5090', 'udp 2001:db8::1 5090']);
  expect(await places('sip:srv.example:5090')).toEqual([]);
});

test('a name without a port is looked up by SRV, by priority and weight, with the certificate of the name that was meant', async () => {
  expect(await places('sip:srv.example', 1)).toEqual(['udp 192.0.2.11 5060', 'udp 192.0.2.12 5061', 'udp 192.0.2.13 5070']);
  expect(await places('sip:srv.example', 3)).toEqual(['udp 192.0.2.12 5061', 'udp 192.0.2.11 5060', 'udp 192.0.2.13 5070']);
  expect(await places('sips:srv.example')).toEqual(['tls 192.0.2.12 5061 srv.example']);
  expect(await places('sip:tcponly.example')).toEqual(['tcp 192.0.2.11 5080']);
});

test('a name without SRV is looked up at the usual port, over what we speak', async () => {
  expect(await places('sip:a.example')).toEqual(['udp 192.0.2.1 5060', 'udp 2001:db8::1 5060']);
  expect(await places('sip:a.example', 0, ['tls'])).toEqual(['tls 192.0.2.1 5061 a.example', 'tls 2001:db8::1 5061 a.example']);
});

test('what nobody knows leads nowhere, and neither does a transport that we do not speak', async () => {
  expect(await places('sip:nobody.example')).toEqual([]);
  expect(await places('sip:a.example;transport=sctp')).toEqual([]);
});

test('this machine knows itself by name', async () => {
  expect(['127.0.0.1', '::1']).toContain((await systemResolver(systemClock).addresses('localhost'))[0]);
});
