// Words out of the times of characters, which count from the beginning of the sound that they come with. A word may end in a later sound.
import type { Word } from '../../engine.ts';
import { listOf } from './access.ts';

export class CharacterWords {
  #word: Word | undefined;
  /** How long the sound lasted that came last, as far as its characters tell. */
  #lastedMs = 0;

  /** The words that are whole by now, timed from the beginning of this sound: those begun in the one before have begun before it. */
  push(characters: unknown, startsMs: unknown, durationsMs: unknown): Word[] {
    const [starts, durations] = [listOf(startsMs), listOf(durationsMs)];
    const whole: Word[] = [];
    const word = this.#word;
    if (word) this.#word = { ...word, startMs: word.startMs - this.#lastedMs, endMs: word.endMs - this.#lastedMs };
    this.#lastedMs = 0;
    for (const [i, character] of listOf(characters).entries()) {
      const startMs = Number(starts[i]);
      const endMs = startMs + Number(durations[i]);
      if (typeof character !== 'string' || !(endMs >= startMs)) continue;
      this.#lastedMs = endMs;
      if (character.trim() === '') whole.push(...this.end());
      else this.#word = { text: (this.#word?.text ?? '') + character, startMs: this.#word?.startMs ?? startMs, endMs };
    }
    return whole;
  }

  /** The last word, which no space has ended. */
  end(): Word[] {
    const word = this.#word;
    this.#word = undefined;
    return word ? [word] : [];
  }
}
