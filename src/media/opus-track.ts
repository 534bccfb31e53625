// An Opus stream taken out of its file: its packets, and what its header says of them (RFC 7845, RFC 6716). Decodes nothing.

/** The rate Opus counts in, whatever it was recorded at. */
export const OPUS_RATE_HZ = 48_000;

/** A packet of 120 ms in frames of 2.5 ms, each as large as a frame may be, and what is written before them. */
const MOST_PACKET_BYTES = 48 * 1277 + 2;
const MOST_PACKET_SAMPLES = 5760;

export interface OpusHead {
  /** Samples at OPUS_RATE_HZ that come out of the decoder before the sound begins. */
  readonly preSkip: number;
  /** To be applied by the decoder, in 256ths of a decibel. */
  readonly gain: number;
}

export interface OpusTrack extends OpusHead {
  readonly packets: readonly Uint8Array[];
  /** Samples at OPUS_RATE_HZ at the end of the last packet that are not part of the sound. */
  readonly padding: number;
}

/** Gathers packets up to a length; what is no packet of Opus is left out, as though it had been lost. */
export class OpusPackets {
  readonly list: Uint8Array[] = [];
  /** The length of all of them, in samples at OPUS_RATE_HZ. */
  samples = 0;
  readonly #mostMs: number;

  constructor(mostMs: number) {
    this.#mostMs = mostMs;
  }

  add(packet: Uint8Array): void {
    const samples = packetSamples(packet);
    if (samples === 0) return;
    this.samples += samples;
    if ((this.samples * 1000) / OPUS_RATE_HZ > this.#mostMs) throw new Error(`the sound is longer than ${this.#mostMs / 60_000} minutes`);
    this.list.push(packet);
  }
}

/** How many samples at OPUS_RATE_HZ a packet holds; 0 when it is none (RFC 6716, 3.1). */
export function packetSamples(packet: Uint8Array): number {
  const [toc, second = 0] = packet;
  if (toc === undefined || packet.length > MOST_PACKET_BYTES) return 0;
  const config = toc >> 3;
  const code = toc & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : second & 63;
  const samples = frames * frameSamples(config);
  return samples > MOST_PACKET_SAMPLES ? 0 : samples;
}

function frameSamples(config: number): number {
  // SILK: 10, 20, 40, 60 ms; hybrid: 10, 20 ms; CELT: 2.5, 5, 10, 20 ms.
  if (config < 12) return config % 4 === 3 ? 2880 : 480 << (config % 4);
  if (config < 16) return 480 << (config % 2);
  return 120 << (config % 4);
}

/** Reads `OpusHead`. Throws Error with the reason when it is none, or one of more than two channels. */
export function readOpusHead(bytes: Uint8Array): OpusHead {
  if (!isOpusHead(bytes) || bytes.length < 19) throw new Error('the header of the Opus stream is broken');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(8) > 15) throw new Error('a version of Opus that is not known');
  if (view.getUint8(9) > 2 || view.getUint8(18) > 1) throw new Error('Opus with more than two channels is not supported');
  return { preSkip: view.getUint16(10, true), gain: view.getInt16(16, true) };
}

export function isOpusHead(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(0, 8)) === 'OpusHead';
}
