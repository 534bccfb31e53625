// Packets of RTCP (RFC 3550, 6): what one side of a call reports of the other. Compound packets are read strictly, and written as reports
// with a name, or with a goodbye.
import { readU16, readU32, writeU16, writeU32 } from './packet.ts';

const VERSION = 2;
const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const GOODBYE = 203;
const CNAME = 1;
const HEAD_BYTES = 4;
const SENDER_BYTES = 24;
const BLOCK_BYTES = 24;
/** From 1900, where NTP begins to count, to 1970. */
const NTP_EPOCH_S = 2_208_988_800;

/** What one side has received of a stream. */
export interface ReportBlock {
  /** The stream it is about. */
  readonly ssrc: number;
  /** Since the report before, in 256ths. */
  readonly fractionLost: number;
  /** Since the beginning; less than nothing where packets came twice. */
  readonly lost: number;
  readonly highestSequence: number;
  /** In steps of the stream's clock. */
  readonly jitter: number;
  /** The middle 32 bits of the time in the last sender report, and how long ago that came, in 65,536ths of a second. Both 0 without one. */
  readonly lastReport: number;
  readonly sinceLastReport: number;
}

export interface SenderInfo {
  readonly wallMs: number;
  readonly timestamp: number;
  readonly packets: number;
  readonly octets: number;
}

export type RtcpPacket =
  | { readonly kind: 'sender-report'; readonly ssrc: number; readonly ntpMiddle: number; readonly blocks: readonly ReportBlock[] }
  | { readonly kind: 'receiver-report'; readonly ssrc: number; readonly blocks: readonly ReportBlock[] }
  | { readonly kind: 'goodbye'; readonly ssrcs: readonly number[] }
  | { readonly kind: 'other'; readonly type: number };

/** Undefined when it is no compound packet: it begins with a report, and the lengths of its parts add up (RFC 3550, A.2). */
export function readRtcp(bytes: Uint8Array): RtcpPacket[] | undefined {
  const packets: RtcpPacket[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < HEAD_BYTES) return undefined;
    const [flags = 0, type = 0] = bytes.subarray(at, at + 2);
    const end = at + HEAD_BYTES + readU16(bytes, at + 2) * 4;
    if (flags >> 6 !== VERSION || end > bytes.length) return undefined;
    if (at === 0 && type !== SENDER_REPORT && type !== RECEIVER_REPORT) return undefined;
    const isPadded = (flags & 0x20) !== 0;
    // Only the last part may be padded.
    if (isPadded && end !== bytes.length) return undefined;
    const padding = isPadded ? (bytes[end - 1] as number) : 0;
    if (isPadded && (padding === 0 || padding % 4 !== 0 || padding > end - at - HEAD_BYTES)) return undefined;
    const packet = readOne(type, flags & 0x1f, bytes.subarray(at + HEAD_BYTES, end - padding));
    if (!packet) return undefined;
    packets.push(packet);
    at = end;
  }
  return packets.length > 0 ? packets : undefined;
}

function readOne(type: number, count: number, body: Uint8Array): RtcpPacket | undefined {
  switch (type) {
    case SENDER_REPORT: {
      const blocks = readBlocks(body, SENDER_BYTES, count);
      if (!blocks) return undefined;
      return { kind: 'sender-report', ssrc: readU32(body, 0), ntpMiddle: readU32(body, 6), blocks };
    }
    case RECEIVER_REPORT: {
      const blocks = readBlocks(body, 4, count);
      return blocks && { kind: 'receiver-report', ssrc: readU32(body, 0), blocks };
    }
    case GOODBYE:
      if (body.length < count * 4) return undefined;
      return { kind: 'goodbye', ssrcs: Array.from({ length: count }, (_, i) => readU32(body, i * 4)) };
    default:
      return { kind: 'other', type };
  }
}

function readBlocks(body: Uint8Array, start: number, count: number): ReportBlock[] | undefined {
  if (body.length < start + count * BLOCK_BYTES) return undefined;
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * BLOCK_BYTES;
    return {
      ssrc: readU32(body, at),
      fractionLost: body[at + 4] as number,
      // 24 bits with a sign.
      lost: (readU32(body, at + 4) << 8) >> 8,
      highestSequence: readU32(body, at + 8),
      jitter: readU32(body, at + 12),
      lastReport: readU32(body, at + 16),
      sinceLastReport: readU32(body, at + 20),
    };
  });
}

/** A compound packet: a report, as a sender where there is something sent to tell of, and the name; at the end with a goodbye. */
export function writeReport(report: {
  readonly ssrc: number;
  readonly name: string;
  readonly sent: SenderInfo | undefined;
  readonly blocks: readonly ReportBlock[];
  readonly goodbye?: boolean;
}): Uint8Array {
  const { ssrc, sent, blocks } = report;
  const reportBytes = HEAD_BYTES + (sent ? SENDER_BYTES : 4) + blocks.length * BLOCK_BYTES;
  const name = new TextEncoder().encode(report.name).subarray(0, 255);
  // A chunk ends with at least one zero, on an even word.
  const chunkBytes = Math.ceil((4 + 2 + name.length + 1) / 4) * 4;
  const nameBytes = HEAD_BYTES + chunkBytes;
  const bytes = new Uint8Array(reportBytes + nameBytes + (report.goodbye ? HEAD_BYTES + 4 : 0));
  writeHead(bytes, 0, sent ? SENDER_REPORT : RECEIVER_REPORT, blocks.length, reportBytes);
  writeU32(bytes, 4, ssrc);
  if (sent) {
    const [seconds, fraction] = ntp(sent.wallMs);
    [seconds, fraction, sent.timestamp, sent.packets, sent.octets].forEach((value, i) => writeU32(bytes, 8 + i * 4, value));
  }
  blocks.forEach((block, i) => writeBlock(bytes, HEAD_BYTES + (sent ? SENDER_BYTES : 4) + i * BLOCK_BYTES, block));
  writeHead(bytes, reportBytes, SOURCE_DESCRIPTION, 1, nameBytes);
  writeU32(bytes, reportBytes + 4, ssrc);
  bytes[reportBytes + 8] = CNAME;
  bytes[reportBytes + 9] = name.length;
  bytes.set(name, reportBytes + 10);
  if (report.goodbye) {
    writeHead(bytes, reportBytes + nameBytes, GOODBYE, 1, HEAD_BYTES + 4);
    writeU32(bytes, reportBytes + nameBytes + 4, ssrc);
  }
  return bytes;
}

function writeHead(bytes: Uint8Array, at: number, type: number, count: number, length: number): void {
  bytes[at] = (VERSION << 6) | count;
  bytes[at + 1] = type;
  writeU16(bytes, at + 2, length / 4 - 1);
}

function writeBlock(bytes: Uint8Array, at: number, block: ReportBlock): void {
  const lost = Math.max(-0x80_0000, Math.min(0x7f_ffff, block.lost));
  const values = [block.ssrc, lost & 0xff_ffff, block.highestSequence, block.jitter, block.lastReport, block.sinceLastReport];
  values.forEach((value, i) => writeU32(bytes, at + i * 4, value));
  bytes[at + 4] = block.fractionLost;
}

/** Seconds since 1900, and the fraction of the next in 2^32ths. */
function ntp(wallMs: number): [number, number] {
  const seconds = Math.floor(wallMs / 1000);
  return [seconds + NTP_EPOCH_S, Math.floor(((wallMs - seconds * 1000) / 1000) * 2 ** 32)];
}

/** The middle 32 bits of that time, as reports name it: in 65,536ths of a second. */
export function ntpMiddle(wallMs: number): number {
  const [seconds, fraction] = ntp(wallMs);
  return ((seconds & 0xffff) * 0x1_0000 + (fraction >>> 16)) >>> 0;
}
