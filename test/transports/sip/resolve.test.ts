// Where a URI leads (RFC 3263).
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import {
  addressesBehind,
  type NamingPointer,
  resolveUri,
  type Resolver,
  type ServiceRecord,
  systemResolver,
} from '../../../src/transports/sip/resolve.ts';
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
  '_sips._tcp.other.example': [{ name: 's1.example', port: 5071, priority: 1, weight: 1 }],
  '_sip._tcp.other.example': [{ name: 's3.example', port: 5070, priority: 1, weight: 1 }],
  '_sip._udp.pointing.example': [{ name: 's2.example', port: 5060, priority: 1, weight: 1 }],
};
const pointer = (order: number, service: string, replacement: string, flags = 's'): NamingPointer => ({
  order,
  preference: 10,
  flags,
  service,
  replacement,
});
const pointers: Record<string, NamingPointer[]> = {
  'pointing.example': [
    pointer(30, 'SIP+D2U', '_sip._udp.pointing.example'),
    pointer(20, 'SIP+D2T', '_sip._tcp.other.example'),
    pointer(10, 'SIPS+D2T', '_sips._tcp.other.example', 'S'),
    pointer(5, 'SIP+D2S', '_sip._sctp.other.example'),
    pointer(1, 'E2U+sip', '', 'u'),
  ],
  'lost.example': [pointer(10, 'SIP+D2T', '_sip._tcp.nobody.example')],
};
const resolver: Resolver = {
  pointers: (domain) => Promise.resolve(pointers[domain] ?? []),
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

test('a domain says which transport it prefers, and where that is served (NAPTR), of those that we speak', async () => {
  expect(await places('sip:pointing.example')).toEqual(['tls 192.0.2.11 5071 pointing.example']);
  expect(await places('sip:pointing.example', 0, ['udp', 'tcp'])).toEqual(['tcp 192.0.2.13 5070']);
  expect(await places('sip:pointing.example', 0, ['udp'])).toEqual(['udp 192.0.2.12 5060']);
  expect(await places('sips:pointing.example', 0, ['udp', 'tls'])).toEqual(['tls 192.0.2.11 5071 pointing.example']);
});

test('a transport that the URI names, and pointers to nowhere, leave SRV as it is', async () => {
  expect(await places('sip:pointing.example;transport=udp')).toEqual(['udp 192.0.2.12 5060']);
  names['lost.example'] = ['192.0.2.30'];
  expect(await places('sip:lost.example')).toEqual(['udp 192.0.2.30 5060']);
});

test('a name without SRV is looked up at the usual port, over what we speak', async () => {
  expect(await places('sip:a.example')).toEqual(['udp 192.0.2.1 5060', 'udp 2001:db8::1 5060']);
  expect(await places('sip:a.example', 0, ['tls'])).toEqual(['tls 192.0.2.1 5061 a.example', 'tls 2001:db8::1 5061 a.example']);
});

test('what nobody knows leads nowhere, and neither does a transport that we do not speak', async () => {
  expect(await places('sip:nobody.example')).toEqual([]);
  expect(await places('sip:a.example;transport=sctp')).toEqual([]);
});

test('the calls of a provider may come from any of its servers', async () => {
  const behind = (text: string) => addressesBehind(parseUri(text) as SipUri, resolver);
  expect((await behind('sip:srv.example')).toSorted()).toEqual(['192.0.2.11', '192.0.2.12', '192.0.2.13']);
  expect(await behind('sip:a.example;transport=tls')).toEqual(['192.0.2.1', '2001:db8::1']);
  expect(await behind('sip:192.0.2.9:5070')).toEqual(['192.0.2.9']);
  const lost = { ...resolver, services: () => Promise.reject(new Error('lost')), addresses: () => Promise.reject(new Error('lost')) };
  expect(await addressesBehind(parseUri('sip:a.example') as SipUri, lost)).toEqual([]);
});

test('this machine knows itself by name', async () => {
  expect(['127.0.0.1', '::1']).toContain((await systemResolver(systemClock).addresses('localhost'))[0]);
});
