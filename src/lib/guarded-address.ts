// Which addresses of the network are everybody's, and which are somebody's own. Whatever is not plainly one of these is refused, so a kind that
// is invented later is refused too.
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Of IPv6 only this is global unicast; loopback, local, mapped (::ffff:), NAT64 (64:ff9b::) and multicast addresses all lie outside it. */
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');

/** IANA's special-purpose registries for IPv4, and what they name inside 2000::/3. */
const special = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Azure's own services for a virtual machine (metadata, DHCP, DNS): the one address of a cloud that looks like everybody's.
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  special.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  // Teredo, benchmarks, ORCHID and the other assignments of the protocols themselves.
  ['2001::', 23],
  ['2001:db8::', 32],
  // 6to4 carries any IPv4 address inside it.
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  special.addSubnet(network, prefix, 'ipv6');
}

/** Networks of somebody's own: RFC 1918, what carriers and private networks across the internet share (RFC 6598), and RFC 4193. */
const own = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  own.addSubnet(network, prefix, 'ipv4');
}
own.addSubnet('fc00::', 7, 'ipv6');

/** What is no single host: unspecified, multicast, reserved and broadcast addresses, also as version 6 writes those of version 4. */
const nobody = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  nobody.addSubnet(network, prefix, 'ipv4');
}
nobody.addAddress('::', 'ipv6');
nobody.addSubnet('ff00::', 8, 'ipv6');

/** True for an address of the public internet. False for every other one, and for what is not an address. */
export function isPublicAddress(address: string): boolean {
  const { plain, family } = read(address);
  if (family === 4) return !special.check(plain, 'ipv4');
  if (family === 6) return globalUnicast.check(plain, 'ipv6') && !special.check(plain, 'ipv6');
  return false;
}

/** True for an address of a network of somebody's own, where others may be but not the internet: neither loopback nor link-local. */
export function isPrivateAddress(address: string): boolean {
  const { plain, family } = read(address);
  return family !== 0 && own.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}

/** True for every address that one host can have, wherever. False for what is not an address. */
export function isOneHost(address: string): boolean {
  const { plain, family } = read(address);
  return family !== 0 && !nobody.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}

function read(address: string): { plain: string; family: number } {
  // A link-local address may name its interface: fe80::1%eth0.
  const plain = address.replace(/%.*$/, '');
  return { plain, family: isIP(plain) };
}

/**
 * The addresses of this machine: of its interfaces, and the one by which the internet reaches it, where that is another. What answers there is
 * behind the firewall, whatever the address looks like.
 */
export function machineAddresses(
  publicAddress?: string,
  interfaces: Readonly<Record<string, readonly { readonly address: string }[] | undefined>> = networkInterfaces(),
): string[] {
  const own = Object.values(interfaces).flatMap((infos = []) => infos.map(({ address }) => address));
  return publicAddress === undefined ? own : [...own, publicAddress];
}
