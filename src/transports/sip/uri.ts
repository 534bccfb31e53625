// SIP, SIPS and tel URIs (RFC 3261 section 19.1, RFC 3966), read strictly and written again.

/** Parameters by their names in small letters; one without a value has `undefined`. */
export type Parameters = ReadonlyMap<string, string | undefined>;

export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  /** As written, with its escapes: `unescaped` gives what they stand for. Includes a password, which nobody should send. */
  readonly user?: string;
  /** In small letters; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port?: number;
  readonly parameters: Parameters;
  /** What follows the question mark, as written: headers of a request to be made (RFC 3261 section 19.1.1). */
  readonly headers?: string;
}

export interface TelUri {
  readonly scheme: 'tel';
  /** With its visual separators. */
  readonly number: string;
  readonly parameters: Parameters;
}

/** A URI of a scheme that is none of SIP's: `http:`, `isbn:`. */
export interface OtherUri {
  readonly scheme: 'other';
  readonly text: string;
}

export type Uri = SipUri | TelUri | OtherUri;

const schemeAndRest = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s;
const userInfo = /^(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/#:]|%[0-9A-Fa-f]{2})+$/;
// An underscore is no character of a host name, but container networks name their hosts with it.
const hostAndPort = /^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9.])?)(?::(\d{1,5}))?/;
const parameter = /^;((?:[A-Za-z0-9\-_.!~*'()[\]/:&+$]|%[0-9A-Fa-f]{2})+)(?:=((?:[A-Za-z0-9\-_.!~*'()[\]/:&+$]|%[0-9A-Fa-f]{2})+))?/;
const headerPart = /^\?(?:[A-Za-z0-9\-_.!~*'()[\]/?:+$&=]|%[0-9A-Fa-f]{2})+$/;
const telNumber = /^\+?[0-9A-Fa-f*#().-]+/;
const anyUri = /^[!-~\u0080-\uffff]+$/;

/** The URI, or nothing where the text is none. No blank and no angle bracket belongs to one. */
export function parseUri(text: string): Uri | undefined {
  const [, scheme = '', rest = ''] = schemeAndRest.exec(text) ?? [];
  const kind = scheme.toLowerCase();
  if (kind === 'sip' || kind === 'sips') return sipUri(kind, rest);
  if (kind === 'tel') return telUri(rest);
  if (kind === '' || rest === '' || !anyUri.test(rest) || /[<>"]/.test(rest)) return undefined;
  return { scheme: 'other', text };
}

function sipUri(scheme: 'sip' | 'sips', rest: string): SipUri | undefined {
  const at = rest.indexOf('@');
  const user = at < 0 ? undefined : rest.slice(0, at);
  if (user !== undefined && !userInfo.test(user)) return undefined;
  let left = rest.slice(at + 1);
  const [whole, host = '', portText] = hostAndPort.exec(left) ?? [];
  if (whole === undefined) return undefined;
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && port > 65_535) return undefined;
  left = left.slice(whole.length);
  const parameters = takeParameters(left);
  if (!parameters) return undefined;
  left = parameters.left;
  if (left !== '' && !headerPart.test(left)) return undefined;
  return {
    scheme,
    host: host.replace(/^\[|\]$/g, '').toLowerCase(),
    parameters: parameters.map,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
    ...(left === '' ? {} : { headers: left.slice(1) }),
  };
}

function telUri(rest: string): TelUri | undefined {
  const [number] = telNumber.exec(rest) ?? [];
  if (number === undefined) return undefined;
  const parameters = takeParameters(rest.slice(number.length));
  return parameters?.left === '' ? { scheme: 'tel', number, parameters: parameters.map } : undefined;
}

function takeParameters(text: string): { map: Map<string, string | undefined>; left: string } | undefined {
  const map = new Map<string, string | undefined>();
  let left = text;
  while (left.startsWith(';')) {
    const [whole, name = '', value] = parameter.exec(left) ?? [];
    if (whole === undefined) return undefined;
    map.set(name.toLowerCase(), value);
    left = left.slice(whole.length);
  }
  return { map, left };
}

/** The same URI as text. */
export function writeUri(uri: Uri): string {
  if (uri.scheme === 'other') return uri.text;
  const parameters = [...uri.parameters].map(([name, value]) => (value === undefined ? `;${name}` : `;${name}=${value}`)).join('');
  if (uri.scheme === 'tel') return `tel:${uri.number}${parameters}`;
  const user = uri.user === undefined ? '' : `${uri.user}@`;
  const headers = uri.headers === undefined ? '' : `?${uri.headers}`;
  return `${uri.scheme}:${user}${hostPort(uri.host, uri.port)}${parameters}${headers}`;
}

/** `host:port` with the brackets that an IPv6 address needs. */
export function hostPort(host: string, port?: number): string {
  const bare = host.includes(':') ? `[${host}]` : host;
  return port === undefined ? bare : `${bare}:${port}`;
}

/** What the escapes stand for; a text whose escapes are no UTF-8 stays as it is. */
export function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A value for the header part of a URI (`?Replaces=…`), RFC 3261 section 19.1.1: everything but unreserved characters escaped. */
export function escapedHeaderValue(text: string): string {
  return encodeURIComponent(text);
}
