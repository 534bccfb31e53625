// Splits text into tokens as the tagger and the lexicon expect them: words, contractions in two, marks apart.

export interface Token {
  readonly text: string;
  /** Where it stands in the text. */
  readonly start: number;
  readonly end: number;
  /** Whether white space follows. */
  readonly spaced: boolean;
}

/** A chunk without white space that is longer is data, not words; it is cut, which keeps the work in proportion. */
const MOST_CHARACTERS = 120;

const small = 'a-zß-öø-ÿ';
const capital = 'A-ZÀ-ÖØ-Þ';
const quotes = `'"”“\`‘´’‚,„»«「」『』（）〔〕【】《》〈〉`;
const marks = '…,:;!?¿¡()\\[\\]{}<>_#*&。？！，、；：～·';
/** A private character stands for a word whose sounds are given (pronunciations.ts): a token of its own. */
const icons = '™®©°§¶†‡•\\u{E000}-\\u{F8FF}';
const money = '(?:US|C|A)?\\$|[£€¥฿₽₹₩₪₺₴₦₫₱₲₵₸₼₾₿]';
const units = 'k?m[²³]?|[dcm]m[²³]?|ha|[µn]m|yd|in|ft|k?g|[mµ]g|lb|oz|m/s|km/h|kmh|mph|h?Pa|mbar|[mkgt]b|[MKGT]B|[tTGMK%]';

const prefix = new RegExp(`^(?:\\.{2,}|[${marks}${quotes}${icons}§%=—–]|\\+(?!\\d)|${money})`, 'u');
const suffix = new RegExp(
  [
    `\\.{2,}$|[${marks}${quotes}${icons}—–]$|['’][sS]$`,
    `(?<=\\d)(?:\\+|${money}|${units})$`,
    // A full stop belongs to the sentence, unless it may belong to a single capital: "J. Smith", but "exit 24B."
    `(?<=[\\d${small}%²\\-+${marks}${quotes}]|[${capital}\\d][${capital}])\\.$`,
  ].join('|'),
  'u',
);
const infix = new RegExp(
  [
    '\\.{2,}|…',
    `[${icons}]`,
    '(?<=\\d)[+\\-*^](?=[\\d-])',
    `(?<=[${small}${quotes}])\\.(?=[${capital}${quotes}])`,
    '(?<=\\p{L}),(?=\\p{L})',
    '(?<=[\\p{L}\\p{N}])(?:---|--|——|[-–—~:<>=/])(?=\\p{L})',
  ].join('|'),
  'gu',
);

export class Tokeniser {
  readonly #exceptions: ReadonlyMap<string, readonly string[]>;

  constructor(exceptions: ReadonlyMap<string, readonly string[]>) {
    this.#exceptions = exceptions;
  }

  split(text: string): Token[] {
    const tokens: Token[] = [];
    for (const chunk of text.matchAll(/\S+/g)) {
      for (let from = 0; from < chunk[0].length; from += MOST_CHARACTERS) {
        const part = chunk[0].slice(from, from + MOST_CHARACTERS);
        let start = chunk.index + from;
        for (const piece of this.#splitChunk(part)) {
          const end = start + piece.length;
          tokens.push({ text: piece, start, end, spaced: /\s/.test(text[end] ?? '') });
          start = end;
        }
      }
    }
    return tokens;
  }

  #splitChunk(chunk: string): string[] {
    const whole = this.#exceptions.get(chunk);
    if (whole) return [...whole];
    const before: string[] = [];
    const after: string[] = [];
    let rest = chunk;
    while (rest !== '' && !this.#exceptions.has(rest)) {
      const head = prefix.exec(rest)?.[0] ?? '';
      const withoutHead = rest.slice(head.length);
      if (head !== '' && this.#exceptions.has(withoutHead)) {
        before.push(head);
        rest = withoutHead;
        break;
      }
      const tail = suffix.exec(withoutHead)?.[0] ?? '';
      const withoutTail = rest.slice(0, rest.length - tail.length);
      if (tail !== '' && this.#exceptions.has(withoutTail)) {
        after.unshift(tail);
        rest = withoutTail;
        break;
      }
      if (head === '' && tail === '') break;
      if (head !== '') before.push(head);
      if (tail !== '') after.unshift(tail);
      rest = rest.slice(head.length, rest.length - tail.length);
    }
    return this.#rejoin([...before, ...(this.#exceptions.get(rest) ?? splitInside(rest)), ...after]);
  }

  /** Pieces that together are an exception after all: `Sept` and `.`. */
  #rejoin(pieces: readonly string[]): string[] {
    if (pieces.length === 1) return [...pieces];
    const joined: string[] = [];
    for (let i = 0; i < pieces.length; ) {
      const found = [3, 2].flatMap((length) => {
        const exception = i + length <= pieces.length ? this.#exceptions.get(pieces.slice(i, i + length).join('')) : undefined;
        return exception ? [{ exception, length }] : [];
      })[0];
      joined.push(...(found?.exception ?? [pieces[i] as string]));
      i += found?.length ?? 1;
    }
    return joined;
  }
}

function splitInside(rest: string): string[] {
  const pieces: string[] = [];
  let done = 0;
  for (const match of rest.matchAll(infix)) {
    if (match.index === 0) continue;
    if (match.index > done) pieces.push(rest.slice(done, match.index));
    pieces.push(match[0]);
    done = match.index + match[0].length;
  }
  if (done < rest.length) pieces.push(rest.slice(done));
  return pieces;
}
