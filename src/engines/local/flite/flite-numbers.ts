// Numbers, times, dates and sums of money as English words. flite has a front end of its own, but it says 1999 as a quantity, does
// not know €, ° or 2025-01-05, and would not tell us which of the words it made belongs to which word of the text.

const ones =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const tens = 'zero ten twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const scales = ['', 'thousand', 'million', 'billion', 'trillion'];
const months = 'January February March April May June July August September October November December'.split(' ');
const ordinals: Readonly<Record<string, string>> = {
  one: 'first',
  two: 'second',
  three: 'third',
  five: 'fifth',
  eight: 'eighth',
  nine: 'ninth',
  twelve: 'twelfth',
};
const currencies: Readonly<Record<string, readonly [one: string, many: string, part: string]>> = {
  $: ['dollar', 'dollars', 'cent'],
  '€': ['euro', 'euros', 'cent'],
  '£': ['pound', 'pounds', 'pence'],
  '¥': ['yen', 'yen', 'sen'],
  '₹': ['rupee', 'rupees', 'paisa'],
};
const fractions: Readonly<Record<string, string>> = {
  '1/2': 'one half',
  '1/4': 'one quarter',
  '3/4': 'three quarters',
  '24/7': 'twenty four seven',
};
const magnitudes: Readonly<Record<string, string>> = { k: 'thousand', m: 'million', b: 'billion', bn: 'billion', t: 'trillion' };

/** What stands around a number and changes how it is read. */
export interface NumberContext {
  readonly before: string;
  readonly after: string;
}

/** The words of a token that has a number in it and nothing around it; undefined when it is not a number as we know them. */
export function sayNumber(token: string, { before, after }: NumberContext): string | undefined {
  const text = token.replace(/^[−–](?=\d)/, '-');
  let match: RegExpMatchArray | null;
  if (Object.hasOwn(fractions, text)) return fractions[text];
  if ((match = text.match(/^(\d{1,2}):(\d\d)(?::(\d\d))?([ap])?\.?(m\.?)?$/i))) return sayTime(match, /^[ap]\.?m/i.test(after));
  if ((match = text.match(/^(\d{1,2})([ap])\.?m\.?$/i))) return `${sayInteger(match[1])} ${(match[2] as string).toUpperCase()} M`;
  if ((match = text.match(/^(\d{4})-(\d\d)-(\d\d)$/))) return sayDate(match[2], match[3], match[1]);
  if ((match = text.match(/^(\d{1,2})\/(\d{1,2})\/(\d{4})$/))) return sayDate(match[1], match[2], match[3]);
  if ((match = text.match(/^(\d{1,2})\/(\d{1,2})$/))) return `${sayInteger(match[1])} over ${sayInteger(match[2])}`;
  if ((match = text.match(/^(-)?([$€£¥₹])(\d[\d,]*)(?:\.(\d+))?(k|m|b|bn|t)?$/i))) return sayMoney(match, after);
  if (/^\+?\d{3}[-.]\d{3,4}([-.]\d{4})?$/.test(text) || /^\+?\d{1,3}(-\d{2,4}){2,}$/.test(text)) {
    return (text.match(/\d+/g) as string[]).map(sayDigits).join(', ');
  }
  if ((match = text.match(/^([\d.,]*\d)[-–]([\d.,]*\d)$/))) return `${sayPlain(match[1], after)} to ${sayPlain(match[2], after)}`;
  if ((match = text.match(/^(\d+)x(\d+)$/i))) return `${sayPlain(match[1], '')} by ${sayPlain(match[2], '')}`;
  if ((match = text.match(/^(\d[\d,]*)(st|nd|rd|th)$/i))) return toOrdinal(sayInteger(match[1]));
  if ((match = text.match(/^'?(\d*0)s$/)))
    return sayYear(match[1] as string).replace(/(y|[^y])$/, (end) => (end === 'y' ? 'ies' : `${end}s`));
  if ((match = text.match(/^(\d+)['′](\d+)?["″]?$/))) return `${sayInteger(match[1])} foot ${match[2] ? sayInteger(match[2]) : ''}`.trim();
  if ((match = text.match(/^v?(\d+(?:\.\d+){2,})$/i))) {
    return `${/^v/i.test(text) ? 'version ' : ''}${(match[1] as string).split('.').map(sayInteger).join(' point ')}`;
  }
  if ((match = text.match(/^([-+±~≈<>]?)((?:\d[\d,]*)?(?:\.\d+)?)(k|bn|b|m)?$/i)) && /\d/.test(match[2] as string)) {
    const sign = {
      '-': 'minus ',
      '+': 'plus ',
      '±': 'plus or minus ',
      '~': 'about ',
      '≈': 'about ',
      '<': 'less than ',
      '>': 'more than ',
      '': '',
    };
    if (monthOf(before) && /^([1-9]|[12]\d|3[01])$/.test(text)) return toOrdinal(sayInteger(text));
    const scale = match[3] ? ` ${magnitudes[match[3].toLowerCase()]}` : '';
    return `${sign[match[1] as keyof typeof sign]}${sayPlain(match[2], scale ? 'scaled' : after)}${scale}`;
  }
  return undefined;
}

/** The month that a name or its short form stands for. */
export function monthOf(word: string): string | undefined {
  const start = word.toLowerCase() === 'sept' ? 'sep' : word.toLowerCase();
  return start.length === 3 || months.some((name) => name.toLowerCase() === start)
    ? months.find((name) => name.toLowerCase().startsWith(start))
    : undefined;
}

/** Whether the number was a plain 1, so that what is counted stays singular. */
export function isOne(token: string): boolean {
  return token === '1';
}

/** A whole number or decimal: as a year or digit by digit where it looks like one. */
function sayPlain(text: string | undefined, after: string): string {
  const [whole = '', part] = (text ?? '').split('.');
  const integer = whole.replaceAll(',', '');
  if (part !== undefined) return `${integer === '' ? '' : `${sayInteger(integer)} `}point ${sayDigits(part)}`;
  if (/^(1[1-9]|20)\d\d$/.test(integer) && integer === whole && !/^(million|billion|scaled)/.test(after)) return sayYear(integer);
  // Ten digits without commas are a number that one dials or types; so is one that begins with a zero.
  return (integer.length >= 10 && integer === whole) || /^0\d/.test(integer) ? sayDigits(integer) : sayInteger(integer);
}

function sayDigits(digits: string): string {
  return Array.from(digits, (digit) => ones[Number(digit)]).join(' ');
}

function sayInteger(text: string | undefined): string {
  const digits = (text ?? '').replaceAll(',', '').replace(/^0+(?=\d)/, '');
  if (digits.length > 15) return sayDigits(digits);
  const value = Number(digits);
  if (value < 20) return ones[value] as string;
  if (value < 100) return `${tens[Math.floor(value / 10)]}${value % 10 ? ` ${ones[value % 10]}` : ''}`;
  if (value < 1000) return `${ones[Math.floor(value / 100)]} hundred${value % 100 ? ` ${sayInteger(String(value % 100))}` : ''}`;
  const scale = Math.floor((digits.length - 1) / 3);
  const unit = 1000 ** scale;
  const rest = value % unit;
  return `${sayInteger(String(Math.floor(value / unit)))} ${scales[scale]}${rest ? ` ${sayInteger(String(rest))}` : ''}`;
}

function sayYear(text: string): string {
  const value = Number(text);
  const [century, year] = [Math.floor(value / 100), value % 100];
  if (value < 1000 || (century % 10 === 0 && year < 10)) return sayInteger(text);
  return `${sayInteger(String(century))} ${year === 0 ? 'hundred' : year < 10 ? `oh ${ones[year]}` : sayInteger(String(year))}`;
}

function toOrdinal(words: string): string {
  const cut = words.lastIndexOf(' ') + 1;
  const last = words.slice(cut);
  return words.slice(0, cut) + (ordinals[last] ?? (last.endsWith('y') ? `${last.slice(0, -1)}ieth` : `${last}th`));
}

function sayTime([, hour, minute, second, half]: RegExpMatchArray, halfFollows: boolean): string {
  const twelve = half !== undefined || halfFollows;
  const onTheHour = twelve ? '' : Number(hour) > 12 || Number(hour) === 0 ? 'hundred' : "o'clock";
  const minutes = minute === '00' ? onTheHour : (minute as string).startsWith('0') ? `oh ${sayInteger(minute)}` : sayInteger(minute);
  const seconds = second === undefined ? '' : `and ${sayInteger(second)} seconds`;
  return [sayInteger(hour), minutes, seconds, half ? `${half.toUpperCase()} M` : ''].filter(Boolean).join(' ');
}

function sayDate(month: string | undefined, day: string | undefined, year: string | undefined): string | undefined {
  const name = months[Number(month) - 1];
  if (!name || Number(day) < 1 || Number(day) > 31) return undefined;
  return `${name} ${toOrdinal(sayInteger(day))}, ${sayYear(year ?? '')}`;
}

function sayMoney([, minus, sign, whole, part, suffix]: RegExpMatchArray, after: string): string {
  const [one, many, cent] = currencies[sign as string] as readonly [string, string, string];
  const start = minus ? 'minus ' : '';
  const magnitude = suffix ? ` ${magnitudes[suffix.toLowerCase()]}` : '';
  // "$3 million": the dollars come with the next word.
  if (followsMagnitude(after)) return `${start}${sayPlain(part ? `${whole}.${part}` : whole, 'scaled')}`;
  if (magnitude || (part && part.length !== 2))
    return `${start}${sayPlain(part ? `${whole}.${part}` : whole, 'scaled')}${magnitude} ${many}`;
  const main = `${sayInteger(whole)} ${Number((whole ?? '').replaceAll(',', '')) === 1 ? one : many}`;
  if (!part || Number(part) === 0) return start + main;
  const cents = `${sayInteger(part)} ${cent}${Number(part) === 1 || cent !== 'cent' ? '' : 's'}`;
  return start + (Number(whole) === 0 ? cents : `${main} and ${cents}`);
}

/** The money word that belongs after `million` when the token before it was a sum without one. */
export function moneyAfterMagnitude(before: string, token: string): string | undefined {
  const sign = before.match(/^-?([$€£¥₹])[\d.,]+$/)?.[1];
  return sign && followsMagnitude(token) ? currencies[sign]?.[1] : undefined;
}

function followsMagnitude(after: string): boolean {
  return /^(thousand|million|billion|trillion)\b/i.test(after);
}
