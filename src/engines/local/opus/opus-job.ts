// What the engine and its worker say to each other, and the bounds both keep.

/** A file may be this large, and its sound this long. */
export const MOST_BYTES = 15 * 1024 * 1024;
export const MOST_MS = 600_000;

export interface DecodeJob {
  readonly bytes: Uint8Array;
  readonly rateHz: number;
}
