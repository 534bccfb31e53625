// WAVE files as people and programs really write them.
import { expect, test } from 'vitest';
import { encodeALaw, encodeMuLaw } from '../../src/media/g711.ts';
import { readWav, writeWav } from '../../src/media/wav.ts';

interface Shape {
  readonly tag: number;
  readonly bits: number;
  readonly channels?: number;
  readonly rateHz?: number;
  readonly dataSize?: number;
  readonly extensible?: boolean;
  readonly before?: readonly (readonly [string, Uint8Array])[];
}

function wav(data: Uint8Array, { tag, bits, channels = 1, rateHz = 16_000, dataSize, extensible = false, before = [] }: Shape): Uint8Array {
  const format = new Uint8Array(extensible ? 40 : 16);
  const view = new DataView(format.buffer);
  view.setUint16(0, extensible ? 0xfffe : tag, true);
  view.setUint16(2, channels, true);
  view.setUint32(4, rateHz, true);
  view.setUint16(14, bits, true);
  if (extensible) view.setUint16(24, tag, true);
  const chunk = (id: string, body: Uint8Array, size = body.length) => [Buffer.from(id), u32(size), body, new Uint8Array(body.length & 1)];
  const body = Buffer.concat([
    ...before.flatMap(([id, bytes]) => chunk(id, bytes)),
    ...chunk('fmt ', format),
    ...chunk('data', data, dataSize ?? data.length),
  ]);
  return Buffer.concat([Buffer.from('RIFF'), u32(body.length + 4), Buffer.from('WAVE'), body]);
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

const samples = Int16Array.of(0, 1000, -1000, 32_767, -32_768);
const bytes16 = new Uint8Array(samples.buffer);

test('what is written is read back', () => {
  const file = writeWav({ samples, rateHz: 24_000 });
  expect(file).toHaveLength(54);
  expect(readWav(file)).toEqual({ samples, rateHz: 24_000 });
});

test('8, 24 and 32 bits and 32-bit float are read in the range of 16 bits', () => {
  expect([...readWav(wav(Uint8Array.of(128, 0, 255), { tag: 1, bits: 8 })).samples]).toEqual([0, -32_768, 32_512]);
  const wide = Buffer.concat([...samples].map((sample) => Buffer.of(0, sample & 0xff, (sample >> 8) & 0xff)));
  expect(readWav(wav(wide, { tag: 1, bits: 24 })).samples).toEqual(samples);
  expect(readWav(wav(new Uint8Array(Int32Array.from(samples, (s) => s * 65_536).buffer), { tag: 1, bits: 32 })).samples).toEqual(samples);
  const floats = new Uint8Array(Float32Array.of(0, 0.5, -1, 1, 3, Number.NaN).buffer);
  expect([...readWav(wav(floats, { tag: 3, bits: 32 })).samples]).toEqual([0, 16_384, -32_768, 32_767, 32_767, 0]);
});

test('mu-law and A-law are decoded', () => {
  expect([...readWav(wav(encodeMuLaw(Int16Array.of(0, 8, -8)), { tag: 7, bits: 8, rateHz: 8000 })).samples]).toEqual([0, 8, -8]);
  expect([...readWav(wav(encodeALaw(Int16Array.of(8, 24, -24)), { tag: 6, bits: 8, rateHz: 8000 })).samples]).toEqual([8, 24, -24]);
});

test('the extensible format is read by its sub-format', () => {
  expect(readWav(wav(bytes16, { tag: 1, bits: 16, extensible: true })).samples).toEqual(samples);
});

test('several channels are mixed down', () => {
  const stereo = new Uint8Array(Int16Array.of(1000, 3000, -5, -7, 32_767, 32_767).buffer);
  expect([...readWav(wav(stereo, { tag: 1, bits: 16, channels: 2 })).samples]).toEqual([2000, -6, 32_767]);
});

test('chunks that are not known, of odd size too, are passed over', () => {
  const before = [
    ['LIST', Uint8Array.of(1, 2, 3)],
    ['bext', new Uint8Array(10)],
  ] as const;
  expect(readWav(wav(bytes16, { tag: 1, bits: 16, before })).samples).toEqual(samples);
});

test.each([0, 0xffff_ffff, 4000])('a data size of %i means: to the end', (dataSize) => {
  expect(readWav(wav(bytes16, { tag: 1, bits: 16, dataSize })).samples).toEqual(samples);
});

test('bytes that lie on an odd address are read as well', () => {
  const file = wav(bytes16, { tag: 1, bits: 16 });
  const shifted = new Uint8Array(file.length + 1);
  shifted.set(file, 1);
  expect(readWav(shifted.subarray(1)).samples).toEqual(samples);
});

test('what is not a WAVE file, or holds a format we do not know, is refused with the reason', () => {
  expect(() => readWav(new Uint8Array(3))).toThrow('not a WAVE file');
  expect(() => readWav(Buffer.from('this is some text, no sound'))).toThrow('not a WAVE file');
  expect(() => readWav(wav(bytes16, { tag: 85, bits: 0 }))).toThrow('format 85');
  expect(() => readWav(wav(bytes16, { tag: 1, bits: 16 }).subarray(0, 36))).toThrow('without sound');
  expect(() => readWav(wav(bytes16, { tag: 1, bits: 16 }).subarray(0, 24))).toThrow('broken format');
});
