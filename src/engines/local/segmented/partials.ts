// Guesses at a segment that still grows: only words that two guesses running agree on are shown, and these are not taken back.
import type { TimedWord } from './word-times.ts';
import type { SegmentText } from './transcribe.ts';

interface ShownWord {
  readonly word: TimedWord;
  /** With the marks around it. */
  readonly written: string;
}

export class Partials {
  #before: readonly ShownWord[] = [];
  #stable: readonly ShownWord[] = [];

  /** Takes the newest guess; returns what is stable now. */
  agree(guess: SegmentText): Pick<SegmentText, 'text' | 'words'> {
    const written = guess.text.split(/\s+/);
    const words = guess.words.map((word, i) => ({ word, written: (written.length === guess.words.length && written[i]) || word.text }));
    let same = 0;
    while (same < words.length && same < this.#before.length && bare(words[same]) === bare(this.#before[same])) same++;
    if (same > this.#stable.length) this.#stable = [...this.#stable, ...words.slice(this.#stable.length, same)];
    this.#before = words;
    // Whether the sentence ends here is not known before the next word is.
    const text = this.#stable
      .map(({ written }) => written)
      .join(' ')
      .replace(/[.,;:!?…]+$/, '');
    return { text, words: this.#stable.map(({ word }) => word) };
  }

  /** The segment is over, and another begins. */
  reset(): void {
    this.#before = [];
    this.#stable = [];
  }
}

function bare(shown: ShownWord | undefined): string | undefined {
  return shown?.word.text.toLowerCase().replaceAll(/[^\p{L}\p{N}']/gu, '');
}
