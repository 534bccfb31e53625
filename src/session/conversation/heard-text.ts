// Which of an answer's text was heard, as far as the times of its words tell. Voices may say a word otherwise than it is written ("$100", "Dr.") and
// leave things out (an emoji), so that the two are laid along each other; in doubt it is less, so that the model never believes it said more.
import type { SpokenWord } from '../facts.ts';
import { type Written, WrittenWords } from './written-words.ts';

/** Nobody speaks faster than this; it bounds the guess where the engine gives no word times. */
const mostCharactersPerMs = 0.02;
/** So many written words may be passed by at once. */
const mostPassedBy = 64;
/** A word of so many letters is hardly met by chance. */
const tellingLetters = 4;

/** How much was done, for who wants to know: spoken words read, and comparisons. */
interface Effort {
  steps: number;
}

/** What was heard of `text` by `heardMs` of the `madeMs` of its sound; undefined is all of it. */
export function heardText(
  text: string,
  words: readonly SpokenWord[],
  heardMs: number | undefined,
  madeMs: number,
  effort: Effort = { steps: 0 },
): string {
  if (heardMs === undefined) return text;
  if (words.length > 0) return text.slice(0, new Alignment(text, words, effort).endAt(heardMs));
  const share = madeMs > 0 ? heardMs / madeMs : 0;
  return text.slice(0, wholeWords(text, Math.floor(Math.min(text.length * share, heardMs * mostCharactersPerMs))));
}

/** A written word's key as it was spoken, and the number of the spoken word that it is part of. */
interface Key {
  readonly key: string;
  readonly word: number;
}

/** Lays the spoken words along the written ones, no further than was heard. */
class Alignment {
  readonly #text: string;
  readonly #written: WrittenWords;
  readonly #words: readonly SpokenWord[];
  readonly #effort: Effort;
  readonly #keys: Key[] = [];
  #read = 0;

  constructor(text: string, words: readonly SpokenWord[], effort: Effort) {
    this.#text = text;
    this.#written = new WrittenWords(text);
    this.#words = words;
    this.#effort = effort;
  }

  /** Where the text ends that was heard by then. */
  endAt(heardMs: number): number {
    let next = 0;
    let end: number | undefined;
    /** Words that were spoken since the two last met. */
    let apart = 0;
    for (let at = 0; ; at += 1) {
      const spoken = this.#key(at);
      if (!spoken) break;
      const isHeard = (this.#words[spoken.word] as SpokenWord).endMs <= heardMs;
      // What follows may show that the words before it, which met nothing, were all there was of what is written there.
      if (!isHeard && apart === 0) break;
      const met = this.#meet(at, next, apart);
      if (met === undefined) {
        if (!isHeard) break;
        apart += 1;
        continue;
      }
      if (!isHeard) {
        const before = this.#written.at(met - 1);
        if (met > next && before && met - next <= apart) end = before.end;
        break;
      }
      // Of a spoken word in several parts the last one ends it, and all of them were heard.
      end = (this.#written.at(met) as Written).end;
      next = met + 1;
      apart = 0;
    }
    return end === undefined ? 0 : end + closingAt(this.#text, end);
  }

  /** The written word, from `next` on, that the spoken one is; `apart` spoken words before it met nothing. */
  #meet(at: number, next: number, apart: number): number | undefined {
    const { key } = this.#key(at) as Key;
    const first = this.#written.at(next);
    if (!first) return undefined;
    if (first.key === key && apart === 0) return next;
    // What stands there in digits is being read out.
    if (first.isNumber && first.key !== key && isNumberWord(key)) return undefined;
    let numbers = 0;
    for (let place = next; place - next <= mostPassedBy; place += 1) {
      const written = this.#written.at(place);
      this.#effort.steps += 1;
      if (!written) return undefined;
      if (written.key === key && this.#agrees(at, place, place - next - apart, numbers)) return place;
      if (written.isNumber) numbers += 1;
    }
    return undefined;
  }

  /** Whether so many words from there on are the same that it is no chance: `short` and `numbers` as in `needed`. */
  #agrees(at: number, place: number, short: number, numbers: number): boolean {
    const count = needed((this.#key(at) as Key).key, short, numbers);
    for (let more = 1; more < count; more += 1) {
      const spoken = this.#key(at + more);
      const written = this.#written.at(place + more);
      this.#effort.steps += 1;
      // All that was made and all that is written may end together.
      if (!spoken && !written) return short <= 0;
      if (spoken?.key !== written?.key) return false;
    }
    return true;
  }

  #key(at: number): Key | undefined {
    while (this.#keys.length <= at && this.#read < this.#words.length) {
      const { text } = this.#words[this.#read] as SpokenWord;
      this.#effort.steps += 1;
      for (const { key } of new WrittenWords(text).rest()) this.#keys.push({ key, word: this.#read });
      this.#read += 1;
    }
    return this.#keys[at];
  }
}

/**
 * How many words must be the same for the two to meet again. Every written word takes at least one to say: where fewer were spoken (`short` of
 * them), something was left out, which happens seldom, and with numbers hardly ever.
 */
function needed(key: string, short: number, numbers: number): number {
  if (short > 0) return 2 + Math.min(short, 3) + (numbers > 0 ? 2 : 0);
  return key.length >= tellingLetters ? 1 : 2;
}

const numberWords = new Set(
  `zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty
thirty forty fifty sixty seventy eighty ninety hundred thousand million billion trillion point first second third fourth fifth sixth seventh
eighth ninth tenth eleventh twelfth twentieth thirtieth half quarter`.split(/\s+/),
);

function isNumberWord(key: string): boolean {
  return numberWords.has(key) || numberWords.has(key.replace(/s$/, ''));
}

/** How much of what closes a word or a sentence stands there. A sign that is spoken (`%`) is a word of its own. */
function closingAt(text: string, at: number): number {
  const closing = /(?:(?![%&@#/\\])[\p{Pe}\p{Pf}\p{Po}\p{Pc}])*/uy;
  closing.lastIndex = at;
  const length = closing.exec(text)?.[0].length ?? 0;
  // Within a word or a number it closes nothing, but where words are not parted by spaces.
  const isWithin = /^[\p{L}\p{N}]/u.test(text.slice(at + length, at + length + 2));
  return isWithin && !/[\u3000-\u303f\uff00-\uffef]$/.test(text.slice(at, at + length)) ? 0 : length;
}

/** The last place up to `most` where a word ends. */
function wholeWords(text: string, most: number): number {
  if (most >= text.length) return text.length;
  let end = 0;
  for (const { start, end: ends } of new WrittenWords(text).rest()) {
    if (ends > most) break;
    // What closes the word may come only when the next one is being said.
    end = start < most ? Math.min(most, ends + closingAt(text, ends)) : end;
  }
  return end;
}
