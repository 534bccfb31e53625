// Inworld's request signature, IW1-HMAC-SHA256 (protocol 7.5): a chain of HMACs over time, host, method and nonce that only the holder of
// the key's secret can make. Whether the nonce is fresh and the time near is the caller's to judge.
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface SignedRequest {
  /** The public part of the key. */
  readonly key: string;
  /** As written: YYYYMMDDHHMMSS in UTC. */
  readonly dateTime: string;
  readonly atMs: number;
  readonly nonce: string;
  readonly signature: Buffer;
}

const scheme = 'IW1-HMAC-SHA256';
/** What is asked for, by the names that are signed: each route has its own. */
const methods = {
  token: 'ai.inworld.engine.WorldEngine/GenerateToken',
  sessionToken: 'ai.inworld.engine.v1.SessionTokens/GenerateSessionToken',
} as const;
export type SignedFor = keyof typeof methods;

const mostCharacters = 1024;

/** The authorization header taken apart; undefined when any part is missing or cannot be what it should. */
export function readSignedRequest(authorization: string | undefined): SignedRequest | undefined {
  if (authorization === undefined || authorization.length > mostCharacters || !authorization.startsWith(`${scheme} `)) return undefined;
  const fields = new Map<string, string>();
  for (const part of authorization.slice(scheme.length).split(',')) {
    const [, name, value] = /^\s*([A-Za-z]+)=(\S+)\s*$/.exec(part) ?? [];
    // A field written twice could be read in two ways.
    if (name === undefined || value === undefined || fields.has(name)) return undefined;
    fields.set(name, value);
  }
  const key = fields.get('ApiKey');
  const dateTime = fields.get('DateTime') ?? '';
  const nonce = fields.get('Nonce') ?? '';
  const signature = fields.get('Signature') ?? '';
  const atMs = timeOf(dateTime);
  if (key === undefined || atMs === undefined || !/^[\w-]{1,64}$/.test(nonce) || !/^[0-9a-f]{64}$/i.test(signature)) return undefined;
  return { key, dateTime, atMs, nonce, signature: Buffer.from(signature, 'hex') };
}

/** Whether the request was signed with this secret for one of these hosts. Takes the same time whichever it was, and when it was none. */
export function isSignedWith(request: SignedRequest, secret: string, hosts: readonly string[], purpose: SignedFor): boolean {
  let right = false;
  for (const host of hosts) {
    for (const hex of [false, true]) {
      if (timingSafeEqual(chain(secret, [request.dateTime, host, methods[purpose], request.nonce], hex), request.signature)) right = true;
    }
  }
  return right;
}

/** Each link is keyed with the one before. Inworld's code carries on raw digests, its README their hex: both are in use. */
function chain(secret: string, elements: readonly string[], hex: boolean): Buffer {
  let key: Buffer | string = `IW1${secret}`;
  for (const element of elements) {
    const digest: Buffer = createHmac('sha256', key).update(element).digest();
    key = hex ? digest.toString('hex') : digest;
  }
  return createHmac('sha256', key).update('iw1_request').digest();
}

function timeOf(dateTime: string): number | undefined {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(dateTime) ?? [];
  const [year, month, day, hour, minute, second] = parts.map(Number);
  if (year === undefined || month === undefined) return undefined;
  const atMs = Date.UTC(year, month - 1, day, hour, minute, second);
  // The 31st of February is no time, though Date would make one of it.
  return new Date(atMs).toISOString().replace(/[-:T]/g, '').slice(0, 14) === dateTime ? atMs : undefined;
}
