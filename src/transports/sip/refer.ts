// What a REFER and the NOTIFYs after it say (RFC 3515, RFC 3891, RFC 3420).
import { type HeaderList, splitList } from './header-list.ts';
import { parseNameAddress, parseParameters } from './headers.ts';
import type { DialogId } from './dialog.ts';
import type { SipMessage } from './message.ts';
import { escapedHeaderValue, parseUri, unescaped, writeUri } from './uri.ts';

export interface ReferTarget {
  readonly uri: string;
  /** The value of the Replaces header that the new call is to have: a transfer with consultation. */
  readonly replaces: string | undefined;
}

/** Whom a REFER is about; nothing unless it names exactly one (RFC 3515 section 2.4.2). */
export function referTarget(headers: HeaderList): ReferTarget | undefined {
  const values = headers.values('Refer-To');
  const address = values.length === 1 ? parseNameAddress(values[0] as string) : undefined;
  if (!address || address.uri.scheme === 'other') return undefined;
  if (address.uri.scheme === 'tel') return { uri: address.uriText, replaces: undefined };
  const { headers: embedded, ...uri } = address.uri;
  // Of the headers that such a URI may ask for only this one is heard: the others would let a far end write our requests.
  const replaces = embedded?.split('&').find((pair) => /^replaces=/i.test(pair));
  return { uri: writeUri(uri), replaces: replaces === undefined ? undefined : unescaped(replaces.slice('replaces='.length)) };
}

/** The value of Refer-To. @throws Error where the target is no URI. */
export function referTo(target: string, replaces: string | undefined): string {
  const uri = parseUri(target);
  if (!uri || uri.scheme === 'other') throw new Error(`'${target}' is no sip, sips or tel URI`);
  if (replaces === undefined) return `<${writeUri(uri)}>`;
  return `<${writeUri(uri)}?Replaces=${escapedHeaderValue(replaces)}>`;
}

/** The dialog of ours that a Replaces header is about: its to-tag is ours (RFC 3891 section 3). */
export function replacedDialog(value: string): (DialogId & { readonly earlyOnly: boolean }) | undefined {
  const [callId = ''] = splitList(value)[0]?.split(';') ?? [];
  const parameters = parseParameters(value.slice(value.indexOf(';')));
  const localTag = parameters?.get('to-tag');
  const remoteTag = parameters?.get('from-tag');
  if (!parameters || localTag === undefined || remoteTag === undefined || callId.trim() === '') return undefined;
  return { callId: callId.trim(), localTag, remoteTag, earlyOnly: parameters.has('early-only') };
}

/** The status that a NOTIFY's message fragment begins with. */
export function fragmentStatus(notify: SipMessage): number | undefined {
  const [, digits] = /^SIP\/2\.0 (\d{3})\b/.exec(notify.body.toString('latin1').trimStart()) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
