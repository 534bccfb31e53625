// The numbers of a call and the addresses that stand for them: who calls, what was dialled, and whom it is handed over to (RFC 3261 section 8.1.1,
// RFC 3325).
import type { IncomingCall } from './agent.ts';
import { type Header, splitList } from './header-list.ts';
import { parseNameAddress } from './headers.ts';
import { hostPort, parseUri } from './uri.ts';

export interface TrunkParties {
  /** Whether P-Asserted-Identity says who calls. Only where everybody who calls by the trunk was asked who they are. */
  readonly trustsIdentity: boolean;
  /** What names the number that was dialled: the request's address, or To, where a registration's calls are all addressed to its own user. */
  readonly dialled: 'request' | 'to';
}

/** Numbers as they are dialled, other callers as URIs. `from` is empty where the caller withholds it. */
export function partiesOf(
  call: Pick<IncomingCall, 'from' | 'to' | 'requestUri' | 'headers'>,
  trunk: TrunkParties,
): { from: string; to: string } {
  return {
    from: (trunk.trustsIdentity ? asserted(call.headers) : undefined) ?? saidOfItself(call.from),
    to: dialled(trunk.dialled === 'to' ? addressIn(call.to) : call.requestUri),
  };
}

/** What a trunk is sent for a number or an address: a number is a user at its proxy. */
export function targetUri(target: string, proxy: string): string {
  const [, number] = /^tel:(\+?[\d*#]+)/i.exec(target) ?? [];
  if (number === undefined) return target;
  const host = proxy.replace(/^sips?:/i, '');
  return `${/^sips:/i.test(proxy) ? 'sips' : 'sip'}:${number}@${host}`;
}

/**
 * What the far side is asked to call (Refer-To): a number is a user of its own domain, because many telephones and Asterisk take no tel URI.
 * @param remote its From or To.
 */
export function addressAtRemote(target: string, remote: string): string {
  const own = parseNameAddress(remote)?.uri;
  if (!own || !('host' in own) || own.host === 'anonymous.invalid') return target;
  return targetUri(target, `${own.scheme}:${hostPort(own.host)}`);
}

/** Nothing where nobody has said who calls; empty where whoever did says that it is not to be told further (RFC 3325 sections 9.1 and 9.3). */
function asserted(headers: readonly Header[]): string | undefined {
  const identities = valuesOf(headers, 'p-asserted-identity', ',').map((value) => dialled(addressIn(value)));
  if (identities.length === 0) return undefined;
  const isPrivate = valuesOf(headers, 'privacy', ';').some((value) => /^(id|user)$/i.test(value.trim()));
  // Of a SIP address and a number the number is of use to more people.
  return isPrivate ? '' : (identities.find(isNumber) ?? identities[0]);
}

/** RFC 3323 section 4.1.1.3: the address of those who do not say who they are. */
function saidOfItself(from: string): string {
  const address = addressIn(from);
  return /@anonymous\.invalid\b/i.test(address) ? '' : dialled(address);
}

function valuesOf(headers: readonly Header[], name: string, separator: ',' | ';'): string[] {
  const values = headers.filter((header) => header.name.toLowerCase() === name).map(({ value }) => value);
  return values.flatMap((value) => (separator === ',' ? splitList(value) : value.split(';')));
}

function addressIn(header: string): string {
  return parseNameAddress(header)?.uriText ?? '';
}

/** A number where the user part is one, and the address otherwise. */
function dialled(address: string): string {
  const uri = parseUri(address);
  if (!uri || uri.scheme === 'other') return address;
  const user = uri.scheme === 'tel' ? uri.number : uri.user;
  return user !== undefined && isNumber(user) ? user : address;
}

function isNumber(text: string): boolean {
  return /^\+?\d[\d*#]{2,}$/.test(text);
}
