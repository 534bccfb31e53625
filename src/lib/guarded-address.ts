// Which addresses of the network are everybody's. Whatever is not plainly public is refused, so a kind that is invented later is refused too.
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

/** True for an address of the public internet. False for every other one, and for what is not an address. */
export function isPublicAddress(address: string): boolean {
  // A link-local address may name its interface: fe80::1%eth0.
  const plain = address.replace(/%.*$/, '');
  const family = isIP(plain);
  if (family === 4) return !special.check(plain, 'ipv4');
  if (family === 6) return globalUnicast.check(plain, 'ipv6') && !special.check(plain, 'ipv6');
  return false;
}

/** The addresses of this machine's interfaces, as they are now: what answers there is behind the firewall, whatever the address looks like. */
export function machineAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((found) => found?.map(({ address }) => address) ?? []);
}
