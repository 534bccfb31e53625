// Tells nouns from verbs: an averaged perceptron that reads from left to right and gives each token a tag of the Penn Treebank.
import type { WordLists } from './word-lists.ts';

const before = ['-START2-', '-START-'] as const;
const after = ['-END-', '-END2-'] as const;

export class Tagger {
  readonly #lists: Pick<WordLists, 'tagOf' | 'tagWords' | 'tagWeights' | 'tags'>;
  readonly #scores: Int32Array;

  constructor(lists: Pick<WordLists, 'tagOf' | 'tagWords' | 'tagWeights' | 'tags'>) {
    this.#lists = lists;
    this.#scores = new Int32Array(lists.tags.length);
  }

  tag(words: readonly string[]): string[] {
    const context = [...before, ...words.map((word) => this.#known(word)), ...after];
    const tags: string[] = [];
    words.forEach((word, i) => {
      const tag =
        this.#lists.tagOf(word) ??
        this.#guess(features(word, context, i, tags[i - 1] ?? before[1], tags[i - 2] ?? before[i === 0 ? 0 : 1]));
      tags.push(tag);
    });
    return tags;
  }

  /** A word as its neighbours see it: rare ones by their shape. */
  #known(word: string): string {
    const plain = normal(word);
    return this.#lists.tagWords.has(plain) ? plain : `<${shape(word)}>`;
  }

  #guess(found: readonly string[]): string {
    const scores = this.#scores.fill(0);
    let any = false;
    for (const feature of found) {
      const weights = this.#lists.tagWeights.get(feature);
      if (!weights) continue;
      any = true;
      for (let i = 0; i < weights.length; i += 3) {
        const weight = (((weights[i + 1] as number) | ((weights[i + 2] as number) << 8)) << 16) >> 16;
        scores[weights[i] as number] = (scores[weights[i] as number] as number) + weight;
      }
    }
    if (!any) return 'NN';
    let best = 0;
    // Of equal ones the later in the alphabet, as in training.
    for (let tag = 1; tag < scores.length; tag++) if ((scores[tag] as number) >= (scores[best] as number)) best = tag;
    return this.#lists.tags[best] as string;
  }
}

function features(word: string, context: readonly string[], i: number, previous: string, beforeThat: string): string[] {
  const [left2, left, own, right, right2] = context.slice(i, i + 5) as [string, string, string, string, string];
  return [
    'b',
    `s3=${word.slice(-3)}`,
    `p1=${word[0]}`,
    `w=${own}`,
    `sh=${shape(word)}`,
    i === 0 ? 'i0' : 'i+',
    `t-1=${previous}`,
    `t-2=${beforeThat}`,
    `t-12=${previous},${beforeThat}`,
    `w-1=${left}`,
    `s3-1=${left.slice(-3)}`,
    `w-2=${left2}`,
    `w+1=${right}`,
    `s3+1=${right.slice(-3)}`,
    `w+2=${right2}`,
  ];
}

function normal(word: string): string {
  if (word.includes('-', 1) && word[0] !== '-') return '!HYPHEN';
  if (/^\d{4}$/.test(word)) return '!YEAR';
  return /^\d/.test(word) ? '!DIGITS' : word.toLowerCase();
}

function shape(word: string): string {
  if (/^\p{L}+$/u.test(word)) {
    const [lower, upper] = [word.toLowerCase(), word.toUpperCase()];
    if (word === lower) return lower === upper ? 'xX' : 'x';
    if (word === upper) return word.length > 1 ? 'XX' : 'X1';
    return word[0] === upper[0] && word.slice(1) === lower.slice(1) ? 'Xx' : 'xX';
  }
  if (/^\p{N}+$/u.test(word)) return 'd';
  return Array.from(word.slice(0, 4), (character) => (/\p{N}/u.test(character) ? 'd' : /\p{L}/u.test(character) ? 'x' : character)).join(
    '',
  );
}
