// Where a request comes from: the far end of its socket, or behind a proxy that is trusted what that proxy says.
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Hops that are looked at, from the nearest: whoever writes more of them writes them for nobody. */
const mostHops = 16;

export class RemoteAddresses {
  readonly #proxies = new BlockList();

  /**
   * @param proxies `loopback`, addresses and networks (`10.0.0.0/8`) of the proxies to trust.
   * @throws Error naming an entry that is none of these.
   */
  constructor(proxies: readonly string[]) {
    for (const entry of proxies) this.#trust(entry);
  }

  #trust(entry: string): void {
    if (entry === 'loopback') {
      this.#proxies.addSubnet('127.0.0.0', 8, 'ipv4');
      this.#proxies.addAddress('::1', 'ipv6');
      return;
    }
    const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
    const family = isIP(address);
    const widest = family === 4 ? 32 : 128;
    if (family === 0 || Number(bits ?? 0) > widest)
      throw new Error(`'${entry}' is no address, no network like 10.0.0.0/8, and not loopback`);
    this.#proxies.addSubnet(address, Number(bits ?? widest), family === 4 ? 'ipv4' : 'ipv6');
  }

  isProxy(address: string): boolean {
    const plain = plainAddress(address);
    const family = isIP(plain);
    return family !== 0 && this.#proxies.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }

  /** The address of the client; that of the nearest proxy which does not say it. Empty for a socket that has gone. */
  of(request: Pick<IncomingMessage, 'headers'> & { readonly socket: { readonly remoteAddress?: string | undefined } }): string {
    let address = plainAddress(request.socket.remoteAddress ?? '');
    if (!this.isProxy(address)) return address;
    const forwarded = [request.headers['x-forwarded-for'] ?? request.headers['x-real-ip'] ?? []].flat().join(',').split(',');
    // Each proxy appends whom it was asked by, so that only what trusted ones have appended, from the end, can be believed.
    for (const hop of forwarded.slice(-mostHops).toReversed()) {
      const named = plainAddress(hop.trim());
      if (isIP(named) === 0) break;
      address = named;
      if (!this.isProxy(address)) break;
    }
    return address;
  }
}

/** Without brackets, port and interface; an IPv4 address that is written as an IPv6 one as itself. */
function plainAddress(text: string): string {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d+$/, '$1');
  return bare.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

/** Whom an address belongs to, as far as can be told: an IPv4 address is somebody, and so is a /64 of IPv6. */
export function networkOf(address: string): string {
  const plain = plainAddress(address);
  if (isIP(plain) !== 6) return plain;
  const [left = '', right] = plain.split('::');
  const before = left.split(':').filter((group) => group !== '');
  const after = right?.split(':').filter((group) => group !== '') ?? [];
  const missing = 8 - before.length - after.length - (plain.includes('.') ? 1 : 0);
  const groups = right === undefined ? before : [...before, ...Array.from({ length: missing }, () => '0'), ...after];
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
