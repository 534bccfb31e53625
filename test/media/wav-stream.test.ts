// Sound that comes in pieces cut anywhere: of a WAVE file, and of bare samples.
import { expect, test } from 'vitest';
import { concat, SampleStream, toBytes } from '../../src/media/pcm.ts';
import { WavStream } from '../../src/media/wav-stream.ts';
import { wavHeader, writeStereoWav, writeWav } from '../../src/media/wav.ts';

const samples = Int16Array.from({ length: 1000 }, (_, i) => i * 7 - 3000);

function inPieces(file: Uint8Array, length: number): { samples: Int16Array; rates: Set<number> } {
  const stream = new WavStream();
  const heard: Int16Array[] = [];
  const rates = new Set<number>();
  for (let at = 0; at < file.length; at += length) {
    const pcm = stream.push(file.subarray(at, at + length));
    if (!pcm) continue;
    heard.push(pcm.samples);
    rates.add(pcm.rateHz);
  }
  return { samples: concat(heard), rates };
}

test('a WAVE file is the same sound however it is cut', () => {
  const file = writeWav({ samples, rateHz: 22_050 });
  for (const length of [1, 7, 43, 44, 45, 333, 10_000]) {
    const heard = inPieces(file, length);
    expect(heard.samples).toEqual(samples);
    expect([...heard.rates]).toEqual([22_050]);
  }
});

test('a header that does not know the length means: to the end', () => {
  const file = Buffer.concat([wavHeader({ rateHz: 24_000, channels: 1 }), toBytes(samples)]);
  expect(inPieces(file, 101).samples).toEqual(samples);
});

test('two channels are mixed down, and a piece may end between them', () => {
  const file = writeStereoWav(samples, new Int16Array(samples.length), 16_000);
  expect(inPieces(file, 37).samples).toEqual(samples.map((sample) => Math.round(sample / 2)));
});

test('what follows the sound is not heard', () => {
  const file = Buffer.concat([writeWav({ samples, rateHz: 16_000 }), Buffer.from('LIST\x04\x00\x00\x00abcd')]);
  expect(inPieces(file, 64).samples).toEqual(samples);
});

test('a file that is none is told at its first bytes, and one without sound before it fills the memory', () => {
  expect(() => new WavStream().push(Buffer.from('ID3 and so on '))).toThrow('not a WAVE file');
  const endless = new WavStream();
  const list = Buffer.concat([Buffer.from('RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00'), Buffer.alloc(70_000)]);
  expect(() => endless.push(list)).toThrow('without sound');
});

test('bare samples come whole out of bytes that are cut anywhere', () => {
  const bytes = toBytes(samples);
  for (const length of [1, 3, 5, 100, 101]) {
    const stream = new SampleStream();
    const heard: Int16Array[] = [];
    for (let at = 0; at < bytes.length; at += length) heard.push(stream.push(bytes.subarray(at, at + length)));
    expect(concat(heard)).toEqual(samples);
  }
});
