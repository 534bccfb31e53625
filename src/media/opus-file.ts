// Ogg files with Opus in them (RFC 3533, RFC 7845): pages become packets. Checksums are not looked at: what a broken page spoils, the decoder
// conceals, and much of what is written in browsers and by hand has them wrong.
import { isOpusHead, OpusPackets, type OpusHead, type OpusTrack, readOpusHead } from './opus-track.ts';

interface Page {
  /** Where the next page may begin. */
  readonly end: number;
  readonly serial: number;
  readonly sequence: number;
  /** Samples up to the end of the last packet that ends here; undefined when none does. */
  readonly granule: number | undefined;
  readonly goesOn: boolean;
  readonly begins: boolean;
  readonly ends: boolean;
  /** Pieces of packets; all but the last end here. */
  readonly pieces: readonly Uint8Array[];
  readonly lastIsWhole: boolean;
}

/**
 * Reads the first Opus stream of an Ogg file; other streams beside it (a picture, a skeleton) are passed by. Throws Error with the reason
 * when there is none, when further sound is chained on, or when it is longer than `mostMs`.
 */
export function readOggOpus(bytes: Uint8Array, mostMs: number): OpusTrack {
  const reader = new StreamReader(mostMs);
  for (let at = findPage(bytes, 0); at >= 0; ) {
    const page = readPage(bytes, at);
    if (!page) break;
    reader.take(page);
    at = findPage(bytes, page.end);
  }
  return reader.track();
}

class StreamReader {
  readonly #packets: OpusPackets;
  #serial: number | undefined;
  #head: OpusHead | undefined;
  /** Whether a page other than the first ones of the streams has come: from here on a first page means a chain. */
  #underWay = false;
  #sequence = -1;
  #unfinished: Uint8Array[] = [];
  /** The granule at which the sound begins; not 0 when the file was cut out of a broadcast. */
  #startsAt: number | undefined;
  #padding = 0;

  constructor(mostMs: number) {
    this.#packets = new OpusPackets(mostMs);
  }

  take(page: Page): void {
    if (page.begins) return this.#takeFirst(page);
    this.#underWay = true;
    if (page.serial !== this.#serial) return;
    // A page is missing: what was begun on it, or before it, can never be whole.
    if (page.sequence !== this.#sequence + 1 || !page.goesOn) this.#unfinished = [];
    const orphaned = page.goesOn && this.#unfinished.length === 0;
    this.#sequence = page.sequence;
    const before = this.#packets.samples;
    for (const [i, piece] of page.pieces.entries()) {
      if (orphaned && i === 0) continue;
      this.#unfinished.push(piece);
      if (i < page.pieces.length - 1 || page.lastIsWhole) this.#finishPacket();
    }
    if (page.granule !== undefined && this.#packets.samples > before) this.#place(page.granule, this.#packets.samples - before, page.ends);
  }

  track(): OpusTrack {
    if (!this.#head) throw new Error('an Ogg file without Opus');
    if (this.#packets.list.length === 0) throw new Error('an Ogg file without sound');
    return { ...this.#head, packets: this.#packets.list, padding: this.#padding };
  }

  #takeFirst(page: Page): void {
    const [packet] = page.pieces;
    if (this.#underWay) throw new Error('Ogg files chained together are not supported: send one file for each piece of sound');
    if (this.#head || !packet || !isOpusHead(packet)) return;
    this.#head = readOpusHead(packet);
    this.#serial = page.serial;
    this.#sequence = page.sequence;
  }

  #finishPacket(): void {
    const [first, ...rest] = this.#unfinished;
    this.#unfinished = [];
    if (!first) return;
    // The comments that come first count as no packet: `OpusTags` read as one would be longer than any may be.
    this.#packets.add(rest.length === 0 ? first : Buffer.concat([first, ...rest]));
  }

  /** The last granule may stop short of the last packet's end: that much is padding. */
  #place(granule: number, samplesHere: number, last: boolean): void {
    this.#startsAt ??= last ? 0 : Math.max(0, granule - samplesHere);
    const over = this.#packets.samples - (granule - this.#startsAt);
    this.#padding = last && over > 0 && over <= samplesHere ? over : 0;
  }
}

const pageHeaderBytes = 27;

/** Where the next page begins, past whatever does not belong to one; -1 when there is none. */
function findPage(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0x4f, from); at >= 0; at = bytes.indexOf(0x4f, at + 1)) {
    if (bytes[at + 1] === 0x67 && bytes[at + 2] === 0x67 && bytes[at + 3] === 0x53 && bytes[at + 4] === 0) return at;
  }
  return -1;
}

/** The page at `at`, as much of it as there is; undefined when not even its header is whole. */
function readPage(bytes: Uint8Array, at: number): Page | undefined {
  const segments = bytes[at + 26];
  const body = at + pageHeaderBytes + (segments ?? 0);
  if (segments === undefined || body > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, pageHeaderBytes);
  const pieces: Uint8Array[] = [];
  let start = body;
  let end = body;
  let lastIsWhole = true;
  for (let i = 0; i < segments; i++) {
    const length = bytes[at + pageHeaderBytes + i] as number;
    // The file breaks off: what was begun here never ends.
    if (end + length > bytes.length) {
      lastIsWhole = true;
      start = end = bytes.length;
      break;
    }
    end += length;
    // 255 means that the packet goes on in the next segment.
    lastIsWhole = length < 255;
    if (lastIsWhole) {
      pieces.push(bytes.subarray(start, end));
      start = end;
    }
  }
  if (!lastIsWhole) pieces.push(bytes.subarray(start, end));
  const flags = view.getUint8(5);
  const granule = view.getBigInt64(6, true);
  return {
    end,
    serial: view.getUint32(14, true),
    sequence: view.getUint32(18, true),
    granule: granule < 0n ? undefined : Number(granule),
    goesOn: (flags & 1) !== 0,
    begins: (flags & 2) !== 0,
    ends: (flags & 4) !== 0,
    pieces,
    lastIsWhole,
  };
}
