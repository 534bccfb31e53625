// Whom a call or a transfer is to go to, read strictly: a telephone number in one spelling, or a SIP address. What could be dialled as something else
// than it looks like is refused, never repaired.

export type DialTarget =
  /** E.164: `+15552345678`. */
  | { readonly kind: 'number'; readonly number: string }
  /** `number` where the user part is a telephone number: such an address dials it through its host. */
  | { readonly kind: 'sip'; readonly uri: string; readonly host: string; readonly number: string | undefined }
  /** A sentence without the target, which may be anything. */
  | { readonly kind: 'unreadable'; readonly reason: string };

const mostCharacters = 256;
/** Visual separators (RFC 3966, 3). */
const separators = /[-.() ]/g;

export function readDialTarget(text: string): DialTarget {
  if (text.length > mostCharacters) return unreadable('it is too long');
  const bare = text.trim();
  // Digits of other scripts, look-alikes of signs, and whatever is not seen at all.
  if (!/^[\x20-\x7e]+$/.test(bare)) return unreadable('it has characters that are not plain ASCII');
  const [, scheme, rest = ''] = /^(tel|sips?):(.*)$/i.exec(bare) ?? [];
  if (scheme === undefined) return bare.includes('@') || /^[a-z]+:/i.test(bare) ? unreadable(wanted) : numberTarget(bare);
  return scheme.toLowerCase() === 'tel' ? numberTarget(rest) : sipTarget(scheme.toLowerCase(), rest);
}

const wanted = 'it is neither a telephone number like +15552345678 nor an address like sip:name@example.com';

function unreadable(reason: string): DialTarget {
  return { kind: 'unreadable', reason };
}

function numberTarget(text: string): DialTarget {
  const number = e164(text);
  return number === undefined ? unreadable(wantedNumber) : { kind: 'number', number };
}

const wantedNumber = 'it is not a whole international number like +15552345678, without an extension or anything else behind it';

/** The number in its one spelling, or undefined: `00` and `011` are how the `+` is dialled. */
function e164(text: string): string | undefined {
  // Separators stand between digits; parameters (;ext=, ;phone-context=), pauses and keys to be pressed afterwards are no part of a number.
  if (!/^\+?\(?\d[\d\-.() ]*$/.test(text)) return undefined;
  const plain = text.replaceAll(separators, '');
  const digits = plain.startsWith('+') ? plain.slice(1) : /^(?:011|00)(\d+)$/.exec(plain)?.[1];
  if (digits === undefined) return undefined;
  return isNumber(digits) ? `+${digits}` : undefined;
}

/** E.164 has 15 digits at most; what is short is a service of the country where it is dialled. */
function isNumber(digits: string): boolean {
  if (!/^[1-9]\d{7,14}$/.test(digits)) return false;
  // Of the North American plan: ten digits, an area code that is one, and no 911 in its place.
  return !digits.startsWith('1') || /^1(?!.11)[2-9]\d\d[2-9]\d{6}$/.test(digits);
}

/** RFC 3261, 25.1, of which only what names somebody is taken: no password, no header, no parameter that leads elsewhere (`maddr`, `route`). */
function sipTarget(scheme: string, rest: string): DialTarget {
  const [, coded = '', host = '', port, parameters = ''] =
    /^([^@:;?/]+)@([^@:;?/[\]]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?((?:;[^;?]*)*)$/i.exec(rest) ?? [];
  if (host === '') return unreadable(wanted);
  const user = decoded(coded);
  if (user === undefined) return unreadable('the name in its address has characters that a name cannot have');
  const name = host.toLowerCase().replace(/\.$/, '');
  if (!/^[a-z0-9.-]+$|^\[[0-9a-f:.]+\]$/.test(name)) return unreadable('its host is no host');
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return unreadable('its port is no port');
  const kept = parameters.toLowerCase();
  if (!/^(?:;transport=(?:udp|tcp|tls)|;user=phone)*$/.test(kept))
    return unreadable('its address has parameters other than transport and user');
  const digits = user.replaceAll(separators, '');
  // Whatever its host would dial: a short one is an extension there.
  const dialled = /^\+|^0(?:0|11)\d|^\d{7,}$/.test(digits) || kept.includes('user=phone');
  const number = dialled ? e164(/^\d{7,}$/.test(digits) && !/^0(?:0|11)/.test(digits) ? `+${digits}` : user) : undefined;
  if (dialled && number === undefined) return unreadable(`the number in its address cannot be read: ${wantedNumber}`);
  const uri = `${scheme}:${number ?? coded}@${name}${port === undefined ? '' : `:${port}`}${kept}`;
  return { kind: 'sip', uri, host: name.replace(/^\[(.*)\]$/, '$1'), number };
}

/** The user part without its escapes; undefined where something in it would be more than a name (RFC 3261: mark, and `+ & = $`). */
function decoded(user: string): string | undefined {
  if (!/^(?:[a-z0-9\-_.!~*'()&=+$ ]|%[0-9a-f]{2})+$/i.test(user)) return undefined;
  let plain: string;
  try {
    plain = decodeURIComponent(user);
  } catch {
    return undefined;
  }
  return /^[a-z0-9\-_.!~'()&=+]+$/i.test(plain) ? plain : undefined;
}
