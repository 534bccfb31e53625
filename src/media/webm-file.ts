// WebM and Matroska files with Opus in them (RFC 9559), as browsers record: elements become packets. Everything but the first Opus track is
// passed by.
import { OPUS_RATE_HZ, OpusPackets, type OpusTrack, packetSamples, readOpusHead } from './opus-track.ts';

/** Elements by their ids. */
const SEGMENT = 0x18538067;
const TRACKS = 0x1654ae6b;
const TRACK_ENTRY = 0xae;
const TRACK_NUMBER = 0xd7;
const CODEC_ID = 0x86;
const CODEC_PRIVATE = 0x63a2;
const CLUSTER = 0x1f43b675;
const BLOCK_GROUP = 0xa0;
const BLOCK = 0xa1;
const SIMPLE_BLOCK = 0xa3;
const DISCARD_PADDING = 0x75a2;

/** Elements that are walked into. Where they end does not matter, which is as well: a browser does not know it when it writes them. */
const entered = new Set([SEGMENT, TRACKS, TRACK_ENTRY, CLUSTER, BLOCK_GROUP]);

interface Track {
  number: number;
  codec: string;
  head: Uint8Array | undefined;
}

/**
 * Reads the first Opus track of a WebM or Matroska file, whole or broken off. Throws Error with the reason when there is none, or when it is
 * longer than `mostMs`.
 */
export function readWebmOpus(bytes: Uint8Array, mostMs: number): OpusTrack {
  const packets = new OpusPackets(mostMs);
  const tracks: Track[] = [];
  let padding = 0;
  for (let at = 0; at < bytes.length; ) {
    const id = readNumber(bytes, at, true);
    const size = id && readNumber(bytes, id.end, false);
    // The file breaks off, here or in the element.
    if (!id || !size) break;
    at = size.end;
    if (id.value === TRACK_ENTRY) tracks.push({ number: 0, codec: '', head: undefined });
    if (entered.has(id.value)) continue;
    if (size.unknown) throw new Error('a WebM file with an element without end');
    if (at + size.value > bytes.length) break;
    const body = bytes.subarray(at, at + size.value);
    at += size.value;
    if (id.value === SIMPLE_BLOCK || id.value === BLOCK) {
      addBlock(body, opusOf(tracks)?.number, packets);
      padding = 0;
    } else if (id.value === DISCARD_PADDING) {
      padding = Math.max(0, Math.round((signed(body) * OPUS_RATE_HZ) / 1e9));
    } else {
      describe(tracks.at(-1), id.value, body);
    }
  }
  const track = opusOf(tracks);
  if (!track?.head) throw new Error('a WebM file without Opus');
  if (packets.list.length === 0) throw new Error('a WebM file without sound');
  return {
    ...readOpusHead(track.head),
    packets: packets.list,
    padding: Math.min(padding, packetSamples(packets.list.at(-1) as Uint8Array)),
  };
}

function describe(track: Track | undefined, id: number, body: Uint8Array): void {
  if (!track) return;
  if (id === TRACK_NUMBER) track.number = unsigned(body);
  else if (id === CODEC_ID) track.codec = String.fromCharCode(...body.subarray(0, 32));
  else if (id === CODEC_PRIVATE) track.head = body;
}

function opusOf(tracks: readonly Track[]): Track | undefined {
  return tracks.find(({ codec, head }) => codec === 'A_OPUS' && head !== undefined);
}

/** A block: the number of its track, two bytes of time, one of flags, then the packet. */
function addBlock(body: Uint8Array, wanted: number | undefined, packets: OpusPackets): void {
  const number = readNumber(body, 0, false);
  if (number?.value !== wanted || !number) return;
  if (((body[number.end + 2] ?? 0) & 0x06) !== 0) throw new Error('a WebM file with several packets in a block is not supported');
  packets.add(body.subarray(number.end + 3));
}

/** A number that tells its own length by the zeros it begins with; ids keep the mark after those zeros, sizes do not. */
function readNumber(bytes: Uint8Array, at: number, keepMark: boolean): { value: number; unknown: boolean; end: number } | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  const length = Math.clz32(first) - 23;
  const end = at + length;
  if (length > 8 || end > bytes.length) return undefined;
  const mark = 0x100 >> length;
  const value = unsigned(bytes.subarray(at + 1, end)) + (keepMark ? first : first & (mark - 1)) * 256 ** (length - 1);
  // All ones: the writer did not know.
  return { value, unknown: value >= 128 ** length - 1, end };
}

function unsigned(bytes: Uint8Array): number {
  return bytes.subarray(0, 8).reduce((value, byte) => value * 256 + byte, 0);
}

function signed(bytes: Uint8Array): number {
  const value = unsigned(bytes);
  return ((bytes[0] ?? 0) & 128) === 0 ? value : value - 256 ** bytes.length;
}
