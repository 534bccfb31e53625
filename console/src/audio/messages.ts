// What the page and its audio worklets tell each other.

/** Sound on the wire. */
export const wireRateHz = 24_000;
/** One report of the worklets, and one append. */
export const frameMs = 20;

/** From the capture worklet, one for each frame. */
export interface CapturedFrame {
  readonly rms: number;
  readonly peak: number;
  /** Absent where only the loudness is wanted. */
  readonly pcm?: Int16Array<ArrayBuffer>;
}

/** To the player. */
export type PlayerOrder =
  | { readonly kind: 'play'; readonly item: string; readonly pcm: Int16Array<ArrayBuffer> }
  /** No more sound of this item comes. */
  | { readonly kind: 'end'; readonly item: string }
  | { readonly kind: 'flush' };

/** From the player. `playedMs` counts the item's own sound that has left for the loudspeaker. */
export type PlayerReport =
  | { readonly kind: 'began'; readonly item: string }
  | { readonly kind: 'ended'; readonly item: string }
  | { readonly kind: 'flushed'; readonly item: string; readonly playedMs: number }
  | { readonly kind: 'level'; readonly rms: number; readonly peak: number };

/** To the player of a call that is listened to: interleaved samples of both sides. */
export type ListenOrder =
  | { readonly kind: 'play'; readonly pairs: Int16Array<ArrayBuffer> }
  | { readonly kind: 'quiet'; readonly quiet: boolean };

/** From it, for each 20 ms. */
export interface ListenReport {
  readonly left: number;
  readonly right: number;
  /** Sound that waits to be played. */
  readonly waitingMs: number;
}
