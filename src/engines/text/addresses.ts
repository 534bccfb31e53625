// E-mail and web addresses, IP addresses, file names: read with their dots, and letters that are no word by themselves.
import { eachDigit } from './number-words.ts';
import { LETTER_A, type Rule } from './rules.ts';

const signs: Readonly<Record<string, string>> = {
  '.': 'dot',
  '@': 'at',
  '/': 'slash',
  '\\': 'backslash',
  '-': 'dash',
  _: 'underscore',
  '+': 'plus',
  '?': 'question mark',
  '=': 'equals',
  '&': 'and',
  '#': 'hash',
  '%': 'percent',
  '~': 'tilde',
  ':': 'colon',
  ',': 'comma',
};
/** Parts of addresses that are spelled, though they might be read. */
const spelled = new Set('www io ai uk us eu de fr ch nl jp ca au nz tv fm me id api cdn css php js ts md cv url ftp ssh ip'.split(' '));
/** What stands at the end of an address of the web. */
const endings =
  'com|org|net|edu|gov|mil|int|io|co|ai|app|dev|info|biz|me|tv|fm|ly|gg|xyz|tech|cloud|shop|store|site|online|blog|news|uk|us|ca|au|nz|ie|de|fr|es|it|pt|nl|be|ch|at|se|no|fi|dk|pl|cz|gr|ru|cn|jp|kr|in|br|mx|ar|za|eu';

const label = '[\\p{L}\\p{N}](?:[\\p{L}\\p{N}_-]{0,62}[\\p{L}\\p{N}])?';
const path = '(?::\\d{1,5})?(?:[/?#][^\\s<>"”’)\\]}]*)?';
const email = new RegExp(`(?<![\\p{L}\\p{N}._%+-])[\\p{L}\\p{N}][\\p{L}\\p{N}._%+-]{0,63}@${label}(?:\\.${label}){1,8}`, 'gu');
const url = new RegExp(`(?:https?|ftp|wss?)://[^\\s<>"”’)\\]}]+|(?<![\\p{L}\\p{N}@._-])www\\.${label}(?:\\.${label}){0,8}${path}`, 'giu');
const domain = new RegExp(
  `(?<![\\p{L}\\p{N}@._/-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.){1,8}(?:${endings})(?![\\p{L}\\p{N}_-]|\\.[\\p{L}\\p{N}])${path}`,
  'giu',
);
const ipv4 = /(?<![\p{L}\p{N}.])(\d{1,3}(?:\.\d{1,3}){3})(\/\d{1,2})?(:\d{1,5})?(?![\p{L}\p{N}]|\.\d)/gu;
const ipv6 = /(?<![\p{L}\p{N}:])(?=[\p{L}\p{N}]*:)(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{1,4}(?![\p{L}\p{N}:])/giu;
/** `report.pdf`, `Node.js`: a point between letters, with small ones behind it; never initials such as `e.g`. */
const file = new RegExp(
  `(?<![\\p{L}\\p{N}.])[\\p{L}\\p{N}_-]{2,64}(?:\\.[\\p{L}\\p{N}_-]{2,32}){0,4}\\.[a-z][a-z0-9]{0,7}(?=$|[\\s,;:!?)\\]}"”’]|\\.(?![\\p{L}\\p{N}]))(?!['’]\\p{L})`,
  'gu',
);

export const addressRules: readonly Rule[] = [
  { pattern: email, rewrite: ([address]) => sayAddress(address) },
  {
    pattern: url,
    rewrite: ([address]) => {
      const [, body = '', tail = ''] = /^(.*?)([.,;:!?…]*)$/su.exec(address) ?? [];
      // Nobody needs to hear the scheme, nor a slash with nothing behind it.
      return sayAddress(body.replace(/^\w+:\/\//, '').replace(/\/$/, '')) + tail;
    },
  },
  {
    pattern: domain,
    rewrite: ([address]) => {
      const [, body = '', tail = ''] = /^(.*?)([.,;:!?…]*)$/su.exec(address) ?? [];
      return sayAddress(body.replace(/\/$/, '')) + tail;
    },
  },
  {
    pattern: ipv4,
    rewrite: ([, address = '', prefix = '', port = '']) =>
      [
        address.split('.').map(eachDigit).join(' dot '),
        ...(prefix === '' ? [] : ['slash', prefix.slice(1)]),
        ...(port === '' ? [] : ['colon', eachDigit(port)]),
      ].join(' '),
  },
  {
    pattern: ipv6,
    // A time of day has colons too.
    rewrite: ([address]) => (/[a-f]|::/i.test(address) || address.split(':').length > 3 ? sayLetters(address) : undefined),
  },
  { pattern: file, rewrite: ([name]) => (/\p{L}{2}/u.test(name) ? sayAddress(name) : undefined) },
];

/** Words as they are, letters and digits that make none one by one, signs by name. */
function sayAddress(address: string): string {
  const parts = address.match(/\p{L}+|\d+|[^\p{L}\d]/gu) ?? [];
  return parts.map((part) => (/^\d/.test(part) ? sayDigits(part) : (signs[part] ?? sayPart(part)))).join(' ');
}

function sayDigits(digits: string): string {
  return digits.length > 2 || digits.startsWith('0') ? eachDigit(digits) : digits;
}

function sayPart(part: string): string {
  const small = part.toLowerCase();
  if (!/^\p{L}+$/u.test(part)) return '';
  if (spelled.has(small) || !/[aeiouy]/i.test(part) || part.length === 1) return sayLetters(part);
  return part;
}

/** The name of each letter, digit and sign. */
export function sayLetters(text: string): string {
  const names = Array.from(text.toUpperCase(), (sign) => {
    if (/\d/.test(sign)) return eachDigit(sign);
    if (sign === 'A') return LETTER_A;
    return /\p{L}/u.test(sign) ? sign : (signs[sign] ?? '');
  });
  return names.filter((name) => name !== '').join(' ');
}
