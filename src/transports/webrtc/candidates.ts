// Which of the addresses a caller names are checked by ourselves (STUN). Callers check ours anyhow, and nearly every connection comes about that
// way; but whoever may call could have this machine send to any port of any address, its own and its neighbours' included.
import { BlockList, isIP, isIPv4 } from 'node:net';
import { isOneHost, isPrivateAddress, isPublicAddress, machineAddresses } from '../../lib/guarded-address.ts';
import type { Interfaces } from '../rtp/addresses.ts';
import type { CandidateRule } from './media.ts';

/** Distinct addresses and ports of a caller that are tried. */
const MOST_CANDIDATES = 10;

export interface Network {
  readonly interfaces: Interfaces;
  /** The addresses callers are offered. */
  readonly offered: readonly string[];
  /** The one that is offered instead, if any. */
  readonly publicAddress: string | undefined;
}

/** What holds where nobody has set it: a machine that is called on the internet has no business with its neighbours. */
export function defaultRule({ offered, publicAddress }: Network): CandidateRule {
  const known = publicAddress === undefined ? offered : [publicAddress];
  // At home everything has a public address of version 6, behind a router that lets nobody in: there, version 4 tells.
  const telling = known.some((address) => isIPv4(address)) ? known.filter((address) => isIPv4(address)) : known;
  return telling.some(isPublicAddress) ? 'public' : 'private';
}

/** Whether a caller's address may be checked. A name is none: it would have to be asked for, in a network that is not the caller's. */
export function mayBeChecked(rule: CandidateRule, { interfaces, publicAddress }: Network): (host: string) => boolean {
  const own = new BlockList();
  for (const address of machineAddresses(publicAddress, interfaces)) {
    own.addAddress(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  }
  return (host) => {
    // The name of an interface is one of the caller's.
    if (!isOneHost(host) || host.includes('%')) return false;
    if (rule === 'any') return true;
    if (own.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6')) return false;
    return isPublicAddress(host) || (rule === 'private' && isPrivateAddress(host));
  };
}

/**
 * Those of a section's candidates that are worth trying, each once; there may be none. More may come by themselves, as the caller's own
 * checks. Nobody may make this machine open connections; and the second component is for RTCP on a port of its own, which we do not use.
 */
export function candidatesToCheck(section: readonly string[], mayCheck: (host: string) => boolean): string[] {
  const chosen = new Map<string, string>();
  for (const line of section) {
    if (!line.startsWith('a=candidate:')) continue;
    const [, component, protocol = '', , host = '', port = ''] = line.split(/\s+/);
    if (component !== '1' || protocol.toLowerCase() !== 'udp' || !isPort(port) || !mayCheck(host)) continue;
    const place = `${host} ${port}`;
    if (!chosen.has(place)) chosen.set(place, line);
    if (chosen.size === MOST_CANDIDATES) break;
  }
  return [...chosen.values()];
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) <= 65_535;
}
