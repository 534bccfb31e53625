// What a tape is: lines of JSON, the header first. Times are whole microseconds since the session was born, so that they are exact in few digits.
import type { Birth } from '../../session/birth.ts';

/**
 * Of the lines, as they are written here: a reader that knows another number says so. In format 1 what came of a model was told of a response
 * (`reply.*`), and not of a run (`run.*`).
 */
export const tapeFormat = 2;

export const tapeSuffix = '.tape.jsonl';
/** The file beside it: the bytes of sound that the tape names, one after the other. */
export const soundSuffix = '.sound';

/** The first line. */
export interface TapeHeader {
  readonly tape: number;
  /** The version of the server that wrote it. */
  readonly parley: string;
  /** When the session was born, by the wall and by the clock that the session was told (in microseconds). */
  readonly startedAt: string;
  readonly startUs: number;
  readonly birth: Birth;
  /** Whether a file with the sound lies beside it. */
  readonly sound: boolean;
}

/** What stands in a line for bytes of sound, for the same in base64 (by the characters), and for a picture that is written in its own address. */
export type Mark = { readonly $bytes: number } | { readonly $base64: number } | { readonly $picture: string; readonly characters: number };

/** Effects and facts are as `plain.ts` writes them. */
export type TapeLine =
  /** The first effects of all. */
  | { readonly us: number; readonly opened: readonly unknown[] }
  /** One step. Without `effects` there were none; `threw` is a fault of ours that ended the session. */
  | { readonly us: number; readonly fact: unknown; readonly effects?: readonly unknown[]; readonly threw?: string }
  /** Steps of `audio.reached` that had no effects, three numbers each: when, `receivedMs`, `decidedMs`. */
  | { readonly heard: readonly number[] }
  /** So many bytes of sound came in; they are the next in the file of the sound. */
  | { readonly us: number; readonly sound: number }
  /** The end. `cut`: more happened than could be written. A tape without an end comes of a process that was killed. */
  | { readonly us: number; readonly end: 'over' | 'cut' };
