// Cuts a stream of text into clauses that can be spoken by themselves: the first one early, the others at the ends of sentences.

/** A clause may end at a comma once it is this long; the first, which somebody waits for, at any. */
const leastCharacters = 40;
/** Text without any punctuation is cut at a space after so many characters: the first clause, and any other. */
const mostFirst = 60;
const mostCharacters = 180;

const abbreviation = /(?:^|[\s(])(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|approx|e\.g|i\.e|a\.m|p\.m|(?:[A-Z]\.)*[A-Z])\.$/;
/** Where a clause may end: at a mark with the quotation marks and brackets behind it and one space, or at the end of a line. */
const mark = /[.!?…;:,—]+["'”’»)\]]*\s|\n/g;

export class ClauseSplitter {
  #pending = '';
  #first = true;

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
    for (const match of text.matchAll(mark)) {
      const end = match.index + match[0].length;
      const body = text.slice(0, end - 1);
      if (match[0].endsWith('\n') || /[!?…]["'”’»)\]]*$/.test(body)) return end;
      if (/\.["'”’»)\]]*$/.test(body)) {
        if (!abbreviation.test(body) && !/^\s*\d+\.$/.test(body)) return end;
      } else if (this.#first ? body.trim().length >= 4 : body.length >= leastCharacters) return end;
    }
    const most = this.#first ? mostFirst : mostCharacters;
    if (text.length <= most) return -1;
    const space = text.lastIndexOf(' ', most);
    return space > 0 ? space + 1 : -1;
  }
}
