// The voice of a call as G.711: bytes at 8 kHz, which the plug's rate is made of and made to. What is lost is guessed from the pitch of what
// was heard before it and after it.
import { decodeALaw, decodeMuLaw, encodeALaw, encodeMuLaw } from '../../media/g711.ts';
import { Resampler } from '../../media/resample.ts';
import { CALL_RATE_HZ, FRAME_MS } from './call-rate.ts';
import { PitchGuess } from './pitch-guess.ts';
import type { VoiceDecoder, VoiceEncoder } from './voice.ts';

export type Law = 'mu' | 'a';

export const G711_RATE_HZ = 8000;
const SAMPLES_PER_BYTE = CALL_RATE_HZ / G711_RATE_HZ;
/** The longest packet that is taken: a fifth of a second. */
const MOST_BYTES = G711_RATE_HZ / 5;

/** A packet of silence. */
export function g711Silence(law: Law): Uint8Array {
  return new Uint8Array((G711_RATE_HZ * FRAME_MS) / 1000).fill(law === 'mu' ? 0xff : 0xd5);
}

export function createG711Encoder(law: Law): VoiceEncoder {
  const resampler = primed(new Resampler(CALL_RATE_HZ, G711_RATE_HZ), CALL_RATE_HZ);
  const encode = law === 'mu' ? encodeMuLaw : encodeALaw;
  return { encode: (frame) => encode(resampler.process(frame)), free() {} };
}

export function createG711Decoder(law: Law): VoiceDecoder {
  const resampler = primed(new Resampler(G711_RATE_HZ, CALL_RATE_HZ), G711_RATE_HZ);
  const decode = law === 'mu' ? decodeMuLaw : decodeALaw;
  const guess = new PitchGuess();
  const raise = (samples: Int16Array) => resampler.process(samples) as Int16Array<ArrayBuffer>;
  const conceal = (samples: number) => raise(guess.next(Math.round(samples / SAMPLES_PER_BYTE)));
  return {
    length: (packet) => (packet.length <= MOST_BYTES ? packet.length * SAMPLES_PER_BYTE : 0),
    decode: (packet) => raise(guess.hear(decode(packet))),
    // A packet of G.711 repeats nothing of the one before, but shows where the sound goes.
    recover: (packet, samples) => raise(guess.before(decode(packet), Math.round(samples / SAMPLES_PER_BYTE))),
    conceal,
    free() {},
  };
}

/**
 * A resampler holds back what it cannot know yet: 2 ms. With that much silence before the sound it gives exactly as much as it gets, and
 * positions stay time.
 */
function primed(resampler: Resampler, fromHz: number): Resampler {
  resampler.process(new Int16Array((fromHz * 2) / 1000));
  return resampler;
}
