// Digest authentication in both directions, with the examples of RFC 2617 and RFC 7616 (whose SHA-256 RFC 8760 brings to SIP).
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { type Challenge, digestResponse, parseChallenge, parseDigest } from '../../../src/transports/sip/credentials.ts';
import { ChallengeAnswer, challengeOf, DigestVerifier } from '../../../src/transports/sip/digest.ts';
import { makeRequest, responseTo } from '../../../src/transports/sip/build.ts';
import type { SipRequest } from '../../../src/transports/sip/message.ts';

test('RFC 2617 section 3.5: the example of MD5', () => {
  const input = {
    hash: 'md5' as const,
    session: false,
    realm: 'testrealm@host.com',
    nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
    method: 'GET',
    uri: '/dir/index.html',
    counted: { nc: '00000001', cnonce: '0a4f113b' },
  };
  expect(digestResponse(input, { username: 'Mufasa', password: 'Circle Of Life' })).toBe('6629fae49393a05397450978507c4ef1');
});

test.each([
  ['md5', '8ca523f5e9506fed4657c9700eebdbec'],
  ['sha-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
] as const)('RFC 7616 section 3.9.1: the example of %s', (hash, expected) => {
  const input = {
    hash,
    session: false,
    realm: 'http-auth@example.org',
    nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
    method: 'GET',
    uri: '/dir/index.html',
    counted: { nc: '00000001', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' },
  };
  expect(digestResponse(input, { username: 'Mufasa', password: 'Circle of Life' })).toBe(expected);
});

test('the older form without qop (RFC 2069) is answered, too', () => {
  const challenge = parseChallenge('Digest realm="r", nonce="n"') as Challenge;
  const value = new ChallengeAnswer(challenge, { username: 'u', password: 'p' }, 'c').authorization('REGISTER', 'sip:r');
  const fields = parseDigest(value);
  expect(fields?.has('qop')).toBe(false);
  expect(fields?.get('response')).toBe(
    digestResponse(
      { hash: 'md5', session: false, realm: 'r', nonce: 'n', method: 'REGISTER', uri: 'sip:r' },
      { username: 'u', password: 'p' },
    ),
  );
});

test('a challenge is read with its quotes, and what asks for more than we do is passed over', () => {
  expect(parseChallenge('Digest realm="a \\"b\\", c", nonce="n", stale=TRUE, qop="auth-int,auth", algorithm=SHA-256-sess')).toEqual({
    realm: 'a "b", c',
    nonce: 'n',
    hash: 'sha-256',
    algorithm: 'SHA-256-sess',
    session: true,
    qop: true,
    stale: true,
  });
  for (const value of [
    'Basic realm="x"',
    'Digest realm="r"',
    'Digest realm="r", nonce="n", qop="auth-int"',
    'Digest realm="r", nonce="n", algorithm=X',
  ]) {
    expect(parseChallenge(value)).toBeUndefined();
  }
});

test('of several challenges the first that we can do is taken (RFC 8760 section 2.4)', () => {
  const request = ask();
  const headers = ['SHA-512', 'SHA-256', 'MD5'].map((name) => ({
    name: 'WWW-Authenticate',
    value: `Digest realm="r", nonce="n", algorithm=${name}`,
  }));
  expect(challengeOf(responseTo(request, 401, { headers }))?.hash).toBe('sha-256');
});

function ask(authorization?: string, method = 'INVITE'): SipRequest {
  const parts = { uri: 'sip:us', from: '<sip:a@a>;tag=1', to: '<sip:us>', callId: 'c', cseq: 1 };
  return makeRequest({ method, ...parts, headers: authorization === undefined ? [] : [{ name: 'Authorization', value: authorization }] });
}

describe('whom we challenge', () => {
  const clock = new ManualClock();
  const verifier = new DigestVerifier({ realm: 'parley', clock, secret: 'secret' });
  const challenges = (stale: boolean) => verifier.challenges(['sha-256', 'md5'], stale);
  const passwordOf = (username: string) => (username === 'u' ? 'p' : undefined);
  const answerTo = (value: string, password = 'p', username = 'u') =>
    new ChallengeAnswer(parseChallenge(value) as Challenge, { username, password }, 'c');
  const check = (value: string, method?: string) => verifier.check(ask(value, method), passwordOf);

  test('is offered SHA-256 before MD5, and may answer either', () => {
    const both = challenges(false);
    expect(both.map((value) => parseChallenge(value)?.hash)).toEqual(['sha-256', 'md5']);
    for (const value of both)
      expect(check(answerTo(value).authorization('INVITE', 'sip:us')).kind).toBe(value === both[0] ? 'right' : 'stale');
    expect(check(answerTo(challenges(false)[1] as string).authorization('INVITE', 'sip:us'))).toEqual({ kind: 'right', username: 'u' });
  });

  test('is told a wrong password, an unknown name, another method and a missing count alike', () => {
    const [value = ''] = challenges(false);
    expect(check(answerTo(value, 'x').authorization('INVITE', 'sip:us')).kind).toBe('wrong');
    expect(check(answerTo(value, 'p', 'nobody').authorization('INVITE', 'sip:us')).kind).toBe('wrong');
    expect(check(answerTo(value).authorization('REGISTER', 'sip:us')).kind).toBe('wrong');
    expect(check(answerTo(value.replace(', qop="auth"', '')).authorization('INVITE', 'sip:us')).kind).toBe('wrong');
    expect(check('Digest realm="elsewhere", nonce="n"').kind).toBe('absent');
    expect(verifier.check(ask(), passwordOf).kind).toBe('absent');
  });

  test('cannot use an answer twice, but may have answers overtake each other', () => {
    const answering = answerTo(challenges(false)[0] as string);
    const [one = '', two = '', three = ''] = [1, 2, 3].map(() => answering.authorization('INVITE', 'sip:us'));
    expect([one, three, two, three, one, two].map((value) => check(value).kind)).toEqual([
      'right',
      'right',
      'right',
      'stale',
      'stale',
      'stale',
    ]);
  });

  test('cannot use a nonce of its own making, or one that is too old', () => {
    const [value = ''] = challenges(false);
    const forged = value.replace(/nonce="([^.]+)\./, 'nonce="zzz.');
    expect(check(answerTo(forged).authorization('INVITE', 'sip:us')).kind).toBe('stale');
    clock.advance(300_001);
    expect(check(answerTo(value).authorization('INVITE', 'sip:us')).kind).toBe('stale');
    expect(parseChallenge(challenges(true)[0] as string)?.stale).toBe(true);
  });

  test('has counts kept for a bounded number of nonces, and forgotten ones count as used', () => {
    const fresh = () => answerTo(challenges(false)[0] as string);
    const first = fresh();
    const unused = fresh();
    expect(check(first.authorization('INVITE', 'sip:us')).kind).toBe('right');
    // As many as are kept, each a millisecond after the other.
    for (let count = 0; count < 4096; count++) {
      clock.advance(1);
      if (check(fresh().authorization('INVITE', 'sip:us')).kind !== 'right') throw new Error('a fresh nonce was refused');
    }
    expect(check(first.authorization('INVITE', 'sip:us')).kind).toBe('stale');
    expect(check(unused.authorization('INVITE', 'sip:us')).kind).toBe('stale');
    clock.advance(1);
    expect(check(fresh().authorization('INVITE', 'sip:us')).kind).toBe('right');
  });
});
