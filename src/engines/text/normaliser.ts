// Rewrites what is not written as it is said: one rule after the other, each a pattern and what stands in its place.
import { addressRules } from './addresses.ts';
import { codeRules } from './codes.ts';
import { clockRules, dayRules, monthRules } from './dates.ts';
import { ordinal, romanValue } from './number-words.ts';
import { quantityRules, ratioRules } from './quantities.ts';
import { alternatives, LETTER_A, type Rule } from './rules.ts';
import type { TracedText } from './traced.ts';
import type { Wordings } from './word-lists.ts';

/** What the package's list lacks. */
const moreAbbreviations: Readonly<Record<string, string>> = {
  'Rm.': 'Room',
  'Fl.': 'Floor',
  'p.': 'page',
  'Ext.': 'Extension',
  'ext.': 'extension',
  'Tel.': 'Telephone',
  'tel.': 'telephone',
  'Sq.': 'Square',
  'Ct.': 'Court',
  'Pl.': 'Place',
  'Dist.': 'District',
  'max.': 'maximum',
  'min.': 'minimum',
  'incl.': 'including',
  'excl.': 'excluding',
  'e.g.': 'for example',
  'i.e.': 'that is',
  FYI: 'for your information',
};
/** Words of their own elsewhere: "I said no." */
const beforeDigits = new Set(['no.', 'p.', 'nos.', 'ch.', 'Ch.', 'fig.', 'Fig.', 'vol.', 'Vol.', 'pp.', 'ext.', 'Ext.', 'Rm.']);
const beforeSmall = new Set(['Sun.', 'Sat.', 'Mar.', 'min.', 'max.', 'ed.', 'est.', 'Pl.', 'Co.', 'Fl.']);
const otherScripts = /[^\p{Script=Latin}\P{L}]+/gu;
const emoji = /(?:[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}]|\uFE0E|\uFE0F|\u200D|\u20E3)+/gu;
/** Signs among the pictures that are said. */
const saidPictures = /[©®™]/u;
const greek: Readonly<Record<string, string>> = {
  α: 'alpha',
  β: 'beta',
  γ: 'gamma',
  δ: 'delta',
  Δ: 'delta',
  ε: 'epsilon',
  θ: 'theta',
  λ: 'lambda',
  μ: 'mu',
  π: 'pi',
  σ: 'sigma',
  Σ: 'sigma',
  τ: 'tau',
  φ: 'phi',
  ω: 'omega',
  Ω: 'omega',
};

/** Rules that need not be tried where the text has nothing of the kind. */
interface RuleGroup {
  readonly needs: RegExp;
  readonly rules: readonly Rule[];
}

export class Normaliser {
  readonly #groups: readonly RuleGroup[];

  constructor(wordings: Wordings) {
    this.#groups = [
      { needs: /[^\p{L}., ]/u, rules: layoutRules },
      { needs: /[.:@]\S/, rules: addressRules },
      { needs: /\d/, rules: [...clockRules(wordings), ...codeRules, ...quantityRules(wordings), ...monthRules(wordings)] },
      { needs: /\S/, rules: [...dayRules, ...titleRules(wordings), ...romanRules(wordings)] },
      { needs: /[\d½¼¾]/, rules: [...slashedDateRules(wordings), ...ratioRules] },
      { needs: /[^\p{L}\p{N}., ?!'-]/u, rules: symbolRules(wordings) },
    ];
  }

  /** Rewrites the text in place; says what of it cannot be spoken. */
  rewrite(text: TracedText): { readonly skipped: readonly string[] } {
    for (const { needs, rules } of this.#groups) {
      if (!needs.test(text.text)) continue;
      for (const { pattern, rewrite } of rules) text.replace(pattern, rewrite);
    }
    const skipped = new Set<string>();
    text.replace(emoji, ([signs]) => {
      if (saidPictures.test(signs)) return undefined;
      skipped.add('emoji');
      return ' ';
    });
    text.replace(otherScripts, ([letters]) => {
      const name = greek[letters];
      if (name !== undefined) return name;
      skipped.add('letters of another script');
      return ' ';
    });
    for (const { pattern, rewrite } of spaceRules) text.replace(pattern, rewrite);
    return { skipped: [...skipped] };
  }
}

/** One way of writing what is written in several, and nothing of the marks of Markdown. */
const layoutRules: readonly Rule[] = [
  {
    pattern: /[\uFF01-\uFF5E\u2000-\u200A\u00A0\u202F\u3000\uFB00-\uFB06]|\p{L}\p{M}+/gu,
    rewrite: ([sign]) => (/\p{M}/u.test(sign) ? sign.normalize('NFC') : sign.normalize('NFKC')),
  },
  { pattern: /[\u00AD\u200B-\u200D\u2060\uFEFF](?!\p{Extended_Pictographic})/gu, rewrite: '' },
  { pattern: /[’‘](?=\p{L})|(?<=\p{L})’/gu, rewrite: "'" },
  { pattern: /‒/g, rewrite: '-' },
  { pattern: /―/g, rewrite: '—' },
  { pattern: /。|．|｡/g, rewrite: '. ' },
  { pattern: /、|，/g, rewrite: ', ' },
  // The end of a line is the end of a sentence, unless the sentence plainly goes on.
  { pattern: /(?<=[\p{L}\p{N}%)"”'])[ \t]*\n\s*(?:(?:#{1,6}|>+|[-*+•])[ \t]+|(?=[^\s\p{Ll}]))/gu, rewrite: '. ' },
  { pattern: /(?<=^|\n)[ \t]*(?:#{1,6}|>+|[-*+•])[ \t]+/g, rewrite: '' },
  // Faces made of marks are no more read than others.
  { pattern: /(?<=^|\s)(?:[:;]['’]?-?[()DPpOo/\\|*]|<3+|[xX]D)(?=$|[\s.,!?])/g, rewrite: ' ' },
  // Of a link its words are read.
  { pattern: /!?\[([^\]\n]{1,200})\]\([^)\s]{0,2000}\)/g, rewrite: ([, words]) => words },
  { pattern: /(?<!-)\s?--(?:-)?\s?(?!-)/g, rewrite: ' — ' },
  // Commas set off thousands; others are those of a list.
  { pattern: /(?<=\d),(?=\d{1,2}(?!\d)|\d{4})/g, rewrite: ', ' },
  { pattern: /(?<![\p{L}\p{N}/])[aA]\/(\p{L})(?!\p{L})/gu, rewrite: ([, letter]) => `${LETTER_A} ${letter}` },
  { pattern: /`+|\*\*+|(?<=^|[\s(])[*_]+(?=\p{L})|(?<=[\p{L}.,!?])[*_]+(?=$|[\s.,;:!?)])/gu, rewrite: '' },
  { pattern: /[\t\n\r\v\f\u2028\u2029]+/g, rewrite: ' ' },
];

const spaceRules: readonly Rule[] = [
  { pattern: /\s{2,}/g, rewrite: ' ' },
  { pattern: / +(?=[,.;:!?](?![\p{L}\p{N}]))/gu, rewrite: '' },
];

function titleRules({ titles, abbreviations: listed }: Wordings): Rule[] {
  const abbreviations: Readonly<Record<string, string>> = { ...listed, ...moreAbbreviations };
  // Only after these a name may follow without a point: "Gen Z" is no general.
  const bare = Object.keys(titles).filter((title) => ['Mr', 'Mrs', 'Ms', 'Dr', 'Prof', 'St', 'Mt'].includes(title));
  const name = '(?=[\\p{Lu}\\u{E000}-\\u{F8FF}])';
  const saints = /(?:^|[^\p{L}])(\p{Lu}\p{Ll}+) $/u;
  return [
    {
      pattern: new RegExp(`(?<![\\p{L}\\p{N}_])(?:(${alternatives(Object.keys(titles))})\\. |(${alternatives(bare)}) )${name}`, 'gu'),
      rewrite: (match, text) => {
        const title = match[1] ?? match[2] ?? '';
        // "Main St. The shop": a street, at the end of its sentence.
        if (title === 'St' && saints.test(text.slice(Math.max(0, match.index - 40), match.index)))
          return match[1] === undefined ? 'Street ' : 'Street. ';
        return `${titles[title]} `;
      },
    },
    {
      pattern: new RegExp(`(?<![\\p{L}\\p{N}_.])(${alternatives(Object.keys(abbreviations))})(?![\\p{L}\\p{N}_])`, 'gu'),
      rewrite: (match, text) => {
        const [short] = match;
        const after = text.slice(match.index + short.length);
        if (beforeDigits.has(short) && !/^ ?\d/.test(after)) return undefined;
        if (beforeSmall.has(short) && !/^,? [\p{Ll}\d]/u.test(after)) return undefined;
        // A point at the end ends the sentence too.
        return `${abbreviations[short]}${short.endsWith('.') && after.trim() === '' ? '.' : ''}`;
      },
    },
    { pattern: /(?<![\p{L}\p{N}_])(No|Nos)\. ?(?=\d)/gu, rewrite: ([, short]) => (short === 'No' ? 'Number ' : 'Numbers ') },
    { pattern: /(?<![\p{L}\p{N}_&])#(?=\d)/gu, rewrite: 'number ' },
    { pattern: /(?<![\p{L}\p{N}_])([CF])#(?![\p{L}\p{N}_])/gu, rewrite: ([, note]) => `${note} sharp` },
  ];
}

function romanRules({ roman_cardinal, roman_ordinal }: Wordings): Rule[] {
  const numeral = "((?=[IVXLC])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3}))(?![\\p{L}\\p{N}_]|[.'’]\\p{L})";
  const after = (words: readonly string[]) => new RegExp(`(?<![\\p{L}\\p{N}_])(${alternatives(words)}) ${numeral}`, 'gu');
  return [
    { pattern: after(roman_cardinal), rewrite: ([, word, value = '']) => `${word} ${romanValue(value)}` },
    { pattern: after(roman_ordinal), rewrite: ([, word, value = '']) => `${word} the ${ordinal(String(romanValue(value)))}` },
    // Behind any other name a numeral counts too, unless it may be initials ("IV", "VI").
    {
      pattern: /(?<![\p{L}\p{N}_])((?:\p{Lu}\p{Ll}+)+) (II|III|VII|VIII|IX|XI{1,3}|XIV|XVI{0,3}|XIX)(?![\p{L}\p{N}_]|[.'’]\p{L})/gu,
      rewrite: ([, word, value = '']) => `${word} ${romanValue(value)}`,
    },
  ];
}

/** What may be a fraction or a day: `7/8` is one, `8/7` the other. */
function slashedDateRules({ months }: Wordings): Rule[] {
  const names = Object.values(months);
  return [
    {
      pattern: /(?<![\p{L}\p{N}_./,]|\d )(\d{1,2})\/(\d{1,2})(?![\p{L}\p{N}_/]|\.\d)/gu,
      rewrite: ([whole, month = '', day = '']) => {
        const [first, second] = [Number(month), Number(day)];
        if (first < second && second <= 10) return undefined;
        const name = names[first - 1];
        return whole !== '24/7' && name !== undefined && second >= 1 && second <= 31 ? `${name} ${ordinal(day)}` : undefined;
      },
    },
  ];
}

function symbolRules({ symbols }: Wordings): Rule[] {
  const comparisons: readonly Rule[] = [
    { pattern: / ?(?:>=|≥) ?/g, rewrite: ' greater than or equal to ' },
    { pattern: / ?(?:<=|≤) ?/g, rewrite: ' less than or equal to ' },
    { pattern: / ?(?:!=|≠) ?/g, rewrite: ' not equal to ' },
    { pattern: / ?≈ ?/g, rewrite: ' about ' },
  ];
  const single = Object.entries(symbols).map(([sign, word]): Rule => {
    const escaped = alternatives([sign]);
    // Some are said between two things only.
    const pattern = '=<>~'.includes(sign) ? new RegExp(`(?<=\\S) ?${escaped} ?(?=\\S)`, 'gu') : new RegExp(escaped, 'gu');
    return { pattern, rewrite: word === '' ? ' ' : ` ${word.trim()} `.replace(/ , $/, ', ') };
  });
  return [...comparisons, ...single];
}
