// Telephone numbers, order numbers, card numbers and other codes: read so that they can be written down.
import { eachDigit } from './number-words.ts';
import { sayLetters } from './addresses.ts';
import type { Rule } from './rules.ts';

const alone = '(?<![\\p{L}\\p{N}_.\\-])';
const ended = '(?![\\p{L}\\p{N}_\\-]|\\.\\d)';
const gap = '[ .\\-–]';

/** `+44 20 7946 0958`, `(415) 555-0199`, `1-800-555-0199`, `415.555.0199`, `555-0142`, with an extension. */
const international = new RegExp(`(?<![\\p{L}\\p{N}_.])\\+(\\d{1,3})(?:${gap}?\\(?(\\d{1,4})\\)?)((?:${gap}?\\d{2,4}){1,4})${ended}`, 'gu');
const american = new RegExp(
  `${alone}(?:1${gap})?(?:\\((\\d{3})\\) ?|(\\d{3})${gap})(\\d{3})${gap}(\\d{4})(?: ?(?:x|ext\\.?|extension) ?(\\d{1,6}))?${ended}`,
  'gu',
);
const local = new RegExp(`${alone}(\\d{3})[-–](\\d{4})${ended}`, 'gu');
/** Four groups of four digits, no more and no less, or run together. */
const card = /(?<![\p{L}\p{N}_.-]|\d )(\d{4})([ -])(\d{4})\2(\d{4})\2(\d{4})(?![\p{L}\p{N}_-]|[ .]\d)/gu;
/** "order no. 33561", "confirmation code AB12CD", "tracking number: 1Z999AA10123456784". */
const named = new RegExp(
  `(?<![\\p{L}\\p{N}])((?:order|confirmation|reference|booking|reservation|tracking|account|invoice|ticket|case|customer|member(?:ship)?|serial|policy|claim|verification|security|access|pin|zip|postal|passport|registration|model|code|passcode|OTP|ID)` +
    `(?: (?:number|numbers|no\\.?|nr\\.?|code|id|pin))?(?: is|:|,)? ?(?:#|№)? ?)((?=[\\p{L}\\d-]*\\d)[A-Z\\d]+(?:-[A-Z\\d]+)*)${ended}`,
  'giu',
);
/** Letters and digits in turns, or many digits behind letters: `1Z999AA1`, `ORD-58213`, `X7K9Q`. */
const mixed = new RegExp(`${alone}(?=[A-Z\\d-]*\\d)(?=[A-Z\\d-]*[A-Z])[A-Z\\d]+(?:-[A-Z\\d]+)*${ended}`, 'gu');

/** Numbers that one dials: those of the emergency services always, others behind a word that says so. */
const dialled =
  /(?<![\p{L}\p{N}_.,$£€-])(?:(911|988)|(?<=(?:call|dial|text|phone|ring|press) )(\d{3}))(?![\p{L}\p{N}_%-]|[.,:]\d)(?! (?:people|of|times|more)\b)/giu;

export const codeRules: readonly Rule[] = [
  { pattern: dialled, rewrite: ([digits]) => eachDigit(digits) },
  { pattern: card, rewrite: ([, a, , b, c, d]) => [a, b, c, d].map((group) => eachDigit(group ?? '')).join(', ') },
  {
    pattern: international,
    rewrite: ([whole, country = '', area = '', rest = '']) => {
      if (whole.replace(/\D/g, '').length < 7) return undefined;
      const groups = [country, area, ...(rest.match(/\d+/g) ?? [])].filter((group) => group !== '');
      return `plus ${groups.flatMap(halve).map(eachDigit).join(', ')}`;
    },
  },
  {
    pattern: american,
    rewrite: ([whole, bracketed, plain, exchange = '', line = '', extension]) => {
      const area = bracketed ?? plain ?? '';
      // "1-800" and its like are said as a number.
      const code = /^[89]00$/.test(area) ? `${eachDigit(area[0] ?? '')} hundred` : eachDigit(area);
      const first = /^1\D/.test(whole) ? 'one, ' : '';
      return `${first}${code}, ${eachDigit(exchange)}, ${eachDigit(line)}${extension ? `, extension ${eachDigit(extension)}` : ''}`;
    },
  },
  { pattern: local, rewrite: ([, exchange = '', line = '']) => `${eachDigit(exchange)}, ${eachDigit(line)}` },
  {
    pattern: named,
    rewrite: ([, name = '', code = '']) => {
      const lead = name.replace(/\b(?:no\.?|nr\.?|№|#) ?$/i, 'number ').replace(/(?:#|№) ?$/u, 'number ');
      if (/^\d+$/.test(code)) return isSpelled(name, code) ? `${lead}${spaced(code)}` : undefined;
      return /\d/.test(code) && code === code.toUpperCase() ? `${lead}${sayCode(code)}` : undefined;
    },
  },
  { pattern: mixed, rewrite: ([code]) => (isCode(code) ? sayCode(code) : undefined) },
];

/** Five digits behind such a word are a number to write down; four of them may be, and are read as a year is: "eighty-three oh five". */
function isSpelled(name: string, digits: string): boolean {
  return digits.length >= 5 || (digits.length > 1 && digits.startsWith('0') && /\b(?:no|number|code|id|pin)\b/i.test(name));
}

function isCode(code: string): boolean {
  const bare = code.replaceAll('-', '');
  const turns = bare.match(/[A-Z]+|\d+/g)?.length ?? 0;
  const longest = Math.max(...(code.match(/\d+/g) ?? ['']).map((digits) => digits.length));
  return bare.length >= 5 && (turns >= 4 || (turns >= 3 && bare.length >= 6) || longest >= 5);
}

/** Each letter and digit by itself; groups are set off. A group of many letters may be a word. */
function sayCode(code: string): string {
  return code
    .split('-')
    .map((group) => (/^[A-Z]{4,}$/.test(group) ? group : /^\d{6,}$/.test(group) ? spaced(group) : sayLetters(group)))
    .join(', ');
}

/** Long runs of digits in groups of three or four, as people read them out. */
function spaced(digits: string): string {
  if (digits.length <= 6) return eachDigit(digits);
  const groups: string[] = [];
  let rest = digits;
  while (rest.length > 4) {
    groups.push(rest.slice(0, 3));
    rest = rest.slice(3);
  }
  return [...groups, rest].map(eachDigit).join(', ');
}

/** Eight digits in a row are two groups of four. */
function halve(digits: string): string[] {
  return digits.length > 5 ? [digits.slice(0, Math.ceil(digits.length / 2)), digits.slice(Math.ceil(digits.length / 2))] : [digits];
}
