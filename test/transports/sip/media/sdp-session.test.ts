// Offers and answers of telephone calls (RFC 3264, RFC 4568): what is agreed upon, what is written, and what is refused with which status.
import { expect, test } from 'vitest';
import type { MediaHow } from '../../../../src/transports/sip/media/media-how.ts';
import { SdpSession } from '../../../../src/transports/sip/media/sdp-session.ts';
import { asterisk, baresip, bestEffort, browser, faxOnly, linphone, rtpengine, sipp, twice, twilioTrunk } from './offers.ts';

const plain: MediaHow = { srtp: 'off', secureSignalling: false };
const secure: MediaHow = { srtp: 'when-offered', secureSignalling: true };
const required: MediaHow = { srtp: 'required', secureSignalling: true };

function session(how: MediaHow = plain) {
  let next = 1;
  const sources = { random: (bytes: number) => new Uint8Array(bytes).fill(next++), id: 4711 };
  return new SdpSession({ address: '203.0.113.1', port: 20_000, rtcpPort: 20_001 }, how, sources);
}

const linesOf = (sdp: string) => sdp.trimEnd().split('\r\n');
const versionOf = (sdp: string) => Number(/^o=- 4711 (\d+) /m.exec(sdp)?.[1]);
const refusal = (status: number, message: string) => expect.objectContaining({ name: 'CallError', reason: 'rejected', status, message });

function refusedWith(how: MediaHow, offer: string): unknown {
  try {
    session(how).answer(offer);
  } catch (error) {
    return error;
  }
  return 'answered';
}

test('the whole of an answer', () => {
  const { sdp } = session().answer(asterisk);
  expect(sdp.endsWith('\r\n')).toBe(true);
  expect(linesOf(sdp)).toEqual([
    'v=0',
    'o=- 4711 1 IN IP4 203.0.113.1',
    's=-',
    'c=IN IP4 203.0.113.1',
    't=0 0',
    'm=audio 20000 RTP/AVP 8 101',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=ptime:20',
    'a=sendrecv',
  ]);
});

test.each([
  ['baresip', baresip, plain, 'RTP/AVP 96 101', 'opus', '192.0.2.2:11008', '192.0.2.2:11009', undefined],
  [
    'baresip, as it is wanted',
    baresip,
    { ...plain, codecs: ['PCMA', 'PCMU'] },
    'RTP/AVP 0 101',
    'PCMU',
    '192.0.2.2:11008',
    '192.0.2.2:11009',
    undefined,
  ],
  ['keys as best effort, unwanted', bestEffort, plain, 'RTP/AVP 0 101', 'PCMU', '192.0.2.2:11008', '192.0.2.2:11009', undefined],
  [
    'keys as best effort, wanted',
    bestEffort,
    secure,
    'RTP/AVP 0 101',
    'PCMU',
    '192.0.2.2:11008',
    '192.0.2.2:11009',
    'AES_CM_128_HMAC_SHA1_80',
  ],
  ['linphone', linphone, secure, 'RTP/SAVP 96 101', 'opus', '192.168.1.10:7078', '192.168.1.10:7079', 'AEAD_AES_128_GCM'],
  ['sipp', sipp, plain, 'RTP/AVP 8 101', 'PCMA', '127.0.0.1:6000', '127.0.0.1:6001', undefined],
  ['Asterisk', asterisk, plain, 'RTP/AVP 8 101', 'PCMA', '198.51.100.20:18012', '198.51.100.20:18013', undefined],
  [
    'a trunk of Twilio',
    twilioTrunk,
    required,
    'RTP/SAVP 0 101',
    'PCMU',
    '203.0.113.5:15266',
    '203.0.113.5:15267',
    'AES_CM_128_HMAC_SHA1_80',
  ],
  ['rtpengine', rtpengine, plain, 'RTP/AVP 0 101 13', 'PCMU', '203.0.113.80:30112', '203.0.113.80:30112', undefined],
  [
    'the same sound twice, keys wanted',
    twice,
    secure,
    'RTP/SAVP 8',
    'PCMA',
    '192.0.2.50:50000',
    '192.0.2.50:50001',
    'AES_CM_128_HMAC_SHA1_32',
  ],
  ['the same sound twice, keys unwanted', twice, plain, 'RTP/AVP 8', 'PCMA', '192.0.2.50:50002', '192.0.2.50:50003', undefined],
] as const)('what is agreed upon with %s', (_who, offer, how, media, codec, place, rtcpPlace, suite) => {
  const { sdp, agreement } = session(how).answer(offer);
  expect(linesOf(sdp)).toContain(`m=audio 20000 ${media}`);
  expect(agreement.codec).toBe(codec);
  expect(`${agreement.place?.address}:${agreement.place?.port}`).toBe(place);
  expect(`${agreement.rtcpPlace?.address}:${agreement.rtcpPlace?.port}`).toBe(rtcpPlace);
  expect(agreement.keys?.receive.suite).toBe(suite);
  expect(agreement).toMatchObject({ speaks: true, listens: true, held: false });
});

test('sections that are not wanted stay in their places with the port 0', () => {
  const media = (sdp: string) => linesOf(sdp).filter((line) => line.startsWith('m='));
  expect(media(session(secure).answer(linphone).sdp)).toEqual(['m=audio 20000 RTP/SAVP 96 101', 'm=video 0 RTP/SAVP 96']);
  expect(media(session(plain).answer(twice).sdp)).toEqual(['m=audio 0 RTP/SAVP 8', 'm=audio 20000 RTP/AVP 8']);
});

test('a key is answered with one of our own, in the same suite and under the same tag', () => {
  const { sdp, agreement } = session(secure).answer(bestEffort);
  const key = Buffer.alloc(30, 1).toString('base64');
  expect(linesOf(sdp)).toContain(`a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:${key}`);
  expect(Buffer.concat([agreement.keys?.receive.key ?? '', agreement.keys?.receive.salt ?? ''] as Buffer[]).toString('base64')).toBe(
    'd0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj',
  );
});

test('sound and reports on one port where that is offered', () => {
  const { sdp, agreement } = session().answer(rtpengine);
  expect(agreement.mux).toBe(true);
  expect(linesOf(sdp)).toEqual(expect.arrayContaining(['a=rtcp:20000', 'a=rtcp-mux']));
  expect(session().answer(asterisk).sdp).not.toContain('rtcp');
});

test('keys of a telephone are counted in the clock of the voice where they may be, else at 8 kHz', () => {
  expect(session(secure).answer(linphone).agreement).toMatchObject({ eventRateHz: 48_000, send: { voice: 96, event: 101 } });
  expect(session().answer(baresip).agreement).toMatchObject({ eventRateHz: 8000, send: { voice: 96, event: 101 } });
});

const withKey = (line: string) => twilioTrunk.replace(/a=crypto:.*\r\n/, line === '' ? '' : `a=crypto:${line}\r\n`);
const inline = 'inline:WbTBosdVUZqEb6Htqhn+m3z7wUh4RJVR8nE15GbN';

test.each([
  ['protected sound without a key', secure, withKey(''), 488, 'The offer of encrypted sound has no key (a=crypto).'],
  ['protected sound, unwanted', plain, twilioTrunk, 488, 'Encrypted sound is not wanted here.'],
  [
    'keys that anybody could read',
    { ...secure, secureSignalling: false },
    twilioTrunk,
    488,
    'Keys are not taken over signalling that is not encrypted.',
  ],
  ['plain sound where keys are required', required, asterisk, 488, 'Sound has to be encrypted here.'],
  ['an unknown suite', secure, withKey(`1 F8_128_HMAC_SHA1_80 ${inline}`), 488, 'No key of the offer can be used.'],
  ['a key of the wrong length', secure, withKey('1 AES_CM_128_HMAC_SHA1_80 inline:AAAA'), 488, 'No key of the offer can be used.'],
  ['a key with an identifier', secure, withKey(`1 AES_CM_128_HMAC_SHA1_80 ${inline}|2^20|1:4`), 488, 'No key of the offer can be used.'],
  [
    'packets that are not encrypted',
    secure,
    withKey(`1 AES_CM_128_HMAC_SHA1_80 ${inline} UNENCRYPTED_SRTP`),
    488,
    'No key of the offer can be used.',
  ],
  ['keys by DTLS', secure, browser, 488, 'Sound over UDP/TLS/RTP/SAVPF is not carried here.'],
  ['a fax', plain, faxOnly, 488, 'The offer has no sound.'],
  ['sound that is refused already', plain, asterisk.replace('18012', '0'), 488, 'The offer has no sound.'],
  ['no codec of ours', plain, asterisk.replace('9 8 0 3 101', '9 3 101'), 488, 'The offer has no codec of PCMU, PCMA, opus.'],
  [
    'a group of listeners',
    plain,
    asterisk.replace('c=IN IP4 198.51.100.20', 'c=IN IP4 239.1.1.1/127'),
    488,
    'The connection address of media section 1 is that of more than one machine.',
  ],
  ['no address', plain, asterisk.replace('c=IN IP4 198.51.100.20\r\n', ''), 400, 'Media section 1 has no connection address (c=).'],
  ['a port that is none', plain, asterisk.replace('18012', '99999'), 400, 'The port of media section 1 is no port.'],
  ['no media at all', plain, 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n', 400, 'The session description has no media section.'],
  ['no description', plain, 'hello', 400, 'The session description does not begin with v=0.'],
  ['a very long one', plain, 'v=0\r\n'.padEnd(70_000, 'x'), 400, 'The session description is longer than 64 KiB.'],
] as const)('%s is refused', (_what, how, offer, status, message) => {
  expect(refusedWith(how, offer)).toEqual(refusal(status, message));
});

test('keys in the clear are taken where that is wanted', () => {
  expect(session({ srtp: 'required', secureSignalling: false, keysInClear: true }).answer(twilioTrunk).agreement.keys).toBeDefined();
});

test.each([
  ['sendrecv', 'sendrecv', { speaks: true, listens: true, held: false }],
  ['sendonly', 'recvonly', { speaks: false, listens: true, held: false }],
  ['recvonly', 'sendonly', { speaks: true, listens: false, held: false }],
  ['inactive', 'inactive', { speaks: false, listens: false, held: true }],
])('a call that begins %s is answered %s', (offered, answered, agreement) => {
  const reply = session().answer(asterisk.replace('a=sendrecv', `a=${offered}`));
  expect(linesOf(reply.sdp)).toContain(`a=${answered}`);
  expect(reply.agreement).toMatchObject(agreement);
});

test('hold and resume: the music of a hold is not for us, and old telephones hold by an address', () => {
  const call = session();
  call.answer(asterisk);
  const held = call.answer(asterisk.replace('a=sendrecv', 'a=sendonly'));
  expect(linesOf(held.sdp)).toContain('a=recvonly');
  expect(held.agreement).toMatchObject({ held: true, speaks: false, listens: false });
  const nowhere = call.answer(asterisk.replace('c=IN IP4 198.51.100.20', 'c=IN IP4 0.0.0.0'));
  expect(linesOf(nowhere.sdp)).toContain('a=recvonly');
  expect(nowhere.agreement).toMatchObject({ held: true, speaks: false, place: undefined });
  expect(call.answer(asterisk).agreement).toMatchObject({ held: false, speaks: true, listens: true });
});

test('the version of a description grows by one with each change, and not without', () => {
  const call = session();
  expect(versionOf(call.answer(asterisk).sdp)).toBe(1);
  expect(versionOf(call.answer(asterisk).sdp)).toBe(1);
  expect(versionOf(call.answer(asterisk.replace('a=sendrecv', 'a=sendonly')).sdp)).toBe(2);
  expect(() => call.answer(faxOnly)).toThrow('no sound');
  expect(versionOf(call.answer(asterisk.replace('a=sendrecv', 'a=sendonly')).sdp)).toBe(2);
  expect(versionOf(call.answer(asterisk).sdp)).toBe(3);
});

test('another codec and another address are agreed upon in mid-call; our own key stays as long as its suite does', () => {
  const call = session(secure);
  const first = call.answer(twilioTrunk).agreement;
  const other = twilioTrunk
    .replace('RTP/SAVP 0 8', 'RTP/SAVP 8 0')
    .replace('IN IP4 203.0.113.5', 'IN IP4 203.0.113.99')
    .replace('c=IN IP4 203.0.113.5', 'c=IN IP4 203.0.113.99');
  const second = call.answer(other).agreement;
  expect(second).toMatchObject({ codec: 'PCMA', place: { address: '203.0.113.99', port: 15_266 } });
  expect(second.keys?.send).toBe(first.keys?.send);
  const third = call.answer(other.replace('AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32')).agreement;
  expect(third.keys?.send.key).not.toEqual(first.keys?.send.key);
});

test('an offer of our own, and its answer', () => {
  const call = session(required);
  const sdp = call.offer();
  expect(linesOf(sdp)).toEqual(
    expect.arrayContaining([
      'm=audio 20000 RTP/SAVP 0 8 96 101 102',
      'a=rtpmap:96 opus/48000/2',
      'a=rtpmap:101 telephone-event/8000',
      'a=rtpmap:102 telephone-event/48000',
      'a=rtcp-mux',
    ]),
  );
  expect(sdp.match(/a=crypto:/g)).toHaveLength(4);
  const far = session(secure);
  const answered = far.answer(sdp);
  const agreement = call.accept(answered.sdp);
  expect(agreement).toMatchObject({ codec: 'PCMU', mux: true, send: { voice: 0, event: 101 }, receive: { voice: 0, event: 101 } });
  expect(agreement.keys?.send.suite).toBe('AEAD_AES_256_GCM');
  expect(Buffer.from(agreement.keys?.send.key ?? '')).toEqual(Buffer.from(answered.agreement.keys?.receive.key ?? ''));
  expect(Buffer.from(agreement.keys?.receive.key ?? '')).toEqual(Buffer.from(answered.agreement.keys?.send.key ?? ''));
});

test('what answers an offer with other numbers is spoken to in them, and speaks in ours', () => {
  const call = session({ ...plain, codecs: ['opus'] });
  call.offer();
  const answer = baresip.replaceAll('96', '120').replaceAll('101', '121').replace('telephone-event/8000', 'telephone-event/48000');
  expect(call.accept(answer)).toMatchObject({ send: { voice: 120, event: 121 }, receive: { voice: 96, event: 102 } });
});

const answerOf = (profile: string, formats: string, ...more: string[]) =>
  ['v=0', 'o=- 1 1 IN IP4 192.0.2.2', 's=-', 'c=IN IP4 192.0.2.2', 't=0 0', `m=audio 9000 ${profile} ${formats}`, ...more, ''].join('\r\n');

test.each([
  ['without a key', required, answerOf('RTP/SAVP', '0'), 488],
  ['in plain', required, answerOf('RTP/AVP', '0'), 488],
  ['with a key of another suite under its tag', required, answerOf('RTP/SAVP', '0', `a=crypto:1 AES_CM_128_HMAC_SHA1_80 ${inline}`), 488],
  ['with keys that were not asked for', plain, answerOf('RTP/SAVP', '0', `a=crypto:1 AES_CM_128_HMAC_SHA1_80 ${inline}`), 488],
  ['with another codec', { ...plain, codecs: ['PCMA'] }, answerOf('RTP/AVP', '0'), 488],
  ['with no', plain, answerOf('RTP/AVP', '0').replace('9000', '0'), 488],
] as const)('an offer that is answered %s is no agreement', (_how, how, answer, status) => {
  const call = session(how);
  call.offer();
  expect(() => call.accept(answer)).toThrow(expect.objectContaining({ status }));
});

test('of the answers of several telephones that ring the latest counts', () => {
  const call = session();
  call.offer();
  call.accept(answerOf('RTP/AVP', '8'));
  expect(call.accept(answerOf('RTP/AVP', '0').replaceAll('192.0.2.2', '192.0.2.3'))).toMatchObject({
    codec: 'PCMU',
    place: { address: '192.0.2.3', port: 9000 },
  });
});

test('an answer to nothing is refused', () => {
  const call = session();
  call.answer(asterisk);
  expect(() => call.accept(answerOf('RTP/AVP', '0'))).toThrow('Nothing was offered');
});

test('an offer in mid-call keeps numbers, sections, keys and version', () => {
  const call = session(secure);
  const { sdp, agreement } = call.answer(linphone);
  const again = call.offer();
  expect(linesOf(again).filter((line) => line.startsWith('m='))).toEqual(
    ['m=audio 20000 RTP/SAVP 96 0 8 101', 'm=video 0 RTP/SAVP 96'].map((line) => expect.stringContaining(line.slice(0, 30))),
  );
  expect(again).toContain('a=rtpmap:96 opus/48000/2');
  expect(again).toContain(
    `inline:${Buffer.concat([agreement.keys?.send.key ?? '', agreement.keys?.send.salt ?? ''] as Buffer[]).toString('base64')}`,
  );
  expect(versionOf(again)).toBe(versionOf(sdp) + 1);
  expect(call.offer()).toBe(again);
});

test('keys that came with a profile of plain sound are offered and answered with it', () => {
  const call = session(secure);
  const { agreement } = call.answer(bestEffort);
  const again = call.offer();
  expect(again).toContain('m=audio 20000 RTP/AVP 0 ');
  expect(again.match(/a=crypto:/g)).toHaveLength(1);
  const key = `a=crypto:1 AES_CM_128_HMAC_SHA1_80 ${inline}`;
  expect(call.accept(answerOf('RTP/AVP', '0', key)).keys?.send.key).toBe(agreement.keys?.send.key);
  call.offer();
  expect(() => call.accept(answerOf('RTP/AVP', '0'))).toThrow('does not protect');
});

test('addresses of version 6 are read in every spelling and written as what they are', () => {
  const call = new SdpSession({ address: '2001:db8::1', port: 20_000, rtcpPort: 20_001 }, plain, {
    random: (n) => new Uint8Array(n),
    id: 1,
  });
  const { sdp, agreement } = call.answer(asterisk.replaceAll('IN IP4 198.51.100.20', 'IN IP6 2001:DB8:0:0::0:7'));
  expect(agreement.place).toEqual({ address: '2001:db8::7', port: 18_012 });
  expect(sdp).toContain('c=IN IP6 2001:db8::1\r\n');
});

test('a name instead of an address is answered, and packets show where it is', () => {
  expect(session().answer(asterisk.replace('c=IN IP4 198.51.100.20', 'c=IN IP4 media.example.com')).agreement.place).toBeUndefined();
});
