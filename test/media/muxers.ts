// Writes the files that the readers under test read: Ogg pages and WebM elements around packets, right or wrong as a test wants them.

export interface PageOptions {
  serial?: number;
  sequence?: number;
  granule?: bigint;
  /** 1: goes on from the page before, 2: first of its stream, 4: last. */
  flags?: number;
  /** The last packet goes on on the next page: its length must be a multiple of 255. */
  unfinished?: boolean;
}

/** One Ogg page; its checksum is left wrong. */
export function page(
  packets: readonly Uint8Array[],
  { serial = 7, sequence = 0, granule = 0n, flags = 0, unfinished }: PageOptions,
): Uint8Array {
  const lacing = packets.flatMap((packet, i) => {
    const full = Array.from({ length: Math.floor(packet.length / 255) }, () => 255);
    return unfinished && i === packets.length - 1 ? full : [...full, packet.length % 255];
  });
  const header = Buffer.alloc(27 + lacing.length);
  header.write('OggS\0', 'latin1');
  header[5] = flags;
  header.writeBigInt64LE(granule, 6);
  header.writeUInt32LE(serial, 14);
  header.writeUInt32LE(sequence, 18);
  header.writeUInt32LE(0xbadbad, 22);
  header[26] = lacing.length;
  header.set(lacing, 27);
  return Buffer.concat([header, ...packets]);
}

export function opusHead({ channels = 1, preSkip = 0, gain = 0, family = 0, version = 1 } = {}): Uint8Array {
  const head = Buffer.alloc(19);
  head.write('OpusHead', 'latin1');
  head[8] = version;
  head[9] = channels;
  head.writeUInt16LE(preSkip, 10);
  head.writeUInt32LE(48_000, 12);
  head.writeInt16LE(gain, 16);
  head[18] = family;
  return head;
}

export function opusTags(commentBytes = 0): Uint8Array {
  return Buffer.concat([Buffer.from('OpusTags\x06\0\0\0parley\0\0\0\0', 'latin1'), Buffer.alloc(commentBytes)]);
}

/** A whole file: `perPage` packets of `samples` (at 48 kHz) each to a page; the last granule says `length` where it is given. */
export function oggOpus(
  packets: readonly Uint8Array[],
  {
    samples = 960,
    perPage = 5,
    length,
    ...head
  }: { samples?: number; perPage?: number; length?: number } & Parameters<typeof opusHead>[0] = {},
): Uint8Array {
  const pages = [page([opusHead(head)], { flags: 2 }), page([opusTags()], { sequence: 1 })];
  for (let at = 0; at < packets.length; at += perPage) {
    const last = at + perPage >= packets.length;
    const end = Math.min(at + perPage, packets.length) * samples;
    const granule = BigInt(last && length !== undefined ? length : end);
    pages.push(page(packets.slice(at, at + perPage), { sequence: pages.length, granule, flags: last ? 4 : 0 }));
  }
  return Buffer.concat(pages);
}

export const UNKNOWN_SIZE = Buffer.from([0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);

/** One EBML element; with `size` instead of its content's length. */
export function element(id: number, content: Uint8Array | readonly Uint8Array[], size?: Uint8Array): Uint8Array {
  const body = content instanceof Uint8Array ? content : Buffer.concat(content);
  const idBytes = Buffer.from(id.toString(16).padStart(id > 0xffffff ? 8 : id > 0xff ? 4 : 2, '0'), 'hex');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(0x10000000 + body.length);
  return Buffer.concat([idBytes, size ?? length, body]);
}

export function opusTrackEntry(number: number, head: Uint8Array): Uint8Array {
  return element(0xae, [element(0xd7, Uint8Array.of(number)), element(0x86, Buffer.from('A_OPUS')), element(0x63a2, head)]);
}

export function simpleBlock(track: number, packet: Uint8Array, flags = 0x80): Uint8Array {
  return element(0xa3, [Uint8Array.of(0x80 | track, 0, 0, flags), packet]);
}

/** A file as a browser records it: sizes of segment and clusters unknown, one packet to a block. */
export function webmOpus(packets: readonly Uint8Array[], head: Parameters<typeof opusHead>[0] = {}): Uint8Array {
  const blocks = packets.map((packet) => simpleBlock(1, packet));
  return Buffer.concat([
    element(0x1a45dfa3, element(0x4282, Buffer.from('webm'))),
    element(0x18538067, [], UNKNOWN_SIZE),
    element(0x1549a966, element(0x2ad7b1, Uint8Array.of(0x0f, 0x42, 0x40))),
    element(0x1654ae6b, opusTrackEntry(1, opusHead(head))),
    element(0x1f43b675, [element(0xe7, Uint8Array.of(0)), ...blocks.slice(0, 3)], UNKNOWN_SIZE),
    element(0x1f43b675, [element(0xe7, Uint8Array.of(60)), ...blocks.slice(3)], UNKNOWN_SIZE),
  ]);
}
