// What the engine and its worker say to each other.
import { DENOISE_RATE_HZ, type MicrophoneField } from '../../engine.ts';

/**
 * How many samples what comes out lies behind what went in: RNNoise itself holds back 20 ms, the frame that is not full yet up to 10 ms, the
 * two changes of rate 2 ms. That is 511 samples; 512 are one window of the voice activity detector.
 */
export const DELAY = 512;
export const DELAY_MS = (DELAY * 1000) / DENOISE_RATE_HZ;
/** Samples of one stream that are filtered in one go: 100 ms, so that the streams take turns. */
export const PIECE = 1600;

export type DenoiseJob =
  | {
      readonly kind: 'filter';
      readonly stream: number;
      readonly samples: Int16Array;
      /** With the first piece of a stream: a new filter is made, and given the sound that came before. */
      readonly start?: { readonly field: MicrophoneField; readonly strength: number; readonly before: Int16Array };
    }
  | { readonly kind: 'forget'; readonly stream: number };

/** One for each piece, in the order of the pieces. */
export interface DenoiseResult {
  readonly stream: number;
  readonly samples: Int16Array;
}
