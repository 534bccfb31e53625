// Who may come in: long-lived keys, compared without telling how much of them was right.
import { createHash, timingSafeEqual } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { IncomingHttpHeaders } from 'node:http';
import { randomToken } from '../lib/ids.ts';

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

export class Keys {
  readonly #digests: readonly Buffer[];

  constructor(keys: readonly string[]) {
    this.#digests = keys.map(digest);
  }

  has(key: string): boolean {
    const offered = digest(key);
    let found = false;
    for (const known of this.#digests) if (timingSafeEqual(known, offered)) found = true;
    return found;
  }
}

/** The key kept in the file, made (mode 0600) when there is none. */
export function ownKey(path: string): { key: string; made: boolean } {
  if (existsSync(path)) {
    const key = readFileSync(path, 'utf8').trim();
    if (key !== '') return { key, made: false };
  }
  const key = `pk_${randomToken(40)}`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${key}\n`, { mode: 0o600 });
  chmodSync(path, 0o600);
  return { key, made: true };
}

const insecureKeyProtocol = 'openai-insecure-api-key.';

/** Every key a request offers, in all the forms clients have (protocol 7.2): header, subprotocol, query. */
export function offeredKeys(headers: IncomingHttpHeaders, query: URLSearchParams): string[] {
  const offered: string[] = [];
  for (const value of [headers.authorization, query.get('Authorization') ?? query.get('authorization') ?? undefined]) {
    const [scheme, token] = value?.split(/\s+/, 2) ?? [];
    if (!scheme || !token) continue;
    offered.push(token);
    // Inworld's keys are base64 as issued; others encode `key:secret` themselves (conflict C59).
    if (scheme.toLowerCase() === 'basic') {
      const decoded = Buffer.from(token, 'base64').toString('utf8');
      offered.push(decoded, decoded.replace(/:$/, ''), decoded.replace(/^:/, ''));
    }
  }
  const apiKey = headers['api-key'];
  if (typeof apiKey === 'string') offered.push(apiKey);
  for (const protocol of (headers['sec-websocket-protocol'] ?? '').split(',')) {
    const name = protocol.trim();
    if (name.startsWith(insecureKeyProtocol)) offered.push(name.slice(insecureKeyProtocol.length));
  }
  const token = query.get('token');
  if (token) offered.push(token);
  return offered.filter((key) => key !== '');
}
