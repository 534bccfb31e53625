// The text of one speech for a service that is sent it piece by piece: clauses as they come, those that wait joined, and nothing that has no word in
// it by itself.

/** So much may wait here; the rest waits where it comes from. */
const MOST_WAITING = 64 * 1024;
const WORD = /[\p{L}\p{N}]/u;

type End = { readonly name: 'ended' } | { readonly name: 'failed'; readonly error: unknown };

export class SpokenText {
  #waiting: string[] = [];
  #length = 0;
  #state: { readonly name: 'open' } | End = { name: 'open' };
  #wake: (() => void) | undefined;
  #room: (() => void) | undefined;

  /** Reads from then on until the signal fires, which ends the text. */
  constructor(source: AsyncIterable<string>, signal: AbortSignal) {
    if (signal.aborted) {
      this.#state = { name: 'ended' };
      return;
    }
    const iterator = source[Symbol.asyncIterator]();
    const leave = () => {
      this.#waiting = [];
      this.#end({ name: 'ended' });
      // Not awaited: a source that hangs must not hold up the one who leaves.
      iterator.return?.(undefined)?.catch(() => {});
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#read(iterator)
      .then(
        () => this.#end({ name: 'ended' }),
        (error: unknown) => this.#end({ name: 'failed', error }),
      )
      .finally(() => signal.removeEventListener('abort', leave));
  }

  /** What has come by now and can be said, no more than so many characters of it; waits for something. Undefined at the end. */
  async next(mostCharacters: number): Promise<string | undefined> {
    for (;;) {
      const text = this.#cut(mostCharacters);
      if (text !== undefined) return text;
      if (this.#state.name === 'failed') throw this.#state.error;
      if (this.#state.name === 'ended') return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async #read(source: AsyncIterator<string>): Promise<void> {
    for (let next = await source.next(); !next.done; next = await source.next()) {
      if (this.#state.name !== 'open') return;
      this.#waiting.push(next.value);
      this.#length += next.value.length;
      this.#wake?.();
      while (this.#length > MOST_WAITING && this.#state.name === 'open') await new Promise<void>((resolve) => (this.#room = resolve));
    }
  }

  #end(state: End): void {
    if (this.#state.name !== 'open') return;
    this.#state = state;
    this.#wake?.();
    this.#room?.();
  }

  #cut(most: number): string | undefined {
    let text = '';
    let taken = 0;
    for (const clause of this.#waiting) {
      const longer = joined(text, clause);
      // What has no word in it yet is nothing to stop at.
      if (longer.length > most && WORD.test(text)) break;
      text = longer;
      taken += 1;
    }
    if (!WORD.test(text)) return undefined;
    this.#waiting.splice(0, taken);
    if (text.length > most) {
      const end = cutAt(text, most);
      this.#waiting.unshift(text.slice(end));
      text = text.slice(0, end);
    }
    this.#length = this.#waiting.reduce((sum, { length }) => sum + length, 0);
    this.#room?.();
    return text;
  }
}

/** Clauses come with the space behind them; a source that leaves it out does not mean one word. */
function joined(text: string, clause: string): string {
  const isApart = text === '' || /[\s\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]$/.test(text) || /^\s/.test(clause);
  return isApart ? text + clause : `${text} ${clause}`;
}

/** At a space, or else anywhere but between the two halves of a character. */
function cutAt(text: string, most: number): number {
  const space = text.lastIndexOf(' ', most - 1) + 1;
  if (space > 0 && WORD.test(text.slice(0, space))) return space;
  return text.slice(0, most).isWellFormed() ? most : most - 1;
}
