// SRTP and SRTCP (RFC 3711; AES-GCM: RFC 7714) for one direction of a call: packets are sealed, or opened. What was tampered with, is too
// old or was seen already is not opened, and changes nothing.
import { readU16, readU32, signed, writeU32 } from './packet.ts';
import { headerLength } from './packet.ts';
import { createTransform, deriveKeys, type MasterKey, type Transform } from './srtp-transform.ts';

/** Packets behind the newest that may still come; RFC 3711, 3.3.2, asks for 64 at least. */
const WINDOW = 64;
/** Streams of one far side: each new one has been authenticated, and the one heard longest ago is forgotten. */
const MOST_STREAMS = 4;
const INDEX_BYTES = 4;
const RTCP_HEAD_BYTES = 8;
const ENCRYPTED = 0x8000_0000;

/** Which of the last WINDOW indices have come. */
class ReplayWindow {
  highest = -1;
  readonly #seen = new Float64Array(WINDOW).fill(-1);

  isNew(index: number): boolean {
    return index > this.highest - WINDOW && this.#seen[index % WINDOW] !== index;
  }

  add(index: number): void {
    this.#seen[index % WINDOW] = index;
    this.highest = Math.max(this.highest, index);
  }
}

export class SrtpSender {
  readonly #rtp: Transform;
  readonly #rtcp: Transform;
  #rollovers = 0;
  #lastSequence: number | undefined;
  #rtcpIndex = 0;

  constructor(master: MasterKey) {
    const { rtp, rtcp } = deriveKeys(master);
    this.#rtp = createTransform(master.suite, 'rtp', rtp);
    this.#rtcp = createTransform(master.suite, 'rtcp', rtcp);
  }

  /** Seals a packet; they are of one stream, in order. */
  seal(packet: Uint8Array): Uint8Array {
    const sequence = readU16(packet, 2);
    if (this.#lastSequence !== undefined && sequence < this.#lastSequence) this.#rollovers++;
    this.#lastSequence = sequence;
    const start = headerLength(packet) ?? packet.length;
    return this.#rtp.seal(packet, start, readU32(packet, 8), this.#rollovers * 0x1_0000 + sequence);
  }

  sealRtcp(packet: Uint8Array): Uint8Array {
    const index = this.#rtcpIndex++ % 2 ** 31;
    const trailer = new Uint8Array(INDEX_BYTES);
    writeU32(trailer, 0, ENCRYPTED + index);
    return this.#rtcp.seal(packet, RTCP_HEAD_BYTES, readU32(packet, 4), index, trailer);
  }
}

export class SrtpReceiver {
  readonly #rtp: Transform;
  readonly #rtcp: Transform;
  readonly #streams = new Map<number, ReplayWindow>();
  readonly #rtcpStreams = new Map<number, ReplayWindow>();

  constructor(master: MasterKey) {
    const { rtp, rtcp } = deriveKeys(master);
    this.#rtp = createTransform(master.suite, 'rtp', rtp);
    this.#rtcp = createTransform(master.suite, 'rtcp', rtcp);
  }

  open(packet: Uint8Array): Uint8Array | undefined {
    const start = headerLength(packet);
    if (start === undefined || packet.length < start + this.#rtp.tagBytes) return undefined;
    const ssrc = readU32(packet, 8);
    const window = this.#streams.get(ssrc) ?? new ReplayWindow();
    const index = nearest(window.highest, readU16(packet, 2));
    if (index < 0 || !window.isNew(index)) return undefined;
    const opened = this.#rtp.open(packet, start, ssrc, index);
    if (opened) remember(this.#streams, ssrc, window, index);
    return opened;
  }

  openRtcp(packet: Uint8Array): Uint8Array | undefined {
    const trailerAt = packet.length - INDEX_BYTES - this.#rtcp.tagAfterTrailer;
    if (trailerAt < RTCP_HEAD_BYTES) return undefined;
    const word = readU32(packet, trailerAt);
    // What is only signed was not agreed upon.
    if (word < ENCRYPTED) return undefined;
    const index = word - ENCRYPTED;
    const ssrc = readU32(packet, 4);
    const window = this.#rtcpStreams.get(ssrc) ?? new ReplayWindow();
    if (!window.isNew(index)) return undefined;
    const opened = this.#rtcp.open(packet, RTCP_HEAD_BYTES, ssrc, index, trailerAt);
    if (opened) remember(this.#rtcpStreams, ssrc, window, index);
    return opened;
  }
}

/** The 48-bit index of a packet: the sequence number in whichever round brings it nearest to the newest (RFC 3711, 3.3.1). */
function nearest(highest: number, sequence: number): number {
  return highest < 0 ? sequence : highest + signed(sequence - highest, 16);
}

function remember(streams: Map<number, ReplayWindow>, ssrc: number, window: ReplayWindow, index: number): void {
  window.add(index);
  streams.delete(ssrc);
  streams.set(ssrc, window);
  const [oldest] = streams.keys();
  if (streams.size > MOST_STREAMS && oldest !== undefined) streams.delete(oldest);
}
