// What stands in WWW-Authenticate and Authorization: a scheme and parameters between commas (RFC 3261 section 20.7, RFC 8760).
import { createHash } from 'node:crypto';
import { token, unquoted } from './headers.ts';

/** The algorithms by their names on the wire, in small letters, and what Node calls them. */
const hashes = { md5: 'md5', 'sha-256': 'sha256', 'sha-512-256': 'sha512-256' } as const;

export type DigestHash = keyof typeof hashes;

export interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly hash: DigestHash;
  /** As written; absent where the challenge names none, which means MD5. */
  readonly algorithm?: string;
  /** A-session keys: `MD5-sess`. */
  readonly session: boolean;
  readonly qop: boolean;
  readonly opaque?: string;
  readonly stale: boolean;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

const part = /[ \t]*,?[ \t]*([A-Za-z0-9\-.!%*_+`'~]+)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^\s,"]+)/sy;

/** The parameters of a Digest, or nothing where it is another scheme or malformed. Linear in the text. */
export function parseDigest(value: string): Map<string, string> | undefined {
  const start = /^[ \t]*Digest[ \t]+/i.exec(value);
  if (!start) return undefined;
  const map = new Map<string, string>();
  let at = start[0].length;
  while (at < value.length) {
    part.lastIndex = at;
    const found = part.exec(value);
    if (!found) return value.slice(at).trim() === '' ? map : undefined;
    map.set((found[1] as string).toLowerCase(), unquoted(found[2] as string));
    at = part.lastIndex;
  }
  return map;
}

/** The challenge, or nothing where it asks for what we do not do. */
export function parseChallenge(value: string): Challenge | undefined {
  const fields = parseDigest(value);
  const realm = fields?.get('realm');
  const nonce = fields?.get('nonce');
  if (!fields || realm === undefined || nonce === undefined) return undefined;
  const algorithm = fields.get('algorithm');
  const name = (algorithm ?? 'md5').toLowerCase();
  const hash = name.replace(/-sess$/, '');
  const offered = fields
    .get('qop')
    ?.toLowerCase()
    .split(/[ \t]*,[ \t]*/);
  if (!isHash(hash) || (offered && !offered.includes('auth')) || (algorithm !== undefined && !token.test(algorithm))) return undefined;
  const opaque = fields.get('opaque');
  return {
    realm,
    nonce,
    hash,
    session: name.endsWith('-sess'),
    qop: offered !== undefined,
    stale: fields.get('stale')?.toLowerCase() === 'true',
    ...(algorithm === undefined ? {} : { algorithm }),
    ...(opaque === undefined ? {} : { opaque }),
  };
}

export function isHash(name: string): name is DigestHash {
  return Object.hasOwn(hashes, name);
}

export interface DigestInput {
  readonly hash: DigestHash;
  readonly session: boolean;
  readonly realm: string;
  readonly nonce: string;
  readonly method: string;
  readonly uri: string;
  /** Of `qop=auth`: the count as eight hexadecimal digits and the client's own nonce. */
  readonly counted?: { readonly nc: string; readonly cnonce: string };
}

/** The response of RFC 7616 section 3.4.1 with the hash of RFC 8760. */
export function digestResponse(input: DigestInput, { username, password }: Credentials): string {
  const h = (text: string) => createHash(hashes[input.hash]).update(text).digest('hex');
  const { counted, nonce } = input;
  const key = h(`${username}:${input.realm}:${password}`);
  const a1 = input.session ? h(`${key}:${nonce}:${counted?.cnonce ?? ''}`) : key;
  const a2 = h(`${input.method}:${input.uri}`);
  return counted ? h(`${a1}:${nonce}:${counted.nc}:${counted.cnonce}:auth:${a2}`) : h(`${a1}:${nonce}:${a2}`);
}
