// SRTP: the vectors of RFC 3711 and RFC 7714, werift as a second opinion, and what must not be opened.
import { SrtcpSession, SrtpSession } from 'werift';
import { expect, test } from 'vitest';
import { writeRtp } from '../../../src/transports/rtp/packet.ts';
import { writeReport } from '../../../src/transports/rtp/rtcp.ts';
import { SrtpReceiver, SrtpSender } from '../../../src/transports/rtp/srtp.ts';
import {
  createTransform,
  deriveKeys,
  type MasterKey,
  masterLengths,
  type Suite,
  suites,
} from '../../../src/transports/rtp/srtp-transform.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const toHex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');

const bytes = (length: number, seed: number) => Uint8Array.from({ length }, (_, i) => (i * 37 + seed * 101 + 11) & 0xff);

function master(suite: Suite, seed = 1): MasterKey {
  const { key, salt } = masterLengths(suite);
  return { suite, key: bytes(key, seed), salt: bytes(salt, seed + 1) };
}

const packet = (sequenceNumber: number, payload = bytes(160, 3), ssrc = 0xcafe_babe) =>
  writeRtp(
    { payloadType: 0, marker: false, sequenceNumber: sequenceNumber & 0xffff, timestamp: (sequenceNumber * 160) >>> 0, ssrc },
    payload,
  );

const report = () => writeReport({ ssrc: 0xcafe_babe, name: 'somebody', sent: undefined, blocks: [] });

test('RFC 3711, B.3: session keys come from the master key', () => {
  const { rtp } = deriveKeys({
    suite: 'AES_CM_128_HMAC_SHA1_80',
    key: hex('E1F97A0D3E018BE0D64FA32C06DE4139'),
    salt: hex('0EC675AD498AFEEBB6960B3AABE6'),
  });
  expect(toHex(rtp.key)).toBe('c61e7a93744f39ee10734afe3ff7a087');
  expect(toHex(rtp.salt)).toBe('30cbbc08863d8c85d49db34a9ae1');
  expect(toHex(rtp.authentication)).toBe('cebe321f6ff7716b6fd4ab49af256a156d38baa4');
});

test('RFC 3711, B.2: the key stream of AES in counter mode', () => {
  const transform = createTransform('AES_CM_128_HMAC_SHA1_80', 'rtp', {
    key: hex('2B7E151628AED2A6ABF7158809CF4F3C'),
    salt: hex('F0F1F2F3F4F5F6F7F8F9FAFBFCFD'),
    authentication: bytes(20, 1),
  });
  const sealed = transform.seal(new Uint8Array(48), 0, 0, 0);
  expect(toHex(sealed.subarray(0, 48))).toBe(
    toHex(hex('E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0')),
  );
});

test('a packet that others made with the keys of RFC 3711 is opened, and made the same', () => {
  const key: MasterKey = {
    suite: 'AES_CM_128_HMAC_SHA1_80',
    key: hex('E1F97A0D3E018BE0D64FA32C06DE4139'),
    salt: hex('0EC675AD498AFEEBB6960B3AABE6'),
  };
  const plain = hex('800f1234decafbadcafebabe abababababababababababababababab');
  const sealed = hex('800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb');
  expect(toHex(new SrtpSender(key).seal(plain))).toBe(toHex(sealed));
  expect(toHex(new SrtpReceiver(key).open(sealed))).toBe(toHex(plain));
});

const rtp7714 = hex('8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573');
const rtcp7714 = hex('81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef');
const gcmKey = (length: number) => ({
  key: Uint8Array.from({ length }, (_, i) => i),
  salt: hex('517569642070726f2071756f'),
  authentication: new Uint8Array(0),
});

test.each([
  [
    'AEAD_AES_128_GCM',
    16,
    'f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce',
    '63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4',
  ],
  [
    'AEAD_AES_256_GCM',
    32,
    '32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13',
    'd50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4',
  ],
] as const)('RFC 7714, 16 and 17: packets and reports of %s', (suite, keyBytes, sealedRtp, sealedRtcp) => {
  const rtp = createTransform(suite, 'rtp', gcmKey(keyBytes));
  const sealed = rtp.seal(rtp7714, 12, 0x5501_a0b2, 0xf17b);
  expect(toHex(sealed.subarray(12))).toBe(sealedRtp);
  expect(toHex(rtp.open(sealed, 12, 0x5501_a0b2, 0xf17b))).toBe(toHex(rtp7714));
  const rtcp = createTransform(suite, 'rtcp', gcmKey(keyBytes));
  const sealedReport = rtcp.seal(rtcp7714, 8, 0x4d61_7273, 0x5d4, hex('800005d4'));
  expect(toHex(sealedReport.subarray(8))).toBe(sealedRtcp);
  expect(toHex(rtcp.open(sealedReport, 8, 0x4d61_7273, 0x5d4, sealedReport.length - 4))).toBe(toHex(rtcp7714));
});

test.each([
  ['AES_CM_128_HMAC_SHA1_80', 1],
  ['AEAD_AES_128_GCM', 7],
] as const)('%s: werift opens what is sealed here and seals what is opened here, over a change of round', (suite, profile) => {
  const [ours, theirs] = [master(suite, 1), master(suite, 5)];
  const keys = {
    localMasterKey: Buffer.from(theirs.key),
    localMasterSalt: Buffer.from(theirs.salt),
    remoteMasterKey: Buffer.from(ours.key),
    remoteMasterSalt: Buffer.from(ours.salt),
  };
  const [sender, receiver] = [new SrtpSender(ours), new SrtpReceiver(theirs)];
  const [far, farReports] = [new SrtpSession({ keys, profile }), new SrtcpSession({ keys, profile })];
  for (let n = 65_400; n < 65_700; n++) {
    expect(far.decrypt(Buffer.from(sender.seal(packet(n)))).subarray(12)).toEqual(Buffer.from(bytes(160, 3)));
    const header = { sequenceNumber: n & 0xffff, timestamp: n * 160, ssrc: 77, payloadType: 0, marker: false, serializeSize: 12 };
    const plain = packet(n, bytes(160, 9), 77);
    const sealed = far.encrypt(Buffer.from(plain.subarray(12)), {
      ...header,
      serialize: () => Buffer.from(plain.subarray(0, 12)),
    } as never);
    expect(toHex(receiver.open(sealed))).toBe(toHex(plain));
  }
  for (let n = 0; n < 10; n++) {
    expect(toHex(farReports.decrypt(Buffer.from(sender.sealRtcp(report()))))).toBe(toHex(report()));
    expect(toHex(receiver.openRtcp(farReports.encrypt(Buffer.from(report()))))).toBe(toHex(report()));
  }
});

test.each(suites)('%s: what is sealed is opened once, in any order within 64 packets, over changes of round', (suite) => {
  const key = master(suite);
  const [sender, receiver] = [new SrtpSender(key), new SrtpReceiver(key)];
  const sealed = Array.from({ length: 400 }, (_, n) => sender.seal(packet(65_300 + n)));
  for (let at = 0; at + 8 <= sealed.length; at += 8) {
    for (const i of [3, 0, 1, 7, 2, 6, 5, 4]) {
      expect(toHex(receiver.open(sealed[at + i] as Uint8Array))).toBe(toHex(packet(65_300 + at + i)));
      expect(receiver.open(sealed[at + i] as Uint8Array)).toBeUndefined();
    }
  }
  expect(receiver.open(sealed[300] as Uint8Array)).toBeUndefined();
});

test.each(suites)('%s: a packet 63 behind the newest is opened, one 64 behind is not', (suite) => {
  const key = master(suite);
  const [sender, receiver] = [new SrtpSender(key), new SrtpReceiver(key)];
  const sealed = Array.from({ length: 66 }, (_, n) => sender.seal(packet(n)));
  expect(receiver.open(sealed[65] as Uint8Array)).toBeDefined();
  expect(receiver.open(sealed[1] as Uint8Array)).toBeUndefined();
  expect(receiver.open(sealed[2] as Uint8Array)).toBeDefined();
});

test.each(suites)('%s: what was changed anywhere is not opened, and what follows it is', (suite) => {
  const key = master(suite);
  const [sender, receiver] = [new SrtpSender(key), new SrtpReceiver(key)];
  const sealed = sender.seal(packet(1));
  for (let at = 0; at < sealed.length; at += 5) {
    const changed = sealed.slice();
    changed[at] = (changed[at] as number) ^ 1;
    expect(receiver.open(changed)).toBeUndefined();
  }
  expect(receiver.open(sealed.subarray(0, -1))).toBeUndefined();
  expect(receiver.open(sealed.subarray(0, 12))).toBeUndefined();
  expect(receiver.open(sealed)).toBeDefined();
  const sealedReport = sender.sealRtcp(report());
  for (let at = 4; at < sealedReport.length; at += 3) {
    const changed = sealedReport.slice();
    changed[at] = (changed[at] as number) ^ 1;
    expect(receiver.openRtcp(changed)).toBeUndefined();
  }
  expect(toHex(receiver.openRtcp(sealedReport))).toBe(toHex(report()));
  expect(receiver.openRtcp(sealedReport)).toBeUndefined();
});

test('another key opens nothing', () => {
  const sealed = new SrtpSender(master('AES_CM_128_HMAC_SHA1_80', 1)).seal(packet(1));
  expect(new SrtpReceiver(master('AES_CM_128_HMAC_SHA1_80', 2)).open(sealed)).toBeUndefined();
});

test('only packets of sound have the short tag', () => {
  const key = master('AES_CM_128_HMAC_SHA1_32');
  expect(new SrtpSender(key).seal(packet(1))).toHaveLength(packet(1).length + 4);
  expect(new SrtpSender(key).sealRtcp(report())).toHaveLength(report().length + 4 + 10);
});

test('a header with sources and an extension stays readable, and is protected', () => {
  const key = master('AEAD_AES_128_GCM');
  const plain = Uint8Array.from([0x92, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7, ...bytes(8, 1), 0xbe, 0xde, 0, 1, ...bytes(4, 2), ...bytes(20, 3)]);
  const sealed = new SrtpSender(key).seal(plain);
  expect(toHex(sealed.subarray(0, 28))).toBe(toHex(plain.subarray(0, 28)));
  const changed = sealed.slice();
  changed[25] = 99;
  const receiver = new SrtpReceiver(key);
  expect(receiver.open(changed)).toBeUndefined();
  expect(toHex(receiver.open(sealed))).toBe(toHex(plain));
});

test('of very many streams only the latest are remembered', () => {
  const key = master('AES_CM_128_HMAC_SHA1_80');
  const receiver = new SrtpReceiver(key);
  for (let ssrc = 1; ssrc <= 50; ssrc++) expect(receiver.open(new SrtpSender(key).seal(packet(1, bytes(10, 1), ssrc)))).toBeDefined();
  expect(receiver.open(new SrtpSender(key).seal(packet(1, bytes(10, 1), 50)))).toBeUndefined();
});
