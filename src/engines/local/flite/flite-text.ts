// From written text to what flite is given: words and `,.?!` in plain letters, each tied to the token of the text it is said for.
// Markdown, emoji and addresses are made speakable here; anything left that English has no sound for is silent.
import { isOne, moneyAfterMagnitude, monthOf, sayNumber } from './flite-numbers.ts';

/** A token of the text (tokens joined by spaces are the text again) and what is said for it: lower case or proper, `,.?!` at its end. */
export interface SaidToken {
  readonly text: string;
  readonly say: string;
}

/** What is spoken in one go, and the silence that belongs after it. */
export interface Piece {
  readonly tokens: readonly SaidToken[];
  readonly gapMs: number;
}

const SENTENCE_GAP_MS = 270;
const PHRASE_GAP_MS = 130;
/** Where the text was cut in the middle of a phrase. */
const WORD_GAP_MS = 20;
/** Words in one go: more would keep the first sound waiting, and other speakers with it. */
const MOST_WORDS = 14;
/** Letters of one token that are said: what is longer is data, not a word. */
const MOST_LETTERS = 200;
/** A comma ends a piece only after this many words: a piece costs some melody at its end. */
const FEWEST_WORDS = 4;

const units: Readonly<Record<string, readonly [one: string, many: string]>> = {
  km: ['kilometer', 'kilometers'],
  m: ['meter', 'meters'],
  cm: ['centimeter', 'centimeters'],
  mm: ['millimeter', 'millimeters'],
  kg: ['kilogram', 'kilograms'],
  g: ['gram', 'grams'],
  mg: ['milligram', 'milligrams'],
  lb: ['pound', 'pounds'],
  lbs: ['pound', 'pounds'],
  oz: ['ounce', 'ounces'],
  ft: ['foot', 'feet'],
  mi: ['mile', 'miles'],
  l: ['liter', 'liters'],
  ml: ['milliliter', 'milliliters'],
  ms: ['millisecond', 'milliseconds'],
  s: ['second', 'seconds'],
  sec: ['second', 'seconds'],
  min: ['minute', 'minutes'],
  h: ['hour', 'hours'],
  hr: ['hour', 'hours'],
  hrs: ['hour', 'hours'],
  mph: ['mile per hour', 'miles per hour'],
  'km/h': ['kilometer per hour', 'kilometers per hour'],
  kb: ['kilobyte', 'kilobytes'],
  mb: ['megabyte', 'megabytes'],
  gb: ['gigabyte', 'gigabytes'],
  tb: ['terabyte', 'terabytes'],
  hz: ['hertz', 'hertz'],
  khz: ['kilohertz', 'kilohertz'],
  mhz: ['megahertz', 'megahertz'],
  ghz: ['gigahertz', 'gigahertz'],
  w: ['watt', 'watts'],
  kw: ['kilowatt', 'kilowatts'],
  kwh: ['kilowatt hour', 'kilowatt hours'],
  '°': ['degree', 'degrees'],
  '°c': ['degree Celsius', 'degrees Celsius'],
  '°f': ['degree Fahrenheit', 'degrees Fahrenheit'],
  '%': ['percent', 'percent'],
};
const abbreviations: Readonly<Record<string, string>> = {
  'e.g.': 'for example',
  'i.e.': 'that is',
  'etc.': 'etcetera',
  etc: 'etcetera',
  'vs.': 'versus',
  vs: 'versus',
  'approx.': 'approximately',
  'a.m.': 'A M',
  'p.m.': 'P M',
  'dr.': 'doctor',
  'mr.': 'mister',
  'mrs.': 'missus',
  'ms.': 'miz',
  'prof.': 'professor',
  'jr.': 'junior',
  'sr.': 'senior',
  'w/': 'with',
  'w/o': 'without',
  'and/or': 'and or',
};
const symbols: Readonly<Record<string, string>> = {
  '&': 'and',
  '+': 'plus',
  '=': 'equals',
  '@': 'at',
  '%': 'percent',
  '×': 'times',
  '÷': 'divided by',
  '→': 'to',
  '±': 'plus or minus',
  '≈': 'about',
  '°': 'degrees',
  '½': 'one half',
  '¼': 'one quarter',
  '¾': 'three quarters',
  '²': 'squared',
  '³': 'cubed',
};
/** Short words in capitals are read as words unless they are in here; those without a vowel are spelled anyway. */
const spelled = new Set(
  'AI API UI UX IT OS US UK EU UN TV ID IO IP GPU CPU URL FAQ CEO USA UAE ETA DIY IRS CIA IBM ATM AWS AC VIP IPA EV AM PM'.split(' '),
);

/** The tokens of a text; what cannot be said is joined to its neighbour, so nothing is left when nothing can be said. */
export function sayText(text: string): SaidToken[] {
  const raw = text.split(/\s+/).filter(Boolean);
  const said: SaidToken[] = [];
  let silent = '';
  raw.forEach((token, i) => {
    const say = sayToken(token, bare(raw[i - 1] ?? ''), bare(raw[i + 1] ?? ''));
    const last = said.at(-1);
    if (/[a-z]/i.test(say)) {
      said.push({ text: silent + token, say });
      silent = '';
    } else if (last) {
      // A dash between words is silent, but it is a pause.
      const pause = /^([-–—:;,.?!…]+)$/.test(token) && !/[,.?!]$/.test(last.say) ? ',' : '';
      said[said.length - 1] = { text: `${last.text} ${token}`, say: last.say + pause };
    } else {
      silent += `${token} `;
    }
  });
  return said;
}

/** Cuts at the ends of sentences, and long ones at commas or after a number of words. */
export function cutPieces(tokens: readonly SaidToken[]): Piece[] {
  const pieces: Piece[] = [];
  let piece: SaidToken[] = [];
  let words = 0;
  tokens.forEach((token, i) => {
    piece.push(token);
    words += token.say.split(' ').length;
    const end = token.say.at(-1) ?? '';
    const gapMs = /[.?!]/.test(end) ? SENTENCE_GAP_MS : end === ',' ? PHRASE_GAP_MS : WORD_GAP_MS;
    const left = tokens.length - 1 - i;
    const atComma = end === ',' && words >= FEWEST_WORDS && words + left > MOST_WORDS;
    if (left === 0 || gapMs === SENTENCE_GAP_MS || atComma || words >= MOST_WORDS) {
      pieces.push({ tokens: piece, gapMs });
      piece = [];
      words = 0;
    }
  });
  return pieces;
}

function sayToken(raw: string, before: string, after: string): string {
  if (raw === '*' && /\d$/.test(before) && /^\d/.test(after)) return 'times';
  const token = unmark(raw.slice(0, MOST_LETTERS).normalize('NFC').replace(/[’‘]/g, "'"));
  // Punctuation at the end makes the pause; a full stop may belong to an abbreviation.
  const body = bare(token);
  const end = token.slice(token.indexOf(body) + body.length);
  const whole = end.startsWith('.') ? sayAbbreviation(body, after) : undefined;
  const words = plain(whole ?? sayBody(body, before, after));
  const rest = whole === undefined || after === '' ? end : end.slice(1);
  const mark = /[?]/.test(rest)
    ? '?'
    : /!/.test(rest)
      ? '!'
      : /[.…]/.test(rest)
        ? '.'
        : /[,;:)\]–—]/.test(rest) || /\w-$/.test(token)
          ? ','
          : '';
  return words === '' ? '' : words + (words.endsWith(mark) ? '' : mark);
}

/** What a body with a full stop after it is short for; undefined when the stop ends a sentence. */
function sayAbbreviation(body: string, after: string): string | undefined {
  const lower = body.toLowerCase();
  if (lower === 'st') return /^\p{Lu}/u.test(after) ? 'Saint' : 'Street';
  if (lower === 'no' && /^\d/.test(after)) return 'number';
  if (/^(\p{L}\.)+\p{L}$/u.test(body)) return abbreviations[`${lower}.`] ?? body.replaceAll('.', ' ').toUpperCase();
  return /^\d/.test(after) ? (monthOf(body) ?? abbreviations[`${lower}.`]) : abbreviations[`${lower}.`];
}

/** What a table has for a word of the text, which may be one that every object has something for: `constructor`. */
function entry<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

function sayBody(body: string, before: string, after: string): string {
  const known = entry(abbreviations, body.toLowerCase()) ?? entry(symbols, body);
  if (known !== undefined) return known;
  if (/^(https?:\/\/|www\.)/i.test(body)) return sayAddress(body);
  const mail = body.match(/^([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)$/);
  if (mail) return `${(mail[1] as string).replaceAll('.', ' dot ')} at ${sayDots(mail[2] as string)}`;
  const month = /^\d/.test(after) ? monthOf(body) : undefined;
  if (month) return month;
  const number = sayNumber(body, { before, after });
  if (number !== undefined) return number;
  const counted = body.match(/^([-−+~]?[\d.,]*\d)([a-z°%/]+)$/i);
  const unit = counted && entry(units, (counted[2] as string).toLowerCase());
  if (unit) return `${sayNumber(counted[1] as string, { before, after: '' })} ${unit[isOne(counted[1] as string) ? 0 : 1]}`;
  const lone = /\d$/.test(before) ? entry(units, body.toLowerCase()) : undefined;
  if (lone && (body.length > 1 || body === '°')) return lone[isOne(before) ? 0 : 1];
  const money = moneyAfterMagnitude(before, body);
  if (money) return `${body} ${money}`;
  const item = body.match(/^#(\d+)$/);
  if (item) return `number ${sayNumber(item[1] as string, { before: '', after: '' })}`;
  if (/^[A-Za-z\d-]{2,}(\.[a-z]{2,})+$/.test(body)) return sayDots(body);
  return body
    .split(/[^\p{L}\p{N}'&+=@%×÷→±≈°½¼¾²³#]+/u)
    .map(sayPart)
    .join(' ');
}

/** A stretch of letters, digits and symbols without a break: camel case, `4o`, `AT&T`, `C++`. */
function sayPart(part: string): string {
  const cut = part.replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2').match(/\d+|[\p{L}']+|\S/gu) ?? [];
  return cut
    .map((run) => {
      if (/^\d/.test(run)) return sayNumber(run, { before: '', after: '' }) ?? '';
      if (run === '#') return part.length > 1 && !/^#\D/.test(part) ? 'sharp' : '';
      if (spelled.has(run) || (part.includes('&') && /^\p{Lu}+$/u.test(run)) || /^[B-DF-HJ-NP-TV-XZ]{2,6}$/.test(run))
        return run.split('').join(' ');
      return entry(symbols, run) ?? run;
    })
    .join(' ');
}

/** The host and a short path; nobody wants to hear the rest. */
function sayAddress(address: string): string {
  const [host = '', ...path] = address
    .replace(/^https?:\/\//i, '')
    .replace(/^www\./i, '')
    .replace(/[?#].*$/, '')
    .split('/')
    .filter(Boolean);
  const spokenPath = path.join('/').length <= 20 && path.every((part) => /^[\w.-]+$/.test(part)) ? path : [];
  return [host, ...spokenPath].map((part) => sayDots(part.replace(/:\d+$/, ''))).join(' slash ');
}

function sayDots(text: string): string {
  return text
    .split('.')
    .map((part) => part.split(/[-_]/).map(sayPart).join(' '))
    .join(' dot ');
}

/** Without markdown, tags and entities. */
function unmark(token: string): string {
  return token
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\]\([^)]*\)/g, '')
    .replace(/<\/?[a-z][^>]*>/gi, '')
    .replace(/^`{3}\w*$/, '')
    .replace(/^(#{1,6}|[-*+•]|\|+)$/, /^[+]$/.test(token) ? '+' : '')
    .replace(/^\*(?=\*?$)/, '')
    .replace(/[`*~|]{1,3}(?=\D|$)/g, '')
    .replace(/^_+|_+(?=\W*$)/g, '');
}

/** Without the brackets, quotes and punctuation around it. */
function bare(token: string): string {
  return token.replace(/^["“”„«(['¿¡{]+(?!\d0s)/u, '').replace(/["“”»)\]}',;:.?!…–—-]+$/u, '') || '';
}

/** In the letters flite knows. What has no decomposition into them is dropped: it has no English sound. */
function plain(words: string): string {
  return words
    .replace(/ß/g, 'ss')
    .replace(/[æÆ]/g, 'ae')
    .replace(/[øØ]/g, 'o')
    .replace(/[łŁ]/g, 'l')
    .normalize('NFKD')
    .replace(/[^a-zA-Z', ]+/g, '')
    .replace(/(^|\s)'+(?=\s|$)/g, ' ')
    .replace(/ +,/g, ',')
    .replace(/\s+/g, ' ')
    .trim();
}
