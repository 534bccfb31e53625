// Which words a number in digits is read with: years, money, ordinals, decimals, and digits one by one within codes.
import { cardinal, decimal, eachDigit, MOST_DIGITS, ordinal, year } from './number-words.ts';

export interface NumberContext {
  /** The letters behind it: `th`, `s`. */
  readonly ending: string;
  /** One of the whole and one of the part, when it is a sum of money. */
  readonly currency: readonly [whole: string, part: string] | undefined;
  /** Whether it begins a run of characters without white space. */
  readonly head: boolean;
}

const ranking = new Set(['st', 'nd', 'rd', 'th']);
/** From so many digits on a number without commas is one that is dialled or typed, unless it is a round one. */
const DIALLED_DIGITS = 6;

/** `O` stands for a zero that is read as the letter. Nothing when there is no digit in it. */
export function numberWords(written: string, { ending, currency, head }: NumberContext): string[] {
  const minus = written.startsWith('-');
  const text = minus ? written.slice(1) : written;
  const sign = minus ? ['minus'] : [];
  if (!/\d/.test(text)) return [];
  return [
    ...sign,
    ...magnitude(text, { ending, currency, head, minus })
      .split(/[^A-Za-z]+/)
      .filter(Boolean),
  ];
}

function magnitude(text: string, { ending, currency, head, minus }: NumberContext & { minus: boolean }): string {
  const whole = /^\d+$/.test(text);
  const digits = text.replaceAll(',', '');
  const points = digits.split('.').length - 1;
  if (whole && ranking.has(ending)) return ordinal(text);
  // Leading zeros are there to be said.
  if (/^0\d+$/.test(text) && head) return eachDigit(text);
  if (whole && !minus && text.length === 4 && !currency) return year(text);
  if (!head && points === 0) return insideCode(digits);
  if (points > 1 || !head)
    return digits
      .split('.')
      .filter(Boolean)
      .map(versionPart)
      .join(points > 1 ? ' point ' : ' ');
  if (currency && (points === 0 || /\.\d{0,2}$/.test(digits) || /\.0+$/.test(digits))) return money(digits, currency);
  if (points === 1) return decimal(digits);
  if (ranking.has(ending)) return ordinal(digits);
  const dialled = whole && digits.length >= DIALLED_DIGITS && !digits.endsWith('000');
  return dialled || digits.length > MOST_DIGITS ? eachDigit(digits) : cardinal(digits);
}

/** Digits behind letters or marks: `747-400`, `B17`. */
function insideCode(digits: string): string {
  if (digits.startsWith('0') || digits.length > 3) return eachDigit(digits);
  if (digits.length < 3 || digits.endsWith('00')) return cardinal(digits);
  const rest = digits.slice(1);
  return `${cardinal(digits.slice(0, 1))} ${rest.startsWith('0') ? `O ${cardinal(rest.slice(1))}` : cardinal(rest)}`;
}

function versionPart(digits: string): string {
  return digits.startsWith('0') || (digits.length !== 2 && /[1-9]/.test(digits.slice(1))) ? eachDigit(digits) : cardinal(digits);
}

function money(digits: string, [whole, part]: readonly [string, string]): string {
  const [large = '', small = ''] = digits.split('.');
  const count = (amount: string, unit: string) => `${cardinal(amount)} ${Number(amount) === 1 || unit === 'pence' ? unit : `${unit}s`}`;
  // "$2.5" is half a dollar more, not five cents.
  const smaller = small.padEnd(2, '0').slice(0, 2);
  const sums = [
    ...(Number(large) > 0 || Number(smaller) === 0 ? [count(large === '' ? '0' : large, whole)] : []),
    ...(Number(smaller) > 0 ? [count(smaller, part)] : []),
  ];
  return sums.join(' and ');
}
