// Between the bytes of a session's audio format and samples.
import { decodeALaw, decodeMuLaw, encodeALaw, encodeMuLaw } from '../media/g711.ts';
import { fromBytes, toBytes } from '../media/pcm.ts';
import { type AudioFormat, bytesPerSample, sampleRateHz } from '../protocol/audio-format.ts';

/** Decodes a stream of bytes; a sample cut in two by the chunking is put together again. */
export class WireDecoder {
  readonly format: AudioFormat;
  readonly rateHz: number;
  #odd: number | undefined;

  constructor(format: AudioFormat) {
    this.format = format;
    this.rateHz = sampleRateHz(format);
  }

  decode(bytes: Uint8Array): Int16Array {
    if (this.format.type === 'audio/pcmu') return decodeMuLaw(bytes);
    if (this.format.type === 'audio/pcma') return decodeALaw(bytes);
    let whole = bytes;
    if (this.#odd !== undefined) {
      whole = new Uint8Array(bytes.length + 1);
      whole[0] = this.#odd;
      whole.set(bytes, 1);
    }
    this.#odd = whole.length % 2 === 1 ? whole[whole.length - 1] : undefined;
    return fromBytes(whole);
  }
}

export function encodeWire(format: AudioFormat, samples: Int16Array): Uint8Array {
  if (format.type === 'audio/pcmu') return encodeMuLaw(samples);
  if (format.type === 'audio/pcma') return encodeALaw(samples);
  return toBytes(samples);
}

export function wireMs(format: AudioFormat, byteLength: number): number {
  return (byteLength * 1000) / (bytesPerSample(format) * sampleRateHz(format));
}
