// Asides: short things said beside the answer (backchannels and fillers). A small model may be asked for the words, a voice speaks them,
// and their sound comes whole: an aside is heard altogether or not at all.
import type { AudioFormat } from '../protocol/audio-format.ts';
import type { SpeechManner } from './speech-manner.ts';

/** An aside on its way: at the latest at `deadlineAtMs` it is there or given up. */
export type Making =
  | { state: 'none' }
  | { state: 'asking'; aside: string; deadlineAtMs: number }
  | { state: 'voicing'; aside: string; text: string; deadlineAtMs: number };

export const nothing: Making = { state: 'none' };

/** What a small model is to do. */
export interface AskOrder {
  aside: string;
  model: string;
  temperature: number;
  maxOutputTokens: number;
}

/** What the session's voice is to say. */
export interface SpeakOrder {
  aside: string;
  text: string;
  voice: string;
  ttsModel: string;
  speed: number;
  manner: SpeechManner;
  format: AudioFormat;
  gain: number;
}

export interface Backchannel {
  /** The open turn: since when it is, what has been understood of it, and how often it has been acknowledged. */
  turn: { item: string; sinceMs: number; words: string; given: number } | undefined;
  /** When the last decision was asked for, and when the last acknowledgement will have been heard. */
  decidedAtMs: number | undefined;
  heardAtMs: number | undefined;
  making: Making;
}

export interface Filler {
  /** The answer that is waited for, and since when. */
  answer: { response: string; sinceMs: number } | undefined;
  /** Fillers since the user last spoke. */
  given: number;
  /** When the last one will have been heard. */
  heardAtMs: number | undefined;
  making: Making;
}

export function noBackchannel(): Backchannel {
  return { turn: undefined, decidedAtMs: undefined, heardAtMs: undefined, making: nothing };
}

export function noFiller(): Filler {
  return { answer: undefined, given: 0, heardAtMs: undefined, making: nothing };
}
