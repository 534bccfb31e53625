// Packets of RTP and RTCP, read strictly and written, and the figures of what came.
import { expect, test } from 'vitest';
import { isRtcp, readRtp, writeRtp } from '../../../src/transports/rtp/packet.ts';
import { Reception } from '../../../src/transports/rtp/reception.ts';
import { ntpMiddle, readRtcp, writeReport } from '../../../src/transports/rtp/rtcp.ts';

const header = { payloadType: 8, marker: true, sequenceNumber: 65_535, timestamp: 0xffff_fff0, ssrc: 0x8000_0001 };
const head = [0x80, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0, 0x80, 0, 0, 1];

test('a packet is written as the standard has it, and read again', () => {
  const bytes = writeRtp(header, Uint8Array.of(1, 2, 3));
  expect([...bytes]).toEqual([...head, 1, 2, 3]);
  expect(readRtp(bytes)).toEqual({ ...header, payload: Uint8Array.of(1, 2, 3) });
});

test.each([
  ['contributing sources', [0x82, ...head.slice(1), 1, 1, 1, 1, 2, 2, 2, 2, 9]],
  ['an extension', [0x90, ...head.slice(1), 0xbe, 0xde, 0, 1, 5, 5, 5, 5, 9]],
  ['padding', [0xa0, ...head.slice(1), 9, 0, 0, 3]],
  ['all of them', [0xb1, ...head.slice(1), 1, 1, 1, 1, 0, 0, 0, 0, 9, 1]],
])('the payload of a packet with %s is what is left', (_what, bytes) => {
  expect(readRtp(Uint8Array.from(bytes))?.payload).toEqual(Uint8Array.of(9));
});

test.each([
  ['nothing', []],
  ['a short header', head.slice(0, 11)],
  ['another version', [0x40, ...head.slice(1)]],
  ['sources that are not there', [0x8f, ...head.slice(1)]],
  ['an extension that is not there', [0x90, ...head.slice(1), 0, 0, 0]],
  ['an extension longer than the packet', [0x90, ...head.slice(1), 0, 0, 0xff, 0xff, 1]],
  ['more padding than payload', [0xa0, ...head.slice(1), 9, 3]],
  ['padding of nothing', [0xa0, ...head.slice(1), 9, 0]],
])('%s is no packet', (_what, bytes) => {
  expect(readRtp(Uint8Array.from(bytes))).toBeUndefined();
});

const block = {
  ssrc: 7,
  fractionLost: 25,
  lost: -3,
  highestSequence: 0x1_0005,
  jitter: 40,
  lastReport: 0xdead_beef,
  sinceLastReport: 65_536,
};
const sent = { wallMs: 1_700_000_000_500, timestamp: 12_345, packets: 5, octets: 800 };

test('reports are written as compound packets, and read again', () => {
  const bytes = writeReport({ ssrc: 1, name: 'abc', sent, blocks: [block], goodbye: true });
  expect(bytes.length % 4).toBe(0);
  expect(isRtcp(bytes)).toBe(true);
  expect(readRtcp(bytes)).toEqual([
    { kind: 'sender-report', ssrc: 1, ntpMiddle: ntpMiddle(sent.wallMs), blocks: [block] },
    { kind: 'other', type: 202 },
    { kind: 'goodbye', ssrcs: [1] },
  ]);
  const [first] = readRtcp(writeReport({ ssrc: 1, name: 'abc', sent: undefined, blocks: [] })) ?? [];
  expect(first).toEqual({ kind: 'receiver-report', ssrc: 1, blocks: [] });
});

test('the name ends on an even word with at least one zero, whatever its length', () => {
  for (let length = 0; length < 12; length++) {
    const bytes = writeReport({ ssrc: 1, name: 'x'.repeat(length), sent: undefined, blocks: [] });
    expect(bytes.length % 4).toBe(0);
    expect(bytes.at(-1)).toBe(0);
    expect(readRtcp(bytes)).toHaveLength(2);
  }
});

test('the time of a report counts from 1900, and its middle is in 65,536ths of a second', () => {
  const bytes = writeReport({ ssrc: 1, name: '', sent, blocks: [] });
  const view = new DataView(bytes.buffer);
  expect(view.getUint32(8)).toBe(1_700_000_000 + 2_208_988_800);
  expect(view.getUint32(12)).toBe(2 ** 31);
  expect(ntpMiddle(sent.wallMs)).toBe((((1_700_000_000 + 2_208_988_800) & 0xffff) * 65_536 + 32_768) >>> 0);
});

test.each([
  ['nothing', []],
  ['a goodbye first', [0x81, 203, 0, 1, 0, 0, 0, 1]],
  ['another version', [0x40, 201, 0, 1, 0, 0, 0, 1]],
  ['more blocks than there are', [0x82, 201, 0, 1, 0, 0, 0, 1]],
  ['a length beyond its end', [0x80, 201, 0, 9, 0, 0, 0, 1]],
  ['a part of a head behind it', [0x80, 201, 0, 1, 0, 0, 0, 1, 0x80]],
  ['a short sender report', [0x80, 200, 0, 1, 0, 0, 0, 1]],
  ['padding before its end', [0xa0, 201, 0, 1, 0, 0, 0, 4, 0x80, 201, 0, 1, 0, 0, 0, 1]],
])('%s is no report', (_what, bytes) => {
  expect(readRtcp(Uint8Array.from(bytes))).toBeUndefined();
});

test('losses are counted over a change of round, packets that come twice against them, and each report tells of its own time', () => {
  const reception = new Reception(7, 65_534, 8000);
  for (const n of [65_534, 65_535, 0, 2, 3]) reception.take(n, n * 160, 0, true);
  expect(reception.lost).toBe(1);
  expect(reception.block(0)).toMatchObject({ ssrc: 7, lost: 1, fractionLost: Math.floor(256 / 6), highestSequence: 65_536 + 3 });
  for (const n of [4, 5, 5, 5]) reception.take(n, n * 160, 0, true);
  expect(reception.block(0)).toMatchObject({ lost: -1, fractionLost: 0 });
});

test('jitter is nothing on an even network, and near what packets differ by on another', () => {
  const even = new Reception(7, 0, 8000);
  for (let n = 0; n < 500; n++) even.take(n, n * 160, n * 20, true);
  expect(even.jitterMs).toBeLessThan(0.01);
  const uneven = new Reception(7, 0, 8000);
  for (let n = 0; n < 500; n++) uneven.take(n, n * 160, n * 20 + (n % 2) * 10, true);
  expect(uneven.jitterMs).toBeGreaterThan(9);
  expect(uneven.jitterMs).toBeLessThan(11);
  // A far side that counts anew has no jitter of hours.
  uneven.take(500, 0x8000_0000, 10_000, true);
  expect(uneven.jitterMs).toBeLessThan(11);
});

test('a report tells when the far side was heard to report last', () => {
  const reception = new Reception(7, 1, 8000);
  expect(reception.block(1000)).toMatchObject({ lastReport: 0, sinceLastReport: 0 });
  reception.heard(0xabcd, 1000);
  expect(reception.block(1500)).toMatchObject({ lastReport: 0xabcd, sinceLastReport: 32_768 });
});
