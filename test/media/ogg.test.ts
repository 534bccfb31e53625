// Ogg pages, laced and broken as they come, give up their Opus packets. The packets here are made up: nothing decodes them.
import { describe, expect, it } from 'vitest';
import { readOggOpus } from '../../src/media/opus-file.ts';
import { packetSamples } from '../../src/media/opus-track.ts';
import { oggOpus, opusHead, opusTags, page } from './muxers.ts';

const most = 600_000;

/** A packet of one frame of 20 ms that says which it is. */
function packet(name: number, length = 40): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i === 0 ? 0x98 : name));
}

const packets = Array.from({ length: 12 }, (_, i) => packet(i));
const bytesOf = (list: readonly Uint8Array[]) => list.map((bytes) => [...bytes]);
const head = () => page([opusHead()], { flags: 2 });
const tags = () => page([opusTags()], { sequence: 1 });

/** None when the file is refused for want of them. */
function packetsOf(file: Uint8Array): readonly Uint8Array[] {
  try {
    return readOggOpus(file, most).packets;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('an Ogg file without')) return [];
    throw error;
  }
}

describe('an Ogg file with Opus', () => {
  it('gives its packets in order, several to a page, and what its header says', () => {
    const track = readOggOpus(oggOpus(packets, { preSkip: 312, gain: -256 }), most);
    expect(bytesOf(track.packets)).toEqual(bytesOf(packets));
    expect(track).toMatchObject({ preSkip: 312, gain: -256, padding: 0 });
  });

  it('puts packets together that are spread over segments and pages, the longest of 255 to the byte', () => {
    const long = [packet(1, 254), packet(2, 255), packet(3, 256), packet(4, 510), packet(5, 2000)];
    expect(bytesOf(readOggOpus(oggOpus(long), most).packets)).toEqual(bytesOf(long));

    const spread = packet(6, 255 * 3 + 10);
    const file = Buffer.concat([
      head(),
      tags(),
      page([packet(1), spread.subarray(0, 255)], { sequence: 2, unfinished: true }),
      page([spread.subarray(255, 510)], { sequence: 3, flags: 1, unfinished: true, granule: -1n }),
      page([spread.subarray(510), packet(2)], { sequence: 4, flags: 1 }),
    ]);
    expect(bytesOf(readOggOpus(file, most).packets)).toEqual(bytesOf([packet(1), spread, packet(2)]));
  });

  it('leaves out what a lost page makes incomplete, and nothing else', () => {
    const spread = packet(6, 300);
    const file = (lost: number) =>
      Buffer.concat(
        [
          head(),
          tags(),
          page([packet(1), spread.subarray(0, 255)], { sequence: 2, unfinished: true }),
          page([spread.subarray(255), packet(2)], { sequence: 3, flags: 1 }),
          page([packet(3)], { sequence: 4 }),
        ].filter((_, i) => i !== lost),
      );
    expect(bytesOf(readOggOpus(file(2), most).packets)).toEqual(bytesOf([packet(2), packet(3)]));
    expect(bytesOf(readOggOpus(file(3), most).packets)).toEqual(bytesOf([packet(1), packet(3)]));
  });

  it('finds its way again behind bytes that belong to no page', () => {
    const file = Buffer.concat([
      head(),
      tags(),
      page([packet(1)], { sequence: 2 }),
      Buffer.from('noise OggX O'),
      page([packet(2)], { sequence: 3 }),
    ]);
    expect(bytesOf(readOggOpus(file, most).packets)).toEqual(bytesOf([packet(1), packet(2)]));
  });

  it('gives what is there of a file that breaks off, at whatever byte', () => {
    const whole = oggOpus(packets, { perPage: 4 });
    const counts = Array.from(whole, (_, length) => {
      const found = packetsOf(whole.subarray(0, length));
      expect(bytesOf(found)).toEqual(bytesOf(packets.slice(0, found.length)));
      return found.length;
    });
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts.at(-1)).toBe(11);
  });

  it('counts as padding what the last granule leaves of the last page', () => {
    expect(readOggOpus(oggOpus(packets, { length: 12 * 960 - 700 }), most).padding).toBe(700);
    // A single page, and one that was cut out of a broadcast.
    expect(readOggOpus(oggOpus(packets, { perPage: 12, length: 12 * 960 - 700 }), most).padding).toBe(700);
    const later = [
      page([packet(1)], { sequence: 2, granule: 480_960n }),
      page([packet(2)], { sequence: 3, granule: 480_960n + 500n, flags: 4 }),
    ];
    expect(readOggOpus(Buffer.concat([head(), tags(), ...later]), most).padding).toBe(460);
    // Nonsense is not believed.
    expect(readOggOpus(oggOpus(packets, { length: 5 }), most).padding).toBe(0);
    expect(readOggOpus(oggOpus(packets, { length: 2 ** 50 }), most).padding).toBe(0);
  });

  it('reads files without comments, with comments over many pages, and with another stream beside', () => {
    const bare = Buffer.concat([head(), page([packet(1), packet(2)], { sequence: 1 })]);
    expect(readOggOpus(bare, most).packets).toHaveLength(2);

    const comments = opusTags(255 * 300);
    const cut = 255 * 255;
    const chatty = [
      page([comments.subarray(0, cut)], { sequence: 1, unfinished: true }),
      page([comments.subarray(cut)], { sequence: 2, flags: 1 }),
      page([packet(1)], { sequence: 3 }),
    ];
    expect(readOggOpus(Buffer.concat([head(), ...chatty]), most).packets).toHaveLength(1);

    const beside = [
      page([Buffer.from('fishead\0')], { serial: 1, flags: 2 }),
      head(),
      page([Buffer.from('bones')], { serial: 1, sequence: 1 }),
      tags(),
      page([packet(1)], { sequence: 2 }),
      page([packet(9)], { serial: 1, sequence: 2, flags: 4 }),
      page([packet(2)], { sequence: 3, flags: 4 }),
    ];
    expect(bytesOf(readOggOpus(Buffer.concat(beside), most).packets)).toEqual(bytesOf([packet(1), packet(2)]));
  });

  it('refuses with the reason: another stream chained on, too long, too many channels, unknown version, no Opus, no sound', () => {
    const refusal = (file: Uint8Array) => () => readOggOpus(file, most);
    expect(refusal(Buffer.concat([oggOpus(packets), oggOpus(packets)]))).toThrow('chained together');
    expect(() => readOggOpus(oggOpus(packets), 239)).toThrow('longer than');
    expect(() => readOggOpus(oggOpus(packets), 240)).not.toThrow();
    expect(refusal(oggOpus(packets, { channels: 6, family: 1 }))).toThrow('two channels');
    expect(refusal(oggOpus(packets, { version: 16 }))).toThrow('version');
    expect(refusal(page([opusHead().subarray(0, 12)], { flags: 2 }))).toThrow('broken');
    expect(refusal(page([Buffer.from('\x01vorbis')], { flags: 2 }))).toThrow('without Opus');
    expect(refusal(oggOpus([]))).toThrow('without sound');
    expect(refusal(new Uint8Array(1000))).toThrow('without Opus');
  });

  it('keeps no more than the sound it may hold out of millions of tiny packets', () => {
    const tiny = page(
      Array.from({ length: 255 }, () => Uint8Array.of(0x80)),
      {},
    );
    const many = Buffer.concat([head(), ...Array.from({ length: 2000 }, () => tiny)]);
    expect(() => readOggOpus(many, most)).toThrow('longer than 10 minutes');
    const empty = page(
      Array.from({ length: 255 }, () => new Uint8Array(0)),
      {},
    );
    expect(() => readOggOpus(Buffer.concat([head(), ...Array.from({ length: 2000 }, () => empty)]), most)).toThrow('without sound');
  });
});

describe('the length of an Opus packet', () => {
  it('is read off its first two bytes', () => {
    const ms = (...bytes: number[]) => packetSamples(Uint8Array.from(bytes)) / 48;
    const oneFrame = Array.from({ length: 32 }, (_, config) => ms(config << 3));
    const silk = [10, 20, 40, 60];
    const celt = [2.5, 5, 10, 20];
    expect(oneFrame).toEqual([...silk, ...silk, ...silk, 10, 20, 10, 20, ...celt, ...celt, ...celt, ...celt]);
    expect([ms(0x99), ms(0x9a), ms(0x9b, 3), ms(0x9b, 0x86)]).toEqual([40, 40, 60, 120]);
  });

  it('is 0 for what is no packet: nothing, no frames, more than 120 ms, more bytes than there can be', () => {
    for (const bytes of [[], [0x9b], [0x9b, 0], [0x9b, 7], [0x1b, 3]]) expect(packetSamples(Uint8Array.from(bytes))).toBe(0);
    expect(packetSamples(new Uint8Array(70_000).fill(0x98))).toBe(0);
  });
});
