// WebM and Matroska give up their Opus packets; and files are told from samples by their first bytes.
import { describe, expect, it } from 'vitest';
import { looksLikeContainer } from '../../src/media/containers.ts';
import { readWebmOpus } from '../../src/media/webm-file.ts';
import { writeWav } from '../../src/media/wav.ts';
import { element, oggOpus, opusHead, opusTrackEntry, simpleBlock, webmOpus } from './muxers.ts';

const most = 600_000;
const packets = Array.from({ length: 7 }, (_, i) => Uint8Array.of(0x98, i, i, i));
const bytesOf = (list: readonly Uint8Array[]) => list.map((bytes) => [...bytes]);
const segment = (...parts: Uint8Array[]) => element(0x18538067, parts);
const tracks = (...entries: Uint8Array[]) => element(0x1654ae6b, entries);
const cluster = (...blocks: Uint8Array[]) => element(0x1f43b675, blocks);

/** None when the file is refused for want of them. */
function packetsOf(file: Uint8Array): readonly Uint8Array[] {
  try {
    return readWebmOpus(file, most).packets;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('a WebM file without')) return [];
    throw error;
  }
}

describe('a WebM file with Opus', () => {
  it('gives its packets in order and what its header says, though the browser knew no sizes when it wrote', () => {
    const track = readWebmOpus(webmOpus(packets, { preSkip: 312 }), most);
    expect(bytesOf(track.packets)).toEqual(bytesOf(packets));
    expect(track).toMatchObject({ preSkip: 312, gain: 0, padding: 0 });
  });

  it('passes other tracks by, and reads blocks in groups with the padding of the last', () => {
    const video = element(0xae, [element(0xd7, Uint8Array.of(1)), element(0x86, Buffer.from('V_VP8'))]);
    const group = (packet: Uint8Array, discardNs?: number[]) =>
      element(0xa0, [
        element(0xa1, [Uint8Array.of(0x82, 0, 0, 0), packet]),
        ...(discardNs ? [element(0x75a2, Uint8Array.from(discardNs))] : []),
      ]);
    const file = segment(
      tracks(video, opusTrackEntry(2, opusHead())),
      cluster(simpleBlock(1, Uint8Array.of(0x98, 99)), group(Uint8Array.of(0x98, 1)), simpleBlock(2, Uint8Array.of(0x98, 2))),
      // 10,000,000 ns are 480 samples.
      cluster(group(Uint8Array.of(0x98, 3), [0x00, 0x98, 0x96, 0x80])),
    );
    const track = readWebmOpus(file, most);
    expect(bytesOf(track.packets)).toEqual([
      [0x98, 1],
      [0x98, 2],
      [0x98, 3],
    ]);
    expect(track.padding).toBe(480);
  });

  it('gives what is there of a file that breaks off, at whatever byte', () => {
    const whole = webmOpus(packets);
    const counts = Array.from(whole, (_, length) => {
      const found = packetsOf(whole.subarray(0, length));
      expect(bytesOf(found)).toEqual(bytesOf(packets.slice(0, found.length)));
      return found.length;
    });
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts.at(-1)).toBe(6);
  });

  it('refuses with the reason: no Opus, no sound, laced blocks, an element without end, too long', () => {
    const opus = tracks(opusTrackEntry(1, opusHead()));
    const refusal =
      (...parts: Uint8Array[]) =>
      () =>
        readWebmOpus(segment(...parts), most);
    expect(refusal(cluster(simpleBlock(1, Uint8Array.of(0x98))))).toThrow('without Opus');
    expect(refusal(opus)).toThrow('without sound');
    expect(refusal(opus, cluster(simpleBlock(1, Uint8Array.of(0x98, 1), 0x82)))).toThrow('several packets');
    expect(refusal(opus, element(0xec, [], Uint8Array.of(0xff)))).toThrow('without end');
    expect(() => readWebmOpus(webmOpus(packets), 139)).toThrow('longer than');
    expect(() => readWebmOpus(Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, 0x00, 0x00), most)).toThrow('without Opus');
  });
});

describe('the first bytes', () => {
  it('tell files from samples', () => {
    expect(looksLikeContainer(oggOpus(packets))).toBe('ogg');
    expect(looksLikeContainer(webmOpus(packets))).toBe('webm');
    expect(looksLikeContainer(writeWav({ samples: new Int16Array(10), rateHz: 16_000 }))).toBe('wav');
    expect(looksLikeContainer(new Uint8Array(0))).toBeUndefined();
    expect(looksLikeContainer(new Uint8Array(100))).toBeUndefined();
    expect(looksLikeContainer(Buffer.from('RIFF\0\0\0\0AVI LIST'))).toBeUndefined();
    // Four letters alone are too little: samples may happen to spell them.
    expect(looksLikeContainer(Buffer.from('OggS and so on'))).toBeUndefined();
  });
});
