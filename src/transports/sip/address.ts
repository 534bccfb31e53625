// Addresses of this machine and of far ends, as they are compared and as they are told.
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** An IPv4 address that a socket of both families writes as an IPv6 one, as itself; without the interface's name. */
export function plainAddress(host: string): string {
  return host.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

export const isLoopback = (host: string): boolean => host === '::1' || host.startsWith('127.');

/** Where a far end reaches a socket that is bound to this address, or to all of its family. */
export function reachableHost(bound: string, remote: string, publicAddress: string | undefined): string {
  const six = isIP(remote) === 6;
  if (isLoopback(remote)) return isLoopback(bound) ? bound : six ? '::1' : '127.0.0.1';
  if (publicAddress !== undefined) return publicAddress;
  if (bound !== '0.0.0.0' && bound !== '::') return bound;
  const family = six ? 'IPv6' : 'IPv4';
  const outer = Object.values(networkInterfaces())
    .flat()
    .find(
      (entry) => entry?.family === family && !entry.internal && !entry.address.startsWith('fe80:') && !entry.address.startsWith('169.254.'),
    );
  return outer?.address ?? (six ? '::1' : '127.0.0.1');
}

/** Whether the address is one of a private network, which nobody beyond that network reaches (RFC 1918, 4193, 6598). */
export function isPrivate(host: string): boolean {
  if (isIP(host) === 6) return /^f[cd]/i.test(host) || /^fe80:/i.test(host);
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.)/.test(host);
}
