// Long-lived keys that the configuration names, compared without telling how much of them was right, and every place of a request where a
// credential may sit.
import { createHash, timingSafeEqual } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { randomToken } from '../lib/ids.ts';
import { keepFile } from '../lib/own-file.ts';

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

interface ConfiguredKey {
  readonly id: string;
  readonly digest: Buffer;
  /** The key as a pair that can sign for tokens, when it is one: `key:secret`, or the base64 of it as Inworld issues it. */
  readonly pair: KeyPair | undefined;
}

export interface KeyPair {
  readonly key: string;
  readonly secret: string;
}

export class Keys {
  readonly #keys: readonly ConfiguredKey[];

  /**
   * @param nameOf Gives the same name to a key at every start, so that what was minted for it holds on, and dies with it wherever it stands in the
   * list. The name is in tokens, logs and TURN user names: the key must not be guessed from it.
   */
  constructor(keys: readonly string[], nameOf: (key: string) => string) {
    this.#keys = keys.map((key) => ({ id: `configured_${nameOf(key)}`, digest: digest(key), pair: pairOf(key) }));
  }

  /** The id of a key that is configured. */
  idOf(key: string): string | undefined {
    const offered = digest(key);
    let found: string | undefined;
    for (const known of this.#keys) if (timingSafeEqual(known.digest, offered)) found = known.id;
    return found;
  }

  has(key: string): boolean {
    return this.idOf(key) !== undefined;
  }

  get ids(): readonly string[] {
    return this.#keys.map(({ id }) => id);
  }

  hasId(id: string): boolean {
    return this.#keys.some((known) => known.id === id);
  }

  /** The configured pair with this public part. */
  pairWith(publicPart: string): { id: string; secret: string } | undefined {
    const found = this.#keys.find(({ pair }) => pair?.key === publicPart);
    return found?.pair && { id: found.id, secret: found.pair.secret };
  }
}

/** The key kept in the file, made (mode 0600) when there is none. @throws SetupError when it can be neither read nor made. */
export function ownKey(path: string): { key: string; made: boolean } {
  const { text, made } = keepFile(path, () => `pk_${randomToken(40)}`);
  if (text !== '') return { key: text, made };
  // Nobody has a key that says nothing.
  rmSync(path);
  return ownKey(path);
}

const insecureKeyProtocol = 'openai-insecure-api-key.';
/** Any real credential is shorter, and a request needs one: what is beyond is not looked at. */
const longestCredential = 4096;
const mostCredentials = 16;

/** Every credential a request offers, in all the forms clients have (protocol 7.2): header, subprotocol, query. */
export function offeredKeys(headers: IncomingHttpHeaders, query: URLSearchParams): string[] {
  const offered: string[] = [];
  const offer = (token: string | null | undefined) => {
    if (!token || token.length > longestCredential) return;
    offered.push(token);
    // Issued keys are the base64 of `key:secret`, whatever carries them.
    const decoded = decodedText(token);
    if (decoded?.includes(':')) offered.push(decoded);
  };
  for (const value of [headers.authorization, query.get('Authorization'), query.get('authorization')]) {
    const [scheme, token] = value?.split(/\s+/, 2) ?? [];
    if (!scheme || !token) continue;
    offer(token);
    // A plain key as the user or the password of a Basic pair, or encoded alone (conflict C59).
    const decoded = scheme.toLowerCase() === 'basic' && token.length <= longestCredential ? decodedText(token) : undefined;
    if (decoded) offered.push(decoded.replace(/:$/, ''), decoded.replace(/^:/, ''));
  }
  const apiKey = headers['api-key'];
  if (typeof apiKey === 'string') offer(apiKey);
  for (const protocol of (headers['sec-websocket-protocol'] ?? '').split(',')) {
    const name = protocol.trim();
    if (name.startsWith(insecureKeyProtocol)) offer(name.slice(insecureKeyProtocol.length));
  }
  offer(query.get('token'));
  return [...new Set(offered)].filter((key) => key !== '').slice(0, mostCredentials);
}

/** How many credentials a request offers, whatever forms each may be read in, and however often it says each. */
export function offeredPlaces(headers: IncomingHttpHeaders, query: URLSearchParams): number {
  const single = [headers.authorization, headers['api-key'], ...['Authorization', 'authorization', 'token'].map((name) => query.get(name))];
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const keys = protocols.filter((name) => name.startsWith(insecureKeyProtocol)).map((name) => name.slice(insecureKeyProtocol.length));
  return new Set([...single, ...keys].map((value) => [value ?? ''].flat().join().trim().split(/\s+/).at(-1)).filter((value) => value)).size;
}

function decodedText(token: string): string | undefined {
  const decoded = Buffer.from(token, 'base64').toString('utf8');
  return /^[\x21-\x7e]+$/.test(decoded) ? decoded : undefined;
}

function pairOf(key: string): KeyPair | undefined {
  const text = key.includes(':') ? key : (decodedText(key) ?? '');
  const colon = text.indexOf(':');
  return colon > 0 && colon < text.length - 1 ? { key: text.slice(0, colon), secret: text.slice(colon + 1) } : undefined;
}
