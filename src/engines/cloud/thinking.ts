// Keeps thinking out of the mouth: models served without a reasoning parser write it into their text between <think> tags.

const OPEN = '<think>';
const CLOSE = '</think>';

interface Thought {
  readonly type: 'text' | 'reasoning';
  readonly text: string;
}

/**
 * Splits one reply while it streams. Only a tag that opens the reply counts, so that a model may still talk about tags; what may
 * become a tag is held back until it is one or is not.
 */
export class ThinkingSplitter {
  #state: 'start' | 'thinking' | 'answer' = 'start';
  #held = '';

  push(delta: string): Thought[] {
    if (this.#state === 'answer') return delta === '' ? [] : [{ type: 'text', text: delta }];
    this.#held += delta;
    const thoughts: Thought[] = [];
    if (this.#state === 'start') {
      const begun = this.#held.trimStart();
      if (OPEN.startsWith(begun.slice(0, OPEN.length)) && begun.length < OPEN.length) return [];
      // White space is nothing to say before the first word, nor behind a closing tag.
      if (!begun.startsWith(OPEN)) {
        this.#held = begun;
        return this.#release('text');
      }
      this.#held = begun.slice(OPEN.length);
      this.#state = 'thinking';
    }
    const close = this.#held.indexOf(CLOSE);
    if (close >= 0) {
      if (close > 0) thoughts.push({ type: 'reasoning', text: this.#held.slice(0, close) });
      this.#held = this.#held.slice(close + CLOSE.length).trimStart();
      // White space after the tag may still be on its way.
      if (this.#held !== '') thoughts.push(...this.#release('text'));
      else this.#state = 'start';
      return thoughts;
    }
    const safe = this.#held.length - tagStart(this.#held);
    if (safe > 0) thoughts.push({ type: 'reasoning', text: this.#held.slice(0, safe) });
    this.#held = this.#held.slice(safe);
    return thoughts;
  }

  /** What is left when the reply ends. */
  end(): Thought[] {
    const type = this.#state === 'thinking' ? 'reasoning' : 'text';
    return this.#held.trim() === '' ? [] : this.#release(type);
  }

  #release(type: Thought['type']): Thought[] {
    const text = this.#held;
    this.#held = '';
    this.#state = 'answer';
    return text === '' ? [] : [{ type, text }];
  }
}

/** How many characters at the end of the text may be the beginning of the closing tag. */
function tagStart(text: string): number {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length--) {
    if (CLOSE.startsWith(text.slice(-length))) return length;
  }
  return 0;
}
