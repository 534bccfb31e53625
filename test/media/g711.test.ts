// G.711 against the values of the recommendation and against itself.
import { expect, test } from 'vitest';
import { decodeALaw, decodeMuLaw, encodeALaw, encodeMuLaw } from '../../src/media/g711.ts';

const allBytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);

test('mu-law has the known points: silence, the two ends and the smallest steps', () => {
  expect([...decodeMuLaw(Uint8Array.of(0xff, 0x7f, 0x00, 0x80, 0xfe, 0x7e, 0x8f, 0x0f))]).toEqual([
    0, 0, -32_124, 32_124, 8, -8, 16_764, -16_764,
  ]);
  expect([...encodeMuLaw(Int16Array.of(0, 32_767, -32_768, 8, -8))]).toEqual([0xff, 0x80, 0x00, 0xfe, 0x7e]);
});

test('A-law has the known points: the smallest steps and the two ends', () => {
  expect([...decodeALaw(Uint8Array.of(0xd5, 0x55, 0xaa, 0x2a, 0xd4, 0x54))]).toEqual([8, -8, 32_256, -32_256, 24, -24]);
  expect([...encodeALaw(Int16Array.of(0, -1, 32_767, -32_768, 24, -24))]).toEqual([0xd5, 0x55, 0xaa, 0x2a, 0xd4, 0x54]);
});

test('every byte survives decoding and encoding again', () => {
  expect(encodeALaw(decodeALaw(allBytes))).toEqual(allBytes);
  // Mu-law has two zeros; minus zero comes back as zero.
  expect(encodeMuLaw(decodeMuLaw(allBytes))).toEqual(allBytes.map((byte) => (byte === 0x7f ? 0xff : byte)));
});

test.each([
  ['mu-law', encodeMuLaw, decodeMuLaw, 4, 32_124],
  ['A-law', encodeALaw, decodeALaw, 8, 32_256],
] as const)('%s keeps every sample within half of its step', (_, encode, decode, smallest, top) => {
  const samples = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
  const back = decode(encode(samples));
  const bad = samples.filter((sample, i) => {
    const allowed = smallest + (Math.abs(sample) + 132) / 32 + Math.max(0, Math.abs(sample) - top);
    return Math.abs(sample - (back[i] as number)) > allowed;
  });
  expect([...bad]).toEqual([]);
});

test('a louder sample never becomes a quieter one', () => {
  const rising = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
  for (const back of [decodeMuLaw(encodeMuLaw(rising)), decodeALaw(encodeALaw(rising))]) {
    expect(back.every((sample, i) => i === 0 || sample >= (back[i - 1] as number))).toBe(true);
  }
});
