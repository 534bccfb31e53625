// Where a URI leads (RFC 3263): which transport its domain prefers (NAPTR), its servers for that (SRV), and their addresses.
import { isIP } from 'node:net';
import { promises as dns } from 'node:dns';
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Destination, TransportName } from './flow.ts';
import type { SipUri } from './uri.ts';

export interface ServiceRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** A NAPTR record (RFC 3403). */
export interface NamingPointer {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly replacement: string;
}

/** The names that are looked up. All give nothing where there is no such record, and `services` and `addresses` throw where nobody could tell. */
export interface Resolver {
  /** Few domains have them and some name servers do not know them: what goes wrong is as if there were none. */
  pointers(domain: string): Promise<readonly NamingPointer[]>;
  services(name: string): Promise<readonly ServiceRecord[]>;
  addresses(host: string): Promise<readonly string[]>;
}

/** Servers tried for one request. */
const mostDestinations = 8;
const mostServices = 8;

/**
 * The places to try, in order.
 * @param random a whole number from 0 up to, not including, its argument: servers of one priority are chosen by weight (RFC 2782).
 * @param spoken the transports that we can use; of several the first that the domain offers is taken.
 */
export async function resolveUri(
  uri: SipUri,
  resolver: Resolver,
  random: (below: number) => number,
  spoken: readonly TransportName[],
): Promise<readonly Destination[]> {
  const asked = uri.parameters.get('transport')?.toLowerCase();
  // Over SIPS every hop is TLS (RFC 3261 section 19.1), whatever the parameter says of what is below it.
  const transport: TransportName | undefined =
    uri.scheme === 'sips' ? 'tls' : asked === 'udp' || asked === 'tcp' || asked === 'tls' ? asked : undefined;
  if (asked !== undefined && transport === undefined) return [];
  const host = uri.parameters.get('maddr') ?? uri.host;
  const usual: TransportName = transport ?? (spoken.includes('udp') ? 'udp' : (spoken[0] ?? 'udp'));
  const port = uri.port ?? (usual === 'tls' ? 5061 : 5060);
  const at = (address: string, place: { transport: TransportName; port: number }): Destination => ({
    host: address,
    ...place,
    // The certificate is for whom the caller meant, not for the server's own name (RFC 5922 section 4).
    ...(place.transport === 'tls' ? { serverName: host } : {}),
  });
  if (isIP(host) !== 0) return [at(host, { transport: usual, port })];
  if (uri.port === undefined) {
    const preferred = asked === undefined ? await preferences(host, uri.scheme, resolver, spoken) : [];
    const usualNames = (transport ? [transport] : spoken).map((each) => ({ transport: each, name: serviceName(each, host) }));
    for (const { transport: candidate, name } of [...preferred, ...usualNames]) {
      const services = ordered(await resolver.services(name), random).slice(0, mostServices);
      const found: Destination[] = [];
      for (const service of services) {
        const addresses = await resolver.addresses(service.name);
        found.push(...addresses.map((address) => at(address, { transport: candidate, port: service.port })));
      }
      if (found.length > 0) return found.slice(0, mostDestinations);
    }
  }
  const addresses = await resolver.addresses(host);
  return addresses.slice(0, mostDestinations).map((address) => at(address, { transport: usual, port }));
}

/** All addresses that a URI may lead to, over whatever transport: the calls of a provider come from any of its servers. None where nobody could tell. */
export async function addressesBehind(uri: SipUri, resolver: Resolver): Promise<string[]> {
  const host = uri.parameters.get('maddr') ?? uri.host;
  if (isIP(host) !== 0) return [host];
  const asked = uri.port === undefined ? (['udp', 'tcp', 'tls'] as const) : [];
  const services = await Promise.all(asked.map((transport) => resolver.services(serviceName(transport, host)).catch(() => [])));
  const names = new Set([host, ...services.flatMap((records) => records.slice(0, mostServices).map(({ name }) => name))]);
  const found = await Promise.all([...names].map((name) => resolver.addresses(name).catch(() => [])));
  return [...new Set(found.flat())];
}

const transports: Readonly<Record<string, TransportName>> = { 'SIP+D2U': 'udp', 'SIP+D2T': 'tcp', 'SIPS+D2T': 'tls' };

/** The transports that the domain would rather have, with the names of their services (RFC 3263 section 4.1), as far as we speak them. */
async function preferences(
  host: string,
  scheme: SipUri['scheme'],
  resolver: Resolver,
  spoken: readonly TransportName[],
): Promise<{ transport: TransportName; name: string }[]> {
  const pointers = (await resolver.pointers(host)).toSorted((a, b) => a.order - b.order || a.preference - b.preference);
  return pointers.flatMap(({ flags, service, replacement }) => {
    const transport = transports[service.toUpperCase()];
    const isUsable = transport !== undefined && flags.toLowerCase() === 's' && replacement !== '' && spoken.includes(transport);
    return isUsable && (scheme === 'sip' || transport === 'tls') ? [{ transport, name: replacement }] : [];
  });
}

function serviceName(transport: TransportName, host: string): string {
  return transport === 'tls' ? `_sips._tcp.${host}` : `_sip._${transport}.${host}`;
}

/** By priority, and by chance in proportion to the weight among those of one (RFC 2782). */
function ordered(services: readonly ServiceRecord[], random: (below: number) => number): ServiceRecord[] {
  const left = services
    .filter(({ name }) => name !== '' && name !== '.')
    .toSorted((a, b) => a.priority - b.priority || a.weight - b.weight);
  const result: ServiceRecord[] = [];
  while (left.length > 0) {
    const priority = left[0]?.priority;
    const group = left.filter((service) => service.priority === priority);
    let mark = random(group.reduce((sum, { weight }) => sum + weight, 0) + 1);
    const chosen = group.find(({ weight }) => (mark -= weight) <= 0) ?? group[0];
    if (!chosen) break;
    left.splice(left.indexOf(chosen), 1);
    result.push(chosen);
  }
  return result;
}

const noRecord = new Set(['ENOTFOUND', 'ENODATA', 'ESERVFAIL']);
const lookUpMs = 5000;

/** What this machine's own settings look names up with. */
export function systemResolver(clock: Clock): Resolver {
  return {
    pointers: (domain) => inTime(clock, dns.resolveNaptr(domain)).catch(() => []),
    services: (name) =>
      inTime(
        clock,
        dns.resolveSrv(name).catch((error: NodeJS.ErrnoException) => {
          if (noRecord.has(error.code ?? '')) return [];
          throw error;
        }),
      ),
    addresses: async (host) => {
      const found = await inTime(clock, dns.lookup(host, { all: true }));
      return found.map(({ address }) => address);
    },
  };
}

async function inTime<T>(clock: Clock, work: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = sleep(clock, lookUpMs, done.signal).then((): T => {
    throw new Error(`no answer of the name service in ${lookUpMs / 1000} s`);
  });
  // Whichever is later must not count as an error that nobody has caught.
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}
