// How known words sound: special words by what follows, then the lists, capitals spelled, and stems with -s, -ed and -ing.
import { type Entry, type WordLists } from './word-lists.ts';
import { numberWords } from './numbers.ts';
import { type Stress, stress, withEd, withIng, withS, PRIMARY, SECONDARY } from './phonemes.ts';

/** What is said next: whether it begins with a vowel (undefined before a pause and at the end), and whether it is the word "to". */
export interface Next {
  readonly vowel: boolean | undefined;
  readonly to: boolean;
}

export interface Written {
  readonly text: string;
  readonly tag: string;
  /** The sign before a sum of money. */
  readonly currency?: string | undefined;
  /** Whether it begins a run of characters without white space. */
  readonly head: boolean;
}

const signs: Readonly<Record<string, string>> = { '%': 'percent', '&': 'and', '+': 'plus', '@': 'at' };
export const currencies: Readonly<Record<string, readonly [whole: string, part: string]>> = {
  $: ['dollar', 'cent'],
  '£': ['pound', 'pence'],
  '€': ['euro', 'cent'],
};
const plainLetters = /^[A-Za-z]+$/;

export class Lexicon {
  readonly #lists: Pick<WordLists, 'gold' | 'silver'>;
  readonly #own: ReadonlyMap<string, string>;

  /** `own`: words that the lists lack or have wrong, as in names.ts. */
  constructor(lists: Pick<WordLists, 'gold' | 'silver'>, own: ReadonlyMap<string, string>) {
    this.#lists = lists;
    this.#own = own;
  }

  /** The sounds of a word or number; undefined when it is not known. */
  read(written: Written, next: Next): string | undefined {
    const word = written.text.replace(/[‘’]/g, "'").normalize('NFKC');
    const emphasis: Stress | undefined = word === word.toLowerCase() ? undefined : word === word.toUpperCase() ? 'full' : 'some';
    const sounds = this.#word(word, written.tag, emphasis, next);
    if (sounds !== undefined) {
      const unit = currencies[written.currency ?? '']?.[0];
      return unit === undefined ? sounds : `${sounds} ${withS(this.known(unit) ?? '')}`;
    }
    return isNumber(word, written.head) ? this.number(word, written.currency, written.head) : undefined;
  }

  /** The sounds of a word out of the lists, by itself. */
  known(word: string): string | undefined {
    return this.#lookUp(word, '', undefined, undefined);
  }

  /** The names of its letters; undefined when one has none. */
  spell(word: string): string | undefined {
    let names = '';
    for (const letter of word.match(/\p{L}/gu) ?? []) {
      const name = this.#gold(letter.toUpperCase());
      if (typeof name !== 'string') return undefined;
      names += name;
    }
    const even = stress(names, 'least');
    const last = even.lastIndexOf(SECONDARY);
    return last < 0 ? even : `${even.slice(0, last)}${PRIMARY}${even.slice(last + 1)}`;
  }

  /** `head`: not within a longer word, where digits are read one by one or in pairs. */
  number(text: string, currency: string | undefined, head: boolean): string | undefined {
    const ending = /[a-z']+$/.exec(text)?.[0] ?? '';
    const body = ending === '' ? text : text.slice(0, -ending.length);
    const said = numberWords(body, { ending, currency: currencies[currency ?? ''], head }).flatMap((word) => {
      const plain = word === 'point' || word === 'O';
      const known = this.#isKnown(word) ? this.#lookUp(word, '', plain ? 'none' : undefined, undefined) : undefined;
      return known ?? this.#plural(word, '', undefined, undefined) ?? [];
    });
    if (said.length === 0) return undefined;
    const sounds = said.join(' ');
    if (ending === 's' || ending === "'s") return withS(sounds);
    if (ending === 'ed' || ending === "'d") return withEd(sounds);
    return ending === 'ing' ? withIng(sounds) : sounds;
  }

  #gold(word: string): Entry | undefined {
    return this.#own.get(word) ?? this.#own.get(withoutAccents(word.toLowerCase())) ?? this.#lists.gold.get(word);
  }

  #listed(word: string): boolean {
    return this.#gold(word) !== undefined || this.#lists.silver.has(word);
  }

  #isKnown(word: string): boolean {
    if (signs[word] !== undefined || this.#listed(word)) return true;
    if (!plainLetters.test(word)) return false;
    if (word.length === 1 || word.slice(1) === word.slice(1).toUpperCase()) return true;
    return word === word.toUpperCase() && this.#gold(word.toLowerCase()) !== undefined;
  }

  #lookUp(written: string, tag: string, emphasis: Stress | undefined, next: Next | undefined): string | undefined {
    let word = written;
    let name = false;
    if (word === word.toUpperCase() && this.#gold(word) === undefined) {
      word = word.toLowerCase();
      name = tag === 'NNP';
    }
    const entry = this.#gold(word) ?? (name ? undefined : this.#lists.silver.get(word));
    const sounds = entry === undefined || typeof entry === 'string' ? entry : choose(entry, tag, next);
    // Capitals that are a name are spelled, unless the word they make is one that is stressed.
    if (sounds === undefined || sounds === null || (name && !sounds.includes(PRIMARY))) {
      const spelled = this.spell(word);
      if (spelled !== undefined) return spelled;
    }
    return sounds === undefined || sounds === null ? undefined : stress(sounds, emphasis);
  }

  #word(written: string, tag: string, emphasis: Stress | undefined, next: Next): string | undefined {
    const special = this.#special(written, tag, emphasis, next);
    if (special !== undefined) return special;
    const small = written.toLowerCase();
    const word = this.#isWordInCapitals(written, small, tag, emphasis, next) ? small : written;
    if (this.#isKnown(word)) return this.#lookUp(word, tag, emphasis, next);
    if (word.endsWith("s'") && this.#isKnown(`${word.slice(0, -2)}'s`)) return this.#lookUp(`${word.slice(0, -2)}'s`, tag, emphasis, next);
    if (word.endsWith("'") && this.#isKnown(word.slice(0, -1))) return this.#lookUp(word.slice(0, -1), tag, emphasis, next);
    return this.#stem(word, tag, emphasis, next);
  }

  #stem(word: string, tag: string, emphasis: Stress | undefined, next: Next): string | undefined {
    return (
      this.#plural(word, tag, emphasis, next) ?? this.#past(word, tag, emphasis, next) ?? this.#gerund(word, tag, emphasis ?? 'some', next)
    );
  }

  /** Capitals say nothing about a word that the lists have in small letters; short names are an exception. */
  #isWordInCapitals(word: string, small: string, tag: string, emphasis: Stress | undefined, next: Next): boolean {
    if (word.length < 2 || word === small || !/^[\p{L}']+$/u.test(word) || this.#listed(word)) return false;
    if (tag === 'NNP' && word.length <= 7) return false;
    if (word !== word.toUpperCase() && word.slice(1) !== small.slice(1)) return false;
    return this.#listed(small) || this.#stem(small, tag, emphasis, next) !== undefined;
  }

  #plural(word: string, tag: string, emphasis: Stress | undefined, next: Next | undefined): string | undefined {
    if (word.length < 3 || !word.endsWith('s')) return undefined;
    const stems = [
      word.endsWith('ss') ? '' : word.slice(0, -1),
      word.endsWith("'s") || (word.length > 4 && word.endsWith('es') && !word.endsWith('ies')) ? word.slice(0, -2) : '',
      word.length > 4 && word.endsWith('ies') ? `${word.slice(0, -3)}y` : '',
    ];
    return this.#of(stems, tag, emphasis, next, withS);
  }

  #past(word: string, tag: string, emphasis: Stress | undefined, next: Next): string | undefined {
    if (word.length < 4 || !word.endsWith('d')) return undefined;
    const stems = [
      word.endsWith('dd') ? '' : word.slice(0, -1),
      word.length > 4 && word.endsWith('ed') && !word.endsWith('eed') ? word.slice(0, -2) : '',
    ];
    return this.#of(stems, tag, emphasis, next, withEd);
  }

  #gerund(word: string, tag: string, emphasis: Stress | undefined, next: Next): string | undefined {
    if (word.length < 5 || !word.endsWith('ing')) return undefined;
    const stems = [
      word.length > 5 ? word.slice(0, -3) : '',
      `${word.slice(0, -3)}e`,
      word.length > 5 && /(?:([bcdgklmnprstvxz])\1|ck)ing$/.test(word) ? word.slice(0, -4) : '',
    ];
    return this.#of(stems, tag, emphasis, next, withIng);
  }

  /** The first stem that is known, with its ending. */
  #of(
    stems: readonly string[],
    tag: string,
    emphasis: Stress | undefined,
    next: Next | undefined,
    end: (stem: string) => string,
  ): string | undefined {
    const stem = stems.find((each) => each !== '' && this.#isKnown(each));
    const sounds = stem === undefined ? undefined : this.#lookUp(stem, tag, emphasis, next);
    return sounds === undefined || sounds === '' ? undefined : end(sounds);
  }

  /** Small words that sound after what follows them or after what they do in the sentence. */
  #special(word: string, tag: string, emphasis: Stress | undefined, next: Next): string | undefined {
    const sign = signs[word];
    if (sign !== undefined) return this.#lookUp(sign, '', undefined, next);
    if (isInitials(word)) return this.spell(word);
    const small = word.toLowerCase();
    const noun = tag.startsWith('NN');
    // In mixed case none of them is meant.
    if (word !== small && word !== word.toUpperCase() && word.slice(1) !== small.slice(1)) return undefined;
    switch (small) {
      case 'a':
        return tag === 'DT' ? 'ɐ' : 'ˈA';
      case 'am':
        if (noun) return this.spell(word);
        return next.vowel === undefined || word !== 'am' || emphasis !== undefined ? this.known('am') : 'ɐm';
      case 'an':
        return word === 'AN' && noun ? this.spell(word) : 'ɐn';
      case 'i':
        return word === 'I' && tag === 'PRP' ? 'ˌI' : undefined;
      case 'by':
        return tag.startsWith('RB') || tag.startsWith('ADV') ? 'bˈI' : undefined;
      case 'to':
        if (word === 'TO' && tag !== 'TO' && tag !== 'IN') return undefined;
        return next.vowel === undefined ? this.known('to') : next.vowel ? 'tʊ' : 'tə';
      case 'in':
        if (word === 'IN' && tag === 'NNP') return undefined;
        return next.vowel === undefined || tag !== 'IN' ? 'ˈɪn' : 'ɪn';
      case 'the':
        if (word === 'THE' && tag !== 'DT') return undefined;
        return next.vowel ? 'ði' : 'ðə';
      case 'vs':
      case 'vs.':
        return tag === 'IN' ? this.known('versus') : undefined;
      case 'used':
        return this.#lookUp('used', (tag === 'VBD' || tag === 'JJ') && next.to ? 'VBD' : '', undefined, undefined);
      default:
        return undefined;
    }
  }
}

function choose(entry: ReadonlyMap<string, string | null>, tag: string, next: Next | undefined): string | null | undefined {
  if (next && next.vowel === undefined && entry.has('None')) return entry.get('None');
  for (const key of [tag, parentOf(tag), 'DEFAULT']) if (entry.has(key)) return entry.get(key);
  return undefined;
}

export function withoutAccents(word: string): string {
  return /[^\0-\x7F]/.test(word) ? word.normalize('NFD').replace(/\p{M}/gu, '') : word;
}

function parentOf(tag: string): string {
  if (tag.startsWith('VB')) return 'VERB';
  if (tag.startsWith('NN')) return 'NOUN';
  if (tag.startsWith('RB') || tag.startsWith('ADV')) return 'ADV';
  return tag.startsWith('JJ') || tag.startsWith('ADJ') ? 'ADJ' : tag;
}

/** `U.S.A`, `P.M.`: letters with points between, at most two together. */
function isInitials(word: string): boolean {
  return /^[\p{L}.]+$/u.test(word) && /\p{L}\.+\p{L}/u.test(word) && word.split('.').every((part) => part.length < 3);
}

function isNumber(word: string, head: boolean): boolean {
  if (!/\d/.test(word)) return false;
  const body = word.replace(/(?:ing|'d|ed|'s|st|nd|rd|th|s)$/, '');
  return (head ? /^-?[\d,.]*$/ : /^[\d,.]*$/).test(body);
}
