// The words of a text as they are compared with spoken ones: without signs, case and accents of typography. Read as far as they are asked for.

/** `key` is what is compared; the places are those of the word in the text. */
export interface Written {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly isNumber: boolean;
}

/** Scripts that put no spaces between words: each character stands for itself. */
const unspaced = String.raw`\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}`;
const letter = String.raw`[[\p{L}\p{M}]--[${unspaced}]]`;
const patterns = [
  // `U.S.`, `e.g.`, `p.m`.
  String.raw`(?:${letter}\.){2,}(?:${letter}(?!${letter}))?`,
  // `100`, `1,000.50`, `10:30`, `3rd`.
  String.raw`(?<number>\p{N}+(?:[.,:]\p{N}+)*${letter}*)`,
  // `don't`, `B2B`.
  String.raw`${letter}(?:${letter}|\p{N})*(?:['’]${letter}+)*`,
  String.raw`[[\p{L}]&&[${unspaced}]]\p{M}*`,
];
const word = new RegExp(patterns.join('|'), 'gv');

export class WrittenWords {
  readonly #text: string;
  readonly #words: Written[] = [];
  #readTo = 0;

  constructor(text: string) {
    this.#text = text;
  }

  at(index: number): Written | undefined {
    while (this.#words.length <= index && this.#more());
    return this.#words[index];
  }

  *rest(): Generator<Written> {
    for (let index = 0; ; index += 1) {
      const next = this.at(index);
      if (!next) return;
      yield next;
    }
  }

  #more(): boolean {
    if (this.#readTo > this.#text.length) return false;
    word.lastIndex = this.#readTo;
    const match = word.exec(this.#text);
    if (!match) {
      this.#readTo = this.#text.length + 1;
      return false;
    }
    const [found] = match;
    this.#readTo = match.index + found.length;
    const isNumber = match.groups?.['number'] !== undefined;
    this.#words.push({ key: keyOf(found, isNumber), start: match.index, end: this.#readTo, isNumber });
    return true;
  }
}

function keyOf(found: string, isNumber: boolean): string {
  const plain = found.normalize('NFKC').toLowerCase();
  return plain.replace(isNumber ? /,/g : /['’.]/g, '');
}
