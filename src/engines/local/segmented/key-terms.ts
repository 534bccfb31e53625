// Words worth knowing: which of a caller's hints help the recogniser, and how they make the next token likelier.
import type { SttOptions } from '../../engine.ts';
import type { Vocabulary } from './vocabulary.ts';

/** What is added to the first token of a term, and to the next one of a term begun. Measured: enough for rare names, harmless elsewhere. */
const FIRST_BONUS = 3;
const NEXT_BONUS = 4.5;
/** Terms taken at most, and how long one may be. */
const MOST_TERMS = 200;
const LONGEST_TERM = 60;
/** Words of this many tokens are rare enough that the model may not expect them. */
const RARE_TOKENS = 3;
/** An entry of more words than this is a sentence. */
const MOST_WORDS_OF_ENTRY = 4;

/** What a caller says of the words to come. */
export type Hints = Pick<SttOptions, 'prompt' | 'vocabulary' | 'language' | 'languages'>;

/**
 * The terms in a caller's hints. A line of a prompt that is a list (`Anna Krüger, DialFins`) gives its entries; of a sentence count the
 * words that are written like names or are rare. So it is with the vocabulary: names and rare words. Of an identifier, such as
 * `fetchPelimont_report`, each word counts for itself. Making ordinary words likelier would do more harm than good.
 */
export function keyTerms({ prompt = '', vocabulary }: Hints, tokens: Vocabulary): string[] {
  const terms = new Set<string>();
  const rare = (word: string) => tokens.encode(word.toLowerCase()).length >= RARE_TOKENS;
  for (const line of prompt.split('\n')) {
    const entries = line.split(/[,;]/).map((entry) => entry.trim());
    const isList = entries.every((entry) => wordsOf(entry).length <= MOST_WORDS_OF_ENTRY && !/[.?!]$/.test(entry));
    if (isList) for (const entry of entries) terms.add(entry);
    else for (const sentence of line.split(/(?<=[.?!:])\s+/)) for (const word of namesIn(sentence, rare)) terms.add(word);
  }
  for (const entry of vocabulary) {
    if (/_|^\p{Ll}[\p{L}\d]*\p{Lu}/u.test(entry)) for (const word of partsOf(entry).filter(rare)) terms.add(word);
    else if (/^\p{Lu}/u.test(entry) && wordsOf(entry).length <= MOST_WORDS_OF_ENTRY) terms.add(entry.trim());
    else for (const word of wordsOf(entry).filter(rare)) terms.add(word);
  }
  return [...terms].filter((term) => /[\p{L}\p{N}]/u.test(term) && term.length <= LONGEST_TERM).slice(0, MOST_TERMS);
}

function partsOf(identifier: string): string[] {
  return wordsOf(identifier.replaceAll(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2').replaceAll(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2'));
}

function namesIn(sentence: string, rare: (word: string) => boolean): string[] {
  const words = wordsOf(sentence);
  return words.filter((word, at) => word.length > 1 && (rare(word) || (at > 0 && /^\p{Lu}/u.test(word) && !/^I\b/.test(word))));
}

function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+(?:['’][\p{L}]+)?/gu) ?? [];
}

interface Node {
  readonly next: Map<number, Node>;
}

/** Follows a transcript token by token and knows which tokens would begin or continue a term. */
export class KeyTerms {
  readonly #root: Node = { next: new Map() };
  /** Places in the tree where the tokens so far may stand. */
  #begun: Node[] = [];

  /** `terms`: token sequences. */
  constructor(terms: readonly (readonly number[])[]) {
    for (const term of terms) {
      let node = this.#root;
      for (const token of term) {
        const next = node.next.get(token) ?? { next: new Map() };
        node.next.set(token, next);
        node = next;
      }
    }
  }

  /** Each term as it is written, and as it would begin a sentence or stand within one. */
  static of(terms: readonly string[], tokens: Vocabulary): KeyTerms {
    const spellings = terms.flatMap((term) => [term, capital(term), term.toLowerCase()]);
    return new KeyTerms([...new Set(spellings)].map((spelling) => tokens.encode(spelling)));
  }

  /** Raises the scores of the tokens that would begin a term or go on with one. Returns by how much. */
  raise(scores: Float32Array): ReadonlyMap<number, number> {
    const bonus = new Map<number, number>();
    for (const token of this.#root.next.keys()) bonus.set(token, FIRST_BONUS);
    for (const node of this.#begun) for (const token of node.next.keys()) bonus.set(token, NEXT_BONUS);
    for (const [token, more] of bonus) scores[token] = (scores[token] ?? 0) + more;
    return bonus;
  }

  /** The token that was chosen. */
  take(token: number): void {
    this.#begun = [this.#root, ...this.#begun].flatMap((node) => node.next.get(token) ?? []);
  }

  /** From the beginning again. */
  reset(): void {
    this.#begun = [];
  }
}

/** Callers whose terms are remembered: finding them takes as long as some tokens do. */
const MOST_CALLERS = 32;

/** Makes terms of hints, and remembers those of the newest callers. */
export class TermBook {
  readonly #tokens: Vocabulary;
  readonly #terms = new Map<string, KeyTerms>();

  constructor(tokens: Vocabulary) {
    this.#tokens = tokens;
  }

  of(hints: Hints): KeyTerms {
    const caller = JSON.stringify([hints.prompt, hints.vocabulary]);
    const terms = this.#terms.get(caller) ?? KeyTerms.of(keyTerms(hints, this.#tokens), this.#tokens);
    this.#terms.delete(caller);
    this.#terms.set(caller, terms);
    const [oldest] = this.#terms.keys();
    if (this.#terms.size > MOST_CALLERS && oldest !== undefined) this.#terms.delete(oldest);
    return terms;
  }
}

function capital(term: string): string {
  return term.charAt(0).toUpperCase() + term.slice(1);
}
