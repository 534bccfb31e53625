// What a codec of the voice must be able to do, at the rate the plug of calls speaks: frames of 20 ms out, packets of any length in.
import { CALL_RATE_HZ, FRAME_MS } from './call-rate.ts';

export const FRAME_SAMPLES = (CALL_RATE_HZ * FRAME_MS) / 1000;

export interface VoiceEncoder {
  /** One packet out of FRAME_SAMPLES samples. */
  encode(frame: Int16Array): Uint8Array;
  free(): void;
}

export interface VoiceDecoder {
  /** How long a packet's sound is, in samples; 0 when it is no packet of this codec. */
  length(packet: Uint8Array): number;
  decode(packet: Uint8Array): Int16Array<ArrayBuffer>;
  /** The last `samples` before a packet, out of what it repeats of them; a guess when it repeats nothing. */
  recover(packet: Uint8Array, samples: number): Int16Array<ArrayBuffer>;
  /** A guess at the `samples` that come next. */
  conceal(samples: number): Int16Array<ArrayBuffer>;
  free(): void;
}
