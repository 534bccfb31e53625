// Where a caller may have this machine send to: which addresses, how many of them, how often.
import { createSocket, type Socket } from 'node:dgram';
import type { NetworkInterfaceInfo } from 'node:os';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { candidatesToCheck, defaultRule, mayBeChecked, type Network } from '../../../src/transports/webrtc/candidates.ts';
import type { CallMedia, CandidateRule } from '../../../src/transports/webrtc/media.ts';
import { openWeriftMedia } from '../../../src/transports/webrtc/werift-media.ts';
import { anywhere, audio, data, offer } from './offers.ts';

const info = (address: string, internal = false) => ({ address, internal }) as NetworkInterfaceInfo;
const network: Network = {
  interfaces: { lo: [info('127.0.0.1', true), info('::1', true)], eth0: [info('192.168.7.5'), info('2a01:4f8::5')] },
  offered: ['192.168.7.5', '2a01:4f8::5'],
  publicAddress: '93.184.216.34',
};

test.each<[what: string, host: string, rules: readonly CandidateRule[]]>([
  ['a public address', '8.8.8.8', ['public', 'private', 'any']],
  ['a public address of version 6', '2600:1f18::9', ['public', 'private', 'any']],
  ['a private address', '192.168.7.9', ['private', 'any']],
  ['another private address', '10.1.2.3', ['private', 'any']],
  ['one of a private network across the internet', '100.100.1.2', ['private', 'any']],
  ['a unique local address', 'fd12::9', ['private', 'any']],
  ['loopback', '127.0.0.1', ['any']],
  ['all of loopback', '127.9.9.9', ['any']],
  ['loopback of version 6', '::1', ['any']],
  ['loopback as version 6 writes it', '::ffff:127.0.0.1', ['any']],
  ['a link-local address', '169.254.169.254', ['any']],
  ['a link-local address of version 6', 'fe80::9', ['any']],
  ['an address of this machine', '192.168.7.5', ['any']],
  ['an address of this machine, written otherwise', '2a01:04f8:0:0::5', ['any']],
  ['the public address of this machine', '93.184.216.34', ['any']],
  ['an address of somebody’s interface', 'fe80::1%eth0', []],
  ['no address yet', '0.0.0.0', []],
  ['no address yet, of version 6', '::', []],
  ['a group', '224.0.0.251', []],
  ['a group of version 6', 'ff02::fb', []],
  ['a group as version 6 writes it', '::ffff:224.0.0.251', []],
  ['everybody', '255.255.255.255', []],
  ['a name', 'printer.local', []],
  ['nothing', '', []],
])('%s is checked for callers where that is allowed and nowhere else', (_, host, allowed) => {
  const rules = ['public', 'private', 'any'] as const;
  expect(rules.filter((rule) => mayBeChecked(rule, network)(host))).toEqual(allowed);
});

test.each<[where: string, offered: readonly string[], publicAddress: string | undefined, rule: CandidateRule]>([
  ['at home', ['192.168.1.20', '2a02:8109::20'], undefined, 'private'],
  ['on a laptop without a network', ['127.0.0.1', '::1'], undefined, 'private'],
  ['on a server on the internet', ['93.184.216.34', '2a01:4f8::5'], undefined, 'public'],
  ['on one with a private network besides', ['10.0.0.2', '93.184.216.34'], undefined, 'public'],
  ['on one without version 4', ['2a01:4f8::5'], undefined, 'public'],
  ['behind NAT with a public address', ['10.0.0.2', '2a01:4f8::5'], '93.184.216.34', 'public'],
])('unless told, a server %s decides by the addresses it offers', (_, offered, publicAddress, rule) => {
  expect(defaultRule({ interfaces: {}, offered, publicAddress })).toBe(rule);
});

const candidate = (host: string, port: number) => `a=candidate:1 1 udp 2122194687 ${host} ${port} typ host`;

test('of a thousand candidates ten are checked, and none of them twice', () => {
  const many = Array.from({ length: 1000 }, (_, i) => candidate('192.0.2.9', 40_000 + Math.floor(i / 2)));
  const chosen = candidatesToCheck(many, anywhere);
  expect(chosen).toHaveLength(10);
  expect(new Set(chosen).size).toBe(10);
});

const options = { workers: 1, mostCalls: 5, portRange: undefined, publicAddress: undefined, interfaces: [], tcp: false, iceServers: [] };
const nobody = { onSound() {}, onOpen() {}, onMessage() {}, onPlayed() {}, onDigit() {}, onTaken() {}, onEnd() {} };
let media: CallMedia | undefined;
const targets: Socket[] = [];

afterEach(async () => {
  await media?.close();
  media = undefined;
  for (const target of targets.splice(0)) target.close();
});

/** How many datagrams each of so many ports of this machine gets within `ms` of a call whose offer names them. */
async function sentTo(count: number, rule: CandidateRule | undefined, ms: number): Promise<number[]> {
  media = openWeriftMedia({ ...options, candidates: rule }, { log: silentLog, clock: systemClock });
  const got = Array.from({ length: count }, () => 0);
  for (let i = 0; i < count; i++) {
    const target = createSocket('udp4', () => {
      got[i] = (got[i] ?? 0) + 1;
    });
    await new Promise<void>((resolve) => target.bind(0, '127.0.0.1', resolve));
    targets.push(target);
  }
  const named = targets.map((target) => candidate('127.0.0.1', target.address().port));
  await media.answer(offer([...audio(), ...named], data()), nobody);
  await new Promise((resolve) => setTimeout(resolve, ms));
  return got;
}

test('a caller cannot have the ports of the server itself scanned', async () => {
  expect((await sentTo(20, undefined, 1000)).filter((datagrams) => datagrams > 0)).toEqual([]);
});

test('where every address may be checked, checks are few: ten addresses, and some datagrams to each', async () => {
  const got = await sentTo(20, 'any', 4000);
  expect(got.filter((datagrams) => datagrams > 0)).toHaveLength(10);
  expect(got.reduce((sum, datagrams) => sum + datagrams, 0)).toBeLessThanOrEqual(100 + 4.5 * 20);
});
