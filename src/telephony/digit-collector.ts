// Keys that a caller presses one after another, as one entry: until `#`, until there are enough of them, or until no more come. Pure: whoever has it
// brings the time, and asks when to come back.

export interface DigitCollecting {
  /** The key that ends an entry and is no part of it; `#` unless told, null for none. */
  readonly endKey?: string | null | undefined;
  /** The entry ends with so many keys. */
  readonly most?: number | undefined;
  /** The entry ends when no key has come for so long; 3000 unless told. */
  readonly pauseMs?: number | undefined;
}

/** What ended an entry. */
export type DigitsEnd = 'key' | 'count' | 'pause';

export interface CollectedDigits {
  readonly digits: string;
  readonly ended: DigitsEnd;
}

const usualPauseMs = 3000;
/** An entry ends with so many keys in any case. */
const mostDigits = 64;

export class DigitCollector {
  readonly #endKey: string | null;
  readonly #most: number;
  readonly #pauseMs: number;
  #digits = '';
  #lastMs = 0;

  constructor({ endKey = '#', most = mostDigits, pauseMs = usualPauseMs }: DigitCollecting = {}) {
    this.#endKey = endKey;
    this.#most = Math.min(most, mostDigits);
    this.#pauseMs = pauseMs;
  }

  /** A key was pressed. Gives the entry that it ends, if it does; one that ends an entry in which there is nothing ends nothing. */
  press(digit: string, nowMs: number): CollectedDigits | undefined {
    // What is due is due, whether or not anybody has come to see.
    const due = this.tick(nowMs);
    if (digit === this.#endKey) return due ?? this.#end('key');
    this.#digits += digit;
    this.#lastMs = nowMs;
    if (due) return due;
    return this.#digits.length >= this.#most ? this.#end('count') : undefined;
  }

  /** When to ask again by `tick`. */
  get wakeAtMs(): number | undefined {
    return this.#digits === '' ? undefined : this.#lastMs + this.#pauseMs;
  }

  /** Gives the entry that has ended by the passing of time, if one has. */
  tick(nowMs: number): CollectedDigits | undefined {
    const { wakeAtMs } = this;
    return wakeAtMs !== undefined && nowMs >= wakeAtMs ? this.#end('pause') : undefined;
  }

  #end(ended: DigitsEnd): CollectedDigits | undefined {
    const digits = this.#digits;
    this.#digits = '';
    return digits === '' ? undefined : { digits, ended };
  }
}

/** What the model is told of an entry: digits apart, or it would read a number. */
export function pressedText(digits: string): string {
  return `The caller pressed ${[...digits].join(' ')}.`;
}

/** The same as the item of a `conversation.item.create`. */
export function pressedItem(digits: string) {
  return { type: 'message', role: 'user', content: [{ type: 'input_text', text: pressedText(digits) }] } as const;
}
