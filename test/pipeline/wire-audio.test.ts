// Bytes of the wire to samples and back.
import { describe, expect, test } from 'vitest';
import { decodeALaw, decodeMuLaw } from '../../src/media/g711.ts';
import { concat, toBytes } from '../../src/media/pcm.ts';
import { encodeWire, WireDecoder, wireMs } from '../../src/pipeline/wire-audio.ts';
import type { AudioFormat } from '../../src/protocol/audio-format.ts';
import { noise } from '../rig.ts';

const pcm: AudioFormat = { type: 'audio/pcm', rate: 24_000 };
const mu: AudioFormat = { type: 'audio/pcmu' };
const a: AudioFormat = { type: 'audio/pcma' };

function decoded(format: AudioFormat, bytes: Uint8Array, step: number): Int16Array {
  const decoder = new WireDecoder(format);
  const pieces: Int16Array[] = [];
  for (let at = 0; at < bytes.length; at += step) pieces.push(decoder.decode(bytes.subarray(at, at + step)).slice());
  return concat(pieces);
}

describe('PCM', () => {
  test('C08: comes out whole whatever the bytes were cut into', () => {
    const samples = noise(10);
    for (const step of [1, 2, 3, 7, 64, 319, 320]) expect(decoded(pcm, toBytes(samples), step), `${step} bytes`).toEqual(samples);
  });

  test('is read from bytes at an odd address', () => {
    const samples = noise(5);
    const shifted = new Uint8Array(samples.byteLength + 1);
    shifted.set(toBytes(samples), 1);
    expect(new WireDecoder(pcm).decode(shifted.subarray(1))).toEqual(samples);
  });

  test('C08: keeps a last odd byte back, and nothing comes of nothing', () => {
    const decoder = new WireDecoder(pcm);
    expect(decoder.decode(Uint8Array.of(1))).toHaveLength(0);
    expect(decoder.decode(new Uint8Array(0))).toHaveLength(0);
    expect(decoder.decode(Uint8Array.of(2, 3))).toEqual(Int16Array.of(0x0201));
    expect(decoder.decode(Uint8Array.of(4))).toEqual(Int16Array.of(0x0403));
  });
});

describe('G.711', () => {
  test('has one sample in a byte, by the law of its name, however it is cut', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    expect(decoded(mu, bytes, 7)).toEqual(decodeMuLaw(bytes));
    expect(decoded(a, bytes, 7)).toEqual(decodeALaw(bytes));
    expect(decoded(mu, bytes, 7)).not.toEqual(decoded(a, bytes, 7));
  });

  test('is close to itself after a way there and back', () => {
    const samples = noise(20);
    for (const format of [mu, a]) {
      const back = new WireDecoder(format).decode(encodeWire(format, samples));
      for (const [index, sample] of samples.entries())
        expect(Math.abs((back[index] ?? 0) - sample)).toBeLessThan(Math.abs(sample) / 16 + 16);
    }
  });
});

test('a duration is told by bytes and format', () => {
  expect(wireMs(pcm, 48_000)).toBe(1000);
  expect(wireMs({ type: 'audio/pcm', rate: 44_100 }, 88_200)).toBe(1000);
  expect(wireMs(mu, 8000)).toBe(1000);
  expect(wireMs(a, 80)).toBe(10);
  expect(wireMs(pcm, encodeWire(pcm, noise(100, 24_000)).length)).toBe(100);
});
