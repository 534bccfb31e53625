// The operator's list of hosts that may be reached wherever they are: `host`, `host:port`, `*.example.org`, an address.
import { isIP } from 'node:net';

interface HostRule {
  /** As a URL spells it: lower case, punycode, addresses in their one canonical form, no brackets. */
  readonly host: string;
  /** `*.example.org`: any name below it, not itself. */
  readonly below: boolean;
  readonly port: number | undefined;
}

export class HostRules {
  readonly #rules: readonly HostRule[];

  /** @throws Error naming the entry that cannot be read. */
  constructor(entries: readonly string[]) {
    this.#rules = entries.map(readRule);
  }

  /** @param hostname as in a URL, with or without the brackets of an IPv6 address. */
  allows(hostname: string, port: number): boolean {
    const host = canonical(hostname);
    return this.#rules.some(
      (rule) => (rule.port === undefined || rule.port === port) && (rule.below ? host.endsWith(`.${rule.host}`) : host === rule.host),
    );
  }
}

function readRule(entry: string): HostRule {
  const below = entry.startsWith('*.');
  const rest = below ? entry.slice(2) : entry;
  // A bare IPv6 address has colons of its own.
  const parts = isIP(rest) === 6 ? { host: `[${rest}]`, port: undefined } : /^(?<host>.+?)(?::(?<port>\d{1,5}))?$/.exec(rest)?.groups;
  const host = parts?.['host'] ?? '';
  const url = /[\s/?#@\\*]/.test(host) ? null : URL.parse(`http://${host}`);
  const port = parts?.['port'] === undefined ? undefined : Number(parts['port']);
  const name = url ? canonical(url.hostname) : '';
  if (!url || url.port !== '' || name === '' || (port !== undefined && (port < 1 || port > 65_535)) || (below && isIP(name) !== 0)) {
    throw new Error(`'${entry}' is not a host: write host, host:port, *.example.org or an address`);
  }
  return { host: name, below, port };
}

function canonical(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}
