// Signatures of providers. Twilio's and Plivo's were made by their own packages (twilio 6.2.0, plivo 4.79.0), Vonage's are made by jose.
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { isSignedByPlivo, isSignedByTelnyx, isSignedByTwilio, isSignedByVonage } from '../../../src/transports/media-streams/signatures.ts';

const authToken = '12345';

test('Twilio: the example of its documentation, and several values of one name', () => {
  const form = { CallSid: 'CA1234567890ABCDE', Caller: '+14158675310', Digits: '1234', From: '+14158675310', To: '+18005551212' };
  const publicUrl = 'https://example.com/myapp.php?foo=1&bar=2';
  const signature = 'L/OH5YylLD5NRKLltdqwSvS0BnU=';
  expect(isSignedByTwilio({ publicUrl, form, signature, authToken })).toBe(true);
  expect(isSignedByTwilio({ publicUrl, form: { ...form, Digits: '1235' }, signature, authToken })).toBe(false);
  expect(isSignedByTwilio({ publicUrl, form, signature, authToken: '12346' })).toBe(false);
  expect(isSignedByTwilio({ publicUrl: 'https://example.com/myapp.php?foo=1&bar=3', form, signature, authToken })).toBe(false);
  expect(
    isSignedByTwilio({
      publicUrl: 'https://example.com/x',
      form: { MediaUrl: ['b', 'a', 'a'], A: 'é' },
      signature: 'YTWgtqmQAEb3jfYWtmrBYpjuBvw=',
      authToken,
    }),
  ).toBe(true);
});

test.each([
  ['wss', '+WxQwZbHHmLnzm8E4bkJ6C8f8N4='],
  ['wss with a slash at its end', 'VWoTaIj0h/8dijL88p/ryujVkTY='],
])('Twilio: an upgrade that was signed as %s is known by the configured https address', (_as, signature) => {
  expect(isSignedByTwilio({ publicUrl: 'https://example.com/v1/realtime/twilio', signature, authToken })).toBe(true);
  expect(isSignedByTwilio({ publicUrl: 'https://example.com/v1/realtime/twilio/', signature, authToken })).toBe(true);
  expect(isSignedByTwilio({ publicUrl: 'https://example.com/v1/realtime/telnyx', signature, authToken })).toBe(false);
});

test('Twilio: a port that is implied may stand in what was signed, another one must', () => {
  const at = (publicUrl: string, signature: string) => isSignedByTwilio({ publicUrl, form: { To: '+1' }, signature, authToken });
  expect(at('https://example.com/v1/telephony/twilio', '9iJzReLIS8cpOyG2st9zcOctisQ=')).toBe(true);
  expect(at('https://example.com:8443/v1/telephony/twilio', 'k2b6GswbOUf1F0imxK3pqzzkFBU=')).toBe(true);
  expect(at('https://example.com/v1/telephony/twilio', 'k2b6GswbOUf1F0imxK3pqzzkFBU=')).toBe(false);
});

test.each([undefined, '', 'x', '='.repeat(10_000)])('Twilio: %j is no signature', (signature) => {
  expect(isSignedByTwilio({ publicUrl: 'https://example.com/', signature, authToken })).toBe(false);
});

test.each([
  [
    'POST',
    'https://answer.url',
    '12345',
    { CallUUID: '97ceeb52-58b6-11e1-86da-77300b68f8bb', Duration: '300' },
    'hYE3PGx1TNFf3vbQBgCMKpe05vW5ohag7KVTOZGlQ3U=',
  ],
  [
    'POST',
    'https://example.com/v1/plivo?a=2&a=1&b=x%20y',
    '05429567804466091622',
    { To: '15551234', From: ['2', '1'] },
    'PFVscqMpAbQNVkO+qwc85HH477MmfOL6ZBRKurf4sBQ=',
  ],
  ['POST', 'https://example.com/v1/plivo?a=1', 'n1', {}, 'WNHcRilrohnzwt+GxcztJVaTHCPVlanou3a4kE/6wwM='],
  ['GET', 'https://example.com/v1/plivo?z=1&a=2', 'n2', { CallUUID: 'c1' }, 'ZdXj6uXVro3jEz2r8k4Z4cXHNhLt48vrJdE5ZJNhr1E='],
  ['GET', 'https://example.com/v1/plivo', 'n3', {}, '5hLkVMpdynWfgQEDTvzKAo5pg8hSzTnbgixIWN4RMgc='],
] as const)('Plivo: %s %s', (method, publicUrl, nonce, form, signature) => {
  const authToken = 'MAXXXXTOKEN';
  expect(isSignedByPlivo({ method, publicUrl, nonce, form, signature, authToken })).toBe(true);
  expect(isSignedByPlivo({ method, publicUrl, nonce, form, signature: `AAAA, ${signature}`, authToken })).toBe(true);
  expect(isSignedByPlivo({ method, publicUrl, nonce: `${nonce}0`, form, signature, authToken })).toBe(false);
  expect(isSignedByPlivo({ method, publicUrl, nonce, form: { ...form, More: '1' }, signature, authToken })).toBe(false);
  expect(isSignedByPlivo({ method, publicUrl, nonce, form, signature: undefined, authToken })).toBe(false);
  expect(isSignedByPlivo({ method, publicUrl, nonce, form, signature, authToken: 'another' })).toBe(false);
});

// The first key of RFC 8032, 7.1.
const secretHalf = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';

test('Telnyx: its body, its time and its key', () => {
  const der = Buffer.from(`302e020100300506032b657004220420${secretHalf}`, 'hex');
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const { x: publicHalf = '' } = privateKey.export({ format: 'jwk' });
  const publicKey = Buffer.from(publicHalf, 'base64url').toString('base64');
  expect(publicKey).toBe('11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=');
  const body = '{"data":{"event_type":"call.initiated"}}';
  const wallMs = 1_700_000_000_000;
  const timestamp = String(wallMs / 1000 - 10);
  const signature = sign(null, Buffer.from(`${timestamp}|${body}`), privateKey).toString('base64');
  const shown = { body, signature, timestamp, publicKey, wallMs };
  expect(isSignedByTelnyx(shown)).toBe(true);
  expect(isSignedByTelnyx({ ...shown, body: Buffer.from(body) })).toBe(true);
  expect(isSignedByTelnyx({ ...shown, body: `${body} ` })).toBe(false);
  expect(isSignedByTelnyx({ ...shown, timestamp: String(wallMs / 1000) })).toBe(false);
  // Somebody's copy, ten minutes later.
  expect(isSignedByTelnyx({ ...shown, wallMs: wallMs + 600_000 })).toBe(false);
  expect(isSignedByTelnyx({ ...shown, publicKey: 'AAAA' })).toBe(false);
  expect(isSignedByTelnyx({ ...shown, signature: 'no' })).toBe(false);
  expect(isSignedByTelnyx({ ...shown, signature: undefined })).toBe(false);
  expect(isSignedByTelnyx({ ...shown, timestamp: 'yesterday' })).toBe(false);
});

test('Vonage: a token of the account that names the digest of the body', async () => {
  const secret = 'a signature secret of thirty-two!';
  const wallMs = 1_700_000_000_000;
  const body = '{"uuid":"aaaa","from":"15551234"}';
  const digest = createHash('sha256').update(body).digest('hex');
  const signed = (claims: Record<string, unknown>, alg = 'HS256') =>
    new SignJWT(claims)
      .setProtectedHeader({ alg, typ: 'JWT' })
      .sign(Buffer.from(secret))
      .then((token) => `Bearer ${token}`);
  const iat = wallMs / 1000;
  const claims = { iat, jti: 'j', iss: 'Vonage', payload_hash: digest, api_key: 'a1b2c3d4', application_id: 'app' };
  const authorization = await signed(claims);
  const shown = { authorization, body, secret, wallMs };
  expect(isSignedByVonage(shown)).toBe(true);
  expect(isSignedByVonage({ ...shown, apiKey: 'a1b2c3d4' })).toBe(true);
  expect(isSignedByVonage({ ...shown, apiKey: 'other' })).toBe(false);
  expect(isSignedByVonage({ ...shown, body: body.replace('aaaa', 'bbbb') })).toBe(false);
  expect(isSignedByVonage({ ...shown, secret: `${secret}!` })).toBe(false);
  expect(isSignedByVonage({ ...shown, wallMs: wallMs + 600_000 })).toBe(false);
  expect(isSignedByVonage({ ...shown, authorization: undefined })).toBe(false);
  expect(isSignedByVonage({ ...shown, authorization: 'Bearer a.b.' })).toBe(false);
  expect(isSignedByVonage({ ...shown, authorization: await signed({ ...claims, exp: iat - 1 }) })).toBe(false);
  expect(isSignedByVonage({ ...shown, authorization: await signed(claims, 'HS384') })).toBe(false);
  const bodiless = await signed({ iat });
  expect(isSignedByVonage({ ...shown, authorization: bodiless, body: '' })).toBe(true);
  expect(isSignedByVonage({ ...shown, authorization: bodiless })).toBe(false);
});
