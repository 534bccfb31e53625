// Whether a request comes from the provider that it says it comes from. All of them are pure and take the same time whichever signature is shown.
// Twilio's from twilio.com/docs/usage/security, Telnyx' from developers.telnyx.com/docs/messaging/messages/receiving-webhooks (Webhook signing), Plivo's
// from plivo.com/docs/voice/concepts/signature-validation (V3), Vonage's from developer.vonage.com/en/getting-started/concepts/webhooks (Signed webhooks).
import { createHash, createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import { isRecord } from '../../protocol/json.ts';

/** A webhook or a call of its own that is older than this is somebody else's copy. */
const mostAgeMs = 5 * 60_000;

export type FormFields = Readonly<Record<string, string | readonly string[]>>;

/**
 * Twilio and SignalWire: an HMAC with SHA-1 of the URL and the form. They sign the URL that they were given, which behind a proxy nobody here knows
 * to the letter: as https and wss, with and without a last slash, with and without the port it implies.
 * @param publicUrl as it is configured, with path and query of the request.
 */
export function isSignedByTwilio(options: {
  publicUrl: string;
  form?: FormFields;
  signature: string | undefined;
  authToken: string;
}): boolean {
  const { publicUrl, form = {}, signature, authToken } = options;
  if (signature === undefined || !URL.canParse(publicUrl)) return false;
  const fields = Object.keys(form)
    .toSorted(byCodeUnits)
    .flatMap((name) => [...new Set(listOf(form[name]))].toSorted(byCodeUnits).map((value) => name + value))
    .join('');
  let right = false;
  for (const url of spellingsOf(publicUrl)) {
    const expected = createHmac('sha1', authToken)
      .update(url + fields, 'utf8')
      .digest('base64');
    if (isSame(expected, signature)) right = true;
  }
  return right;
}

/** Ed25519 of the time, a bar and the body as it came. */
export function isSignedByTelnyx(options: {
  body: string | Uint8Array;
  signature: string | undefined;
  timestamp: string | undefined;
  /** In base64, as Telnyx' portal shows it. */
  publicKey: string;
  wallMs: number;
}): boolean {
  const { body, signature, timestamp, publicKey, wallMs } = options;
  if (signature === undefined || timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(wallMs - Number(timestamp) * 1000) > mostAgeMs) return false;
  try {
    const raw = Buffer.from(publicKey, 'base64');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.subarray(-32).toString('base64url') }, format: 'jwk' });
    return verify(null, Buffer.concat([Buffer.from(`${timestamp}|`), Buffer.from(body)]), key, Buffer.from(signature, 'base64'));
  } catch {
    // A key or a signature that is none.
    return false;
  }
}

/** Plivo, version 3: an HMAC with SHA-256 of the URL, the form and a nonce. Several signatures may be shown: one for each token of the account. */
export function isSignedByPlivo(options: {
  method: 'GET' | 'POST';
  publicUrl: string;
  form?: FormFields;
  signature: string | undefined;
  nonce: string | undefined;
  authToken: string;
}): boolean {
  const { method, publicUrl, form = {}, signature, nonce, authToken } = options;
  if (signature === undefined || nonce === undefined || !URL.canParse(publicUrl)) return false;
  const url = new URL(publicUrl);
  const query = new Map<string, string[]>();
  for (const [name, value] of url.searchParams) query.set(name, [...(query.get(name) ?? []), value]);
  if (method === 'GET') for (const [name, value] of Object.entries(form)) query.set(name, [...(query.get(name) ?? []), ...listOf(value)]);
  const pairs = [...query].toSorted(byName).flatMap(([name, values]) => values.toSorted(byCodeUnits).map((value) => `${name}=${value}`));
  const fields = method === 'GET' ? [] : Object.entries(form).toSorted(byName);
  const ofForm = fields
    .flatMap(([name, values]) =>
      listOf(values)
        .toSorted(byCodeUnits)
        .map((value) => name + value),
    )
    .join('');
  const asked = pairs.length > 0 || fields.length > 0 ? `?${pairs.join('&')}` : '';
  const dot = pairs.length > 0 && fields.length > 0 ? '.' : '';
  const path = /^[a-z]+:\/\/[^/?]+(\?|$)/i.test(publicUrl) ? '' : url.pathname;
  const signed = `${url.protocol}//${url.host}${path}${asked}${dot}${ofForm}.${nonce}`;
  const expected = createHmac('sha256', authToken).update(signed, 'utf8').digest('base64');
  let right = false;
  for (const shown of signature.slice(0, 1000).split(',')) if (isSame(expected, shown.trim())) right = true;
  return right;
}

/**
 * Vonage: a JWT (HS256) in the authorization, which names the digest of the body.
 * @param secret the signature secret of the account.
 */
export function isSignedByVonage(options: {
  authorization: string | undefined;
  body: string | Uint8Array;
  secret: string;
  wallMs: number;
  apiKey?: string;
}): boolean {
  const { authorization, body, secret, wallMs, apiKey } = options;
  const [, header = '', claims = '', signature = ''] = /^bearer\s+([\w-]+)\.([\w-]+)\.([\w-]+)\s*$/i.exec(authorization ?? '') ?? [];
  const expected = createHmac('sha256', secret).update(`${header}.${claims}`).digest('base64url');
  if (!isSame(expected, signature)) return false;
  const { alg } = jsonOf(header);
  const { iat, exp, payload_hash: digest, api_key: key } = jsonOf(claims);
  if (alg !== 'HS256') return false;
  if (typeof iat !== 'number' || Math.abs(wallMs - iat * 1000) > mostAgeMs) return false;
  if (typeof exp === 'number' && exp * 1000 < wallMs) return false;
  if (apiKey !== undefined && key !== apiKey) return false;
  // Requests without a body bear none.
  if (digest === undefined) return Buffer.from(body).length === 0;
  return typeof digest === 'string' && isSame(createHash('sha256').update(Buffer.from(body)).digest('hex'), digest.toLowerCase());
}

function spellingsOf(publicUrl: string): Set<string> {
  const { host, hostname, pathname, search, protocol } = new URL(publicUrl);
  const isPlain = protocol === 'http:' || protocol === 'ws:';
  const impliedPort = isPlain ? 80 : 443;
  const bare = pathname.replace(/\/+$/, '');
  const spellings = new Set<string>();
  for (const scheme of isPlain ? ['http', 'ws'] : ['https', 'wss']) {
    for (const where of new Set([host, host === hostname ? `${hostname}:${impliedPort}` : host])) {
      for (const path of [bare, `${bare}/`]) spellings.add(`${scheme}://${where}${path}${search}`);
    }
  }
  return spellings;
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

function byCodeUnits(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function byName(one: readonly [string, unknown], other: readonly [string, unknown]): number {
  return byCodeUnits(one[0], other[0]);
}

function jsonOf(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/** In the same time wherever they differ. */
function isSame(expected: string, shown: string): boolean {
  const one = Buffer.from(expected);
  const other = Buffer.from(shown);
  return one.length === other.length && timingSafeEqual(one, other);
}
