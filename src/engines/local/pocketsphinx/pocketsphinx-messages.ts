// What the server and a decoder's process say to each other, in the order it is said.
import type { Segment } from './pocketsphinx-native.ts';

export type ToProcess =
  | { kind: 'begin'; utterance: number; words: readonly string[] }
  | { kind: 'audio'; utterance: number; samples: Int16Array }
  | { kind: 'end'; utterance: number }
  | { kind: 'cancel'; utterance: number };

export type FromProcess =
  | { kind: 'ready' }
  /** The model could not be loaded; the process ends itself. */
  | { kind: 'failed'; message: string }
  /** One `audio` message was worked off; with words when the guess changed. */
  | { kind: 'heard'; utterance: number; segments?: Segment[] }
  | { kind: 'final'; utterance: number; segments: Segment[] };
