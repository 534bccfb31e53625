// From where the packets of a call may come at all, as its trunk has it.
import { BlockList, isIP } from 'node:net';
import type { MediaHow } from './media-how.ts';

/** Trunks are few, and named in the configuration. */
const MOST_KEPT = 64;

const kept = new Map<string, BlockList>();

/** `described` is the address of the far side's description. */
export function mayCome(address: string, sources: NonNullable<MediaHow['sources']>, described: string | undefined): boolean {
  if (sources === 'first') return true;
  if (sources === 'described') return address === described;
  return networks(sources).check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** @throws Error naming an entry that is neither an address nor a network. */
export function networks(entries: readonly string[]): BlockList {
  const name = entries.join(' ');
  const known = kept.get(name);
  if (known) return known;
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address);
    const widest = family === 4 ? 32 : 128;
    if (family === 0 || !(Number(bits ?? 0) <= widest)) throw new Error(`'${entry}' is no address and no network like 203.0.113.0/24`);
    list.addSubnet(address, Number(bits ?? widest), family === 4 ? 'ipv4' : 'ipv6');
  }
  if (kept.size < MOST_KEPT) kept.set(name, list);
  return list;
}
