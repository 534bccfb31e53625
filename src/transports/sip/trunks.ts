// Which trunk a request comes from: by its address, the caller's certificate and the password it has shown.
import { BlockList, isIP } from 'node:net';
import { plainAddress } from './address.ts';
import type { DigestHash } from './credentials.ts';
import type { Flow } from './flow.ts';
import type { TrunkOptions } from './options.ts';

const usualHashes: readonly DigestHash[] = ['sha-256', 'md5'];

class Trunk {
  readonly options: TrunkOptions;
  #addresses: BlockList | undefined;

  constructor(options: TrunkOptions) {
    this.options = options;
    if (options.addresses) this.moveTo(options.addresses);
  }

  /** Its calls come from these from now on. */
  moveTo(addresses: readonly string[]): void {
    this.#addresses = new BlockList();
    for (const entry of addresses) addTo(this.#addresses, entry, this.options.name);
  }

  /** Whether everything but the password holds. */
  fits(flow: Flow): boolean {
    const { tlsNames } = this.options;
    if (this.#addresses && !within(this.#addresses, flow.remote.host)) return false;
    return tlsNames === undefined || flow.peerNames.some((name) => tlsNames.includes(name));
  }
}

export class Trunks {
  readonly #trunks: readonly Trunk[];

  /** @throws Error naming a trunk that lets everybody in, two of one name, or an entry that is no address. */
  constructor(trunks: readonly TrunkOptions[]) {
    for (const { name, addresses, digest, tlsNames } of trunks) {
      if (!addresses && !digest && !tlsNames)
        throw new Error(`trunk '${name}' names no address, no digest and no TLS name: anybody could call`);
      if (trunks.filter((other) => other.name === name).length > 1) throw new Error(`two trunks are called '${name}'`);
    }
    this.#trunks = trunks.map((options) => new Trunk(options));
  }

  /** Calls of that trunk come from these addresses from now on, whatever it named before. */
  move(name: string, addresses: readonly string[]): void {
    this.#trunks.find(({ options }) => options.name === name)?.moveTo(addresses);
  }

  /** The trunk that needs no password for what comes this way. */
  open(flow: Flow): string | undefined {
    return this.#trunks.find((trunk) => trunk.options.digest === undefined && trunk.fits(flow))?.options.name;
  }

  /** What a password of who comes this way may be hashed with, the preferred first; nothing where none would help. */
  hashes(flow: Flow): readonly DigestHash[] {
    const digests = this.#trunks.filter((trunk) => trunk.fits(flow)).flatMap(({ options }) => options.digest ?? []);
    return [...new Set(digests.flatMap(({ hashes }) => hashes ?? usualHashes))];
  }

  /** The trunk of this user name for what comes this way. */
  ofUser(
    username: string,
    flow: Flow,
  ): { readonly name: string; readonly password: string; readonly hashes: readonly DigestHash[] } | undefined {
    const trunk = this.#trunks.find((trunk) => trunk.options.digest?.username === username && trunk.fits(flow));
    const digest = trunk?.options.digest;
    if (!trunk || !digest) return undefined;
    return { name: trunk.options.name, password: digest.password, hashes: digest.hashes ?? usualHashes };
  }
}

function addTo(list: BlockList, entry: string, trunk: string): void {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
  const family = isIP(address);
  const widest = family === 4 ? 32 : 128;
  if (family === 0 || Number(bits ?? 0) > widest)
    throw new Error(`'${entry}' of trunk '${trunk}' is no address and no network like 203.0.113.0/24`);
  list.addSubnet(address, Number(bits ?? widest), family === 4 ? 'ipv4' : 'ipv6');
}

function within(list: BlockList, host: string): boolean {
  const plain = plainAddress(host);
  return list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
}
