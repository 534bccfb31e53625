// What was spoken: one record of the text, the timed words and the sound. The transcript, the history and what a model is told are all
// derived from it, so that a cut cuts all of them.
import type { SpokenWord } from '../facts.ts';
import { heardText as heardOf } from './heard-text.ts';

export interface Speech {
  /** All the words of the answer, heard or not. */
  text: string;
  words: SpokenWord[];
  /** The fillers it begins with, which are not the model's own words, and the length of their sound. */
  filler: string;
  leadMs: number;
  madeMs: number;
  /** Up to where it was heard; undefined while nothing says otherwise. */
  heardMs: number | undefined;
  /** What the client itself said was heard: our own reckoning does not overrule it. */
  clientCutMs: number | undefined;
}

export function newSpeech(): Speech {
  return { text: '', words: [], filler: '', leadMs: 0, madeMs: 0, heardMs: undefined, clientCutMs: undefined };
}

/** The words that were heard whole: rounded down, so that the model never believes it said more. */
export function heardText({ text, words, heardMs, madeMs }: Speech): string {
  return heardOf(text, words, heardMs, madeMs);
}

/** The same without the fillers before it: those the model never said, and is not to learn from itself. */
export function heardAnswer(speech: Speech): string {
  const heard = heardText(speech);
  return heard.startsWith(speech.filler) ? heard.slice(speech.filler.length) : '';
}
