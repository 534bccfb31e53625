// What was spoken: one record of the text, the timed words and the sound. The transcript, the history and what a model is told are all
// derived from it, so that a cut cuts all of them.
import type { SpokenWord } from '../facts.ts';

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

/** Nobody speaks faster than this; it bounds the guess where the engine gives no word times. */
const mostCharactersPerMs = 0.02;

/** The words that were heard whole: rounded down, so that the model never believes it said more. */
export function heardText(speech: Speech): string {
  const { heardMs, text } = speech;
  if (heardMs === undefined) return text;
  if (speech.words.length > 0)
    return textUpTo(
      text,
      speech.words.filter((word) => word.endMs <= heardMs).map((word) => word.text),
    );
  const share = speech.madeMs > 0 ? heardMs / speech.madeMs : 0;
  const characters = Math.floor(Math.min(text.length * share, heardMs * mostCharactersPerMs));
  if (characters >= text.length) return text;
  const lastSpace = text.slice(0, characters + 1).search(/\s\S*$/);
  return lastSpace < 0 ? '' : text.slice(0, lastSpace).trimEnd();
}

/** The same without the fillers before it: those the model never said, and is not to learn from itself. */
export function heardAnswer(speech: Speech): string {
  const heard = heardText(speech);
  return heard.startsWith(speech.filler) ? heard.slice(speech.filler.length) : '';
}

/** The head of `text` that these words, in order, reach to. Engines may speak a word otherwise than it is written: those are passed by. */
function textUpTo(text: string, words: readonly string[]): string {
  const lower = text.toLowerCase();
  let end = 0;
  for (const word of words) {
    const key = word.toLowerCase().replace(/^[^\p{L}\p{N}]+|(?<=[\p{L}\p{N}])[^\p{L}\p{N}]+$/gu, '');
    if (key === '') continue;
    const at = lower.indexOf(key, end);
    if (at >= 0 && at - end < 40) end = at + key.length;
  }
  if (end === 0) return '';
  const trailing = /^[^\s\p{L}\p{N}]*/u.exec(text.slice(end))?.[0] ?? '';
  return text.slice(0, end) + trailing;
}
