// Cuts a stream of text into clauses that can be spoken by themselves: the first one early, the others at the ends of sentences. A client
// may ask for another cut: whole sentences, the whole text, or the first clause sooner still.
import type { SegmenterStrategy } from '../protocol/provider-data/tts.ts';

interface Cut {
  /** Whether a clause may end at a comma, and how long it must be there: the first, which somebody waits for, and any other. */
  readonly atCommas: false | { readonly first: number; readonly others: number };
  /** Text without any punctuation is cut at a space after so many characters: the first clause, and any other. */
  readonly mostFirst: number;
  readonly most: number;
  /** So far the end of a clause is looked for. Text without an end or a space in it is no speech, and is cut there. */
  readonly reach: number;
}

const balanced: Cut = { atCommas: { first: 4, others: 40 }, mostFirst: 60, most: 180, reach: 800 };
const sentences: Cut = { atCommas: false, mostFirst: 1000, most: 1000, reach: 2000 };
const cuts: Record<Exclude<SegmenterStrategy, 'full_turn'>, Cut> = {
  auto: balanced,
  balanced,
  fast_start: { ...balanced, atCommas: { first: 2, others: 40 }, mostFirst: 24 },
  sentence: sentences,
  per_segment_context: sentences,
};
/** The longest text that is kept for a client who wants all of it at once: an hour of speech. */
const mostAtOnce = 50_000;

const abbreviation = /(?:^|[\s(])(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|approx|e\.g|i\.e|a\.m|p\.m|(?:[A-Z]\.)*[A-Z])\.$/;
/** More letters than the longest of them has; what stands further before its stop is of no account. */
const abbreviationLetters = 16;
/**
 * Where a clause may end: at a mark with the quotation marks and brackets behind it and one space, or at the end of a line. Chinese and
 * Japanese put no space behind theirs: there the next character shows that the mark is all. A row of marks is tried from its beginning
 * only, or a long one would take the square of its length.
 */
const mark =
  /(?<![.!?…;:,—])[.!?…;:,—]+["'”’»)\]]*\s|\n|(?:(?<![。！？｡])[。！？｡]+|(?<![，、；：])[，、；：]+)[”’」』）】》〉｣]*(?=[^。！？｡，、；：”’」』）】》〉｣])/g;
const wideStop = /^[。！？｡]/;
const wideComma = /^[，、；：]/;
/** How many letters one of their characters stands for, about. */
const wideLetters = 3;

export class ClauseSplitter {
  readonly #cut: Cut | undefined;
  #pending = '';
  #first = true;

  constructor(strategy: SegmenterStrategy = 'auto') {
    this.#cut = strategy === 'full_turn' ? undefined : cuts[strategy];
  }

  /** Takes the next piece of text and gives the clauses that are complete by now. */
  push(piece: string): string[] {
    this.#pending += piece;
    const clauses: string[] = [];
    for (;;) {
      const end = this.#nextEnd();
      if (end < 0) return clauses;
      const clause = this.#pending.slice(0, end);
      this.#pending = this.#pending.slice(end);
      if (clause.trim() === '') continue;
      this.#first = false;
      clauses.push(clause);
    }
  }

  /** What is left when the text has ended. */
  flush(): string[] {
    const rest = this.#pending;
    this.#pending = '';
    return rest.trim() === '' ? [] : [rest];
  }

  /**
   * Where the first complete clause ends, or -1. One space belongs to the clause before it: how many more there are may not be known yet,
   * and the clauses are not to depend on how the text was cut. (Those cut for their length do: where the end is known, no cut is needed.)
   */
  #nextEnd(): number {
    const text = this.#pending;
    if (!this.#cut) return text.length > mostAtOnce ? text.length : -1;
    const { atCommas, mostFirst, most, reach } = this.#cut;
    for (const match of text.slice(0, reach).matchAll(mark)) {
      const [ending] = match;
      const end = match.index + ending.length;
      if (wideStop.test(ending)) return end;
      const wide = wideComma.test(ending);
      const body = text.slice(0, wide ? end : end - 1);
      if (ending.endsWith('\n') || /[!?…]["'”’»)\]]*\s$/.test(ending)) return end;
      if (/\.["'”’»)\]]*\s$/.test(ending)) {
        if (!abbreviation.test(body.slice(-abbreviationLetters)) && !/^\s*\d+\.$/.test(body)) return end;
      } else if (atCommas && body.trim().length * (wide ? wideLetters : 1) >= (this.#first ? atCommas.first : atCommas.others)) return end;
    }
    const longest = this.#first ? mostFirst : most;
    if (text.length <= longest) return -1;
    const space = text.lastIndexOf(' ', longest);
    if (space > 0) return space + 1;
    if (text.length <= reach) return -1;
    // Not between the two halves of a character.
    return text.slice(0, reach).isWellFormed() ? reach : reach - 1;
  }
}
