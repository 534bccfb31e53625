// Sound as the bytes of a call's format: how long they last, what silence is in it, and what samples are.
import { encodeALaw, encodeMuLaw } from '../../media/g711.ts';
import { toBytes } from '../../media/pcm.ts';
import { type AudioFormat, bytesPerSample, sampleRateHz } from '../../protocol/audio-format.ts';
import { FRAME_MS } from '../rtp/call-rate.ts';

const silentBytes = { 'audio/pcmu': 0xff, 'audio/pcma': 0xd5, 'audio/pcm': 0 } as const;
/** Of 16-bit samples: below it there is nothing to be heard. */
const quietPeak = 200;
/** The codes of G.711 whose samples are below that: the smallest 21 of mu-law, the smallest 13 of A-law. */
const quietCodes = { 'audio/pcmu': 21, 'audio/pcma': 13 } as const;

export interface SoundBytes {
  readonly format: AudioFormat;
  readonly rateHz: number;
  readonly perMs: number;
  /** Of 20 ms. */
  readonly frameBytes: number;
  /** The bytes of whole samples for so many milliseconds. */
  of(ms: number): number;
  silence(bytes: number): Uint8Array;
  /** Whether there is nothing to be heard in it. */
  isQuiet(sound: Uint8Array): boolean;
  from(samples: Int16Array): Uint8Array;
}

export function soundBytes(format: AudioFormat): SoundBytes {
  const { type } = format;
  const rateHz = sampleRateHz(format);
  const size = bytesPerSample(format);
  return {
    format,
    rateHz,
    perMs: (size * rateHz) / 1000,
    frameBytes: size * Math.round((rateHz * FRAME_MS) / 1000),
    of: (ms) => size * Math.round((rateHz * ms) / 1000),
    silence: (bytes) => new Uint8Array(bytes).fill(silentBytes[type]),
    isQuiet: type === 'audio/pcm' ? areQuietSamples : (sound) => areQuietCodes(sound, type),
    from(samples) {
      if (type === 'audio/pcm') return toBytes(samples);
      return type === 'audio/pcmu' ? encodeMuLaw(samples) : encodeALaw(samples);
    },
  };
}

function areQuietSamples(sound: Uint8Array): boolean {
  for (let i = 0; i + 1 < sound.length; i += 2) {
    const sample = (((sound[i] as number) | ((sound[i + 1] as number) << 8)) << 16) >> 16;
    if (sample > quietPeak || sample < -quietPeak) return false;
  }
  return true;
}

/** A code's magnitude lies in its lower seven bits, inverted as its law says. */
function areQuietCodes(sound: Uint8Array, type: keyof typeof quietCodes): boolean {
  const inverted = type === 'audio/pcmu' ? 0xff : 0x55;
  return sound.every((code) => ((code ^ inverted) & 0x7f) < quietCodes[type]);
}
