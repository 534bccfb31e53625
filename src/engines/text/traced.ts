// Text that is rewritten step by step while each of its characters keeps knowing which words of the original it stands for.

/** The first and the last word of the original, counted from 0. */
export interface Origin {
  readonly first: number;
  readonly last: number;
}

export interface OriginalWord {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What stands in place of a match; undefined leaves it. */
export type Rewrite = (match: RegExpExecArray, text: string) => string | undefined;

export class TracedText {
  /** Of the original: what stands between white space. */
  readonly words: readonly OriginalWord[];
  #text: string;
  /** For each character of the text the numbers of the first and the last word. */
  #first: number[] = [];
  #last: number[] = [];

  constructor(original: string) {
    this.words = Array.from(original.matchAll(/\S+/g), (match) => ({
      text: match[0],
      start: match.index,
      end: match.index + match[0].length,
    }));
    this.#text = original;
    let word = 0;
    for (let i = 0; i < original.length; i++) {
      // White space counts to the word before it.
      while (word + 1 < this.words.length && i >= (this.words[word + 1] as OriginalWord).start) word++;
      this.#first.push(word);
      this.#last.push(word);
    }
  }

  get text(): string {
    return this.#text;
  }

  /** Of the stretch of the text as it is now; a stretch of at least one character. */
  origin(from: number, to: number): Origin {
    let [first, last] = [Number.POSITIVE_INFINITY, 0];
    for (let i = from; i < to; i++) {
      first = Math.min(first, this.#first[i] as number);
      last = Math.max(last, this.#last[i] as number);
    }
    return { first, last };
  }

  /** `pattern` has the flag g. */
  replace(pattern: RegExp, rewrite: Rewrite | string): void {
    const text = this.#text;
    let out = '';
    const first: number[] = [];
    const last: number[] = [];
    let done = 0;
    const keep = (to: number) => {
      out += text.slice(done, to);
      for (let i = done; i < to; i++) {
        first.push(this.#first[i] as number);
        last.push(this.#last[i] as number);
      }
    };
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
      const [old] = match;
      if (old === '') {
        pattern.lastIndex++;
        continue;
      }
      const said = typeof rewrite === 'string' ? rewrite : rewrite(match, text);
      if (said === undefined || said === old) continue;
      keep(match.index);
      done = match.index + old.length;
      out += said;
      for (const origin of this.#align(old, match.index, said)) {
        first.push(origin.first);
        last.push(origin.last);
      }
    }
    if (done === 0) return;
    keep(text.length);
    this.#text = out;
    this.#first = first;
    this.#last = last;
  }

  /**
   * For each character of what is said, where it comes from. Words that stay (`3:30 PM` → `three thirty P.M.`) keep their place; those
   * between two of them come from what stood between.
   */
  #align(old: string, at: number, said: string): Origin[] {
    const whole = this.origin(at, at + old.length);
    if (whole.first === whole.last) return Array.from({ length: said.length }, () => whole);
    const oldWords = splitWords(old);
    const newWords = splitWords(said);
    const place = ({ start, end }: { start: number; end: number }) => this.origin(at + start, at + end);
    const matches: number[] = [];
    let next = 0;
    for (const { bare } of newWords) {
      const found = bare === '' ? -1 : oldWords.findIndex((word, i) => i >= next && word.bare === bare);
      matches.push(found);
      if (found >= 0) next = found + 1;
    }
    const origins: Origin[] = Array.from({ length: said.length }, () => whole);
    let before = -1;
    newWords.forEach((word, i) => {
      const own = matches[i] as number;
      const after = own >= 0 ? own : (matches.slice(i).find((match) => match >= 0) ?? oldWords.length);
      if (own >= 0) before = own;
      const between = own >= 0 ? oldWords.slice(own, own + 1) : oldWords.slice(before + 1, after);
      // Said in addition: it counts to the word before it, or else to the one after it.
      const from = between.length > 0 ? between : oldWords.slice(Math.max(0, before), Math.max(0, before) + 1);
      const [head, tail] = [from[0], from.at(-1)];
      if (head && tail) origins.fill(place({ start: head.start, end: tail.end }), word.start, word.end);
    });
    return origins;
  }
}

function splitWords(text: string): { start: number; end: number; bare: string }[] {
  return Array.from(text.matchAll(/\S+/g), (match) => ({
    start: match.index,
    end: match.index + match[0].length,
    bare: bareWord(match[0]),
  }));
}

/** Without case and marks, but with the points of numbers. */
function bareWord(word: string): string {
  const bare = word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '').toLowerCase();
  return /\d/.test(bare) ? bare : bare.replaceAll('.', '');
}
