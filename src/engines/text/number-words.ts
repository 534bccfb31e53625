// Numbers in English words, American style: without "and", tens and ones joined by a hyphen. Numbers are strings of digits of any length.

const ones =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const tens = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];
const scales = ['', 'thousand', 'million', 'billion', 'trillion', 'quadrillion'];
const ranks: Readonly<Record<string, string>> = {
  one: 'first',
  two: 'second',
  three: 'third',
  five: 'fifth',
  eight: 'eighth',
  nine: 'ninth',
  twelve: 'twelfth',
};

/** Beyond so many digits a number is read digit by digit: nobody follows what comes after trillions. */
export const MOST_DIGITS = 15;

/** `1284` → `one thousand two hundred eighty-four`. */
export function cardinal(digits: string): string {
  const bare = digits.replace(/^0+(?=\d)/, '');
  if (bare.length > MOST_DIGITS) return eachDigit(digits);
  if (bare.length <= 3) return belowThousand(Number(bare));
  const words: string[] = [];
  for (let end = bare.length, scale = 0; end > 0; end -= 3, scale++) {
    const group = Number(bare.slice(Math.max(0, end - 3), end));
    if (group > 0) words.unshift(scale === 0 ? belowThousand(group) : `${belowThousand(group)} ${scales[scale]}`);
  }
  return words.join(' ');
}

/** `103` → `one hundred third`. */
export function ordinal(digits: string): string {
  return toRank(cardinal(digits));
}

/** `four` → `fourth`, `twenty-one` → `twenty-first`. */
function toRank(words: string): string {
  const from = Math.max(words.lastIndexOf(' '), words.lastIndexOf('-')) + 1;
  const last = words.slice(from);
  return words.slice(0, from) + (ranks[last] ?? (last.endsWith('y') ? `${last.slice(0, -1)}ieth` : `${last}th`));
}

/** Four digits as a year: `1905` → `nineteen oh five`, `2005` → `two thousand five`. */
export function year(digits: string): string {
  const value = Number(digits);
  const [century, rest] = [Math.floor(value / 100), value % 100];
  if (century === 0 || (century % 10 === 0 && rest < 10)) return cardinal(digits);
  return `${belowThousand(century)} ${rest === 0 ? 'hundred' : rest < 10 ? `oh ${ones[rest]}` : belowThousand(rest)}`;
}

/** `3.14` → `three point one four`. */
export function decimal(number: string): string {
  const [whole = '', part = ''] = number.split('.');
  const start = whole === '' ? '' : cardinal(whole);
  return part === '' ? start : `${start === '' ? '' : `${start} `}point ${eachDigit(part)}`;
}

export function eachDigit(digits: string): string {
  return Array.from(digits.replace(/\D/g, ''), (digit) => ones[Number(digit)]).join(' ');
}

function belowThousand(value: number): string {
  const words: string[] = [];
  if (value >= 100) words.push(`${ones[Math.floor(value / 100)]} hundred`);
  const rest = value % 100;
  if (rest >= 20) words.push(`${tens[Math.floor(rest / 10)]}${rest % 10 ? `-${ones[rest % 10]}` : ''}`);
  else if (rest > 0 || value === 0) words.push(ones[rest] as string);
  return words.join(' ');
}

const romanValues: Readonly<Record<string, number>> = { I: 1, V: 5, X: 10, L: 50, C: 100, D: 500, M: 1000 };

/** Of a well-formed Roman numeral. */
export function romanValue(numeral: string): number {
  let total = 0;
  for (let i = 0; i < numeral.length; i++) {
    const value = romanValues[numeral[i] as string] ?? 0;
    total += value < (romanValues[numeral[i + 1] ?? ''] ?? 0) ? -value : value;
  }
  return total;
}
