// A packet of RTP (RFC 3550, 5.1): read strictly, since anybody can send to an open port, and written.

/** The fixed part of a header. */
export const HEADER_BYTES = 12;
const CSRC_BYTES = 4;
const EXTENSION_HEAD_BYTES = 4;

export interface RtpHeader {
  /** On a telephone's line: the first packet of sound after silence. */
  readonly marker: boolean;
  readonly payloadType: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly ssrc: number;
}

export interface RtpPacket extends RtpHeader {
  readonly payload: Uint8Array;
}

/** The length of a packet's header with its contributing sources and its extension; undefined when it is no packet of RTP. */
export function headerLength(bytes: Uint8Array): number | undefined {
  const [flags = 0] = bytes;
  if (bytes.length < HEADER_BYTES || flags >> 6 !== 2) return undefined;
  let length = HEADER_BYTES + (flags & 0x0f) * CSRC_BYTES;
  if (flags & 0x10) {
    if (bytes.length < length + EXTENSION_HEAD_BYTES) return undefined;
    length += EXTENSION_HEAD_BYTES + readU16(bytes, length + 2) * 4;
  }
  return length <= bytes.length ? length : undefined;
}

/** Undefined when it is no packet of RTP. Its payload lies in the memory of `bytes`. */
export function readRtp(bytes: Uint8Array): RtpPacket | undefined {
  const start = headerLength(bytes);
  if (start === undefined) return undefined;
  const [flags = 0, second = 0] = bytes;
  let end = bytes.length;
  if (flags & 0x20) {
    // The last byte counts the padding, itself included.
    const padding = bytes[end - 1] as number;
    if (padding === 0 || padding > end - start) return undefined;
    end -= padding;
  }
  return {
    marker: second >> 7 === 1,
    payloadType: second & 0x7f,
    sequenceNumber: readU16(bytes, 2),
    timestamp: readU32(bytes, 4),
    ssrc: readU32(bytes, 8),
    payload: bytes.subarray(start, end),
  };
}

export function writeRtp({ marker, payloadType, sequenceNumber, timestamp, ssrc }: RtpHeader, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  bytes[0] = 2 << 6;
  bytes[1] = (marker ? 0x80 : 0) | payloadType;
  writeU16(bytes, 2, sequenceNumber);
  writeU32(bytes, 4, timestamp);
  writeU32(bytes, 8, ssrc);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/** Where RTP and RTCP share a port, the second byte tells them apart (RFC 5761, 4). */
export function isRtcp(bytes: Uint8Array): boolean {
  const second = bytes[1] ?? 0;
  return second >= 192 && second <= 223;
}

export function readU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

export function readU32(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at) * 0x1_0000 + readU16(bytes, at + 2);
}

export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  writeU16(bytes, at, value >>> 16);
  writeU16(bytes, at + 2, value & 0xffff);
}

/** A difference of two counters of so many bits, as the nearer way round. */
export function signed(difference: number, bits: 16 | 32): number {
  const range = 2 ** bits;
  const rest = ((difference % range) + range) % range;
  return rest >= range / 2 ? rest - range : rest;
}
