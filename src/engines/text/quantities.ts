// Money, degrees, units, fractions and ranges in words. Plain numbers stay digits: the lexicon reads those.
import { cardinal, ordinal } from './number-words.ts';
import { alternatives, type Rule } from './rules.ts';
import type { Wordings } from './word-lists.ts';

type Forms = readonly [one: string, many: string];

/** What the package's list lacks. */
const moreUnits: Readonly<Record<string, Forms>> = {
  m: ['meter', 'meters'],
  g: ['gram', 'grams'],
  l: ['liter', 'liters'],
  L: ['liter', 'liters'],
  dl: ['deciliter', 'deciliters'],
  cl: ['centiliter', 'centiliters'],
  mL: ['milliliter', 'milliliters'],
  tsp: ['teaspoon', 'teaspoons'],
  tbsp: ['tablespoon', 'tablespoons'],
  h: ['hour', 'hours'],
  W: ['watt', 'watts'],
  V: ['volt', 'volts'],
  kV: ['kilovolt', 'kilovolts'],
  mA: ['milliamp', 'milliamps'],
  kcal: ['kilocalorie', 'kilocalories'],
  cal: ['calorie', 'calories'],
  dB: ['decibel', 'decibels'],
  bpm: ['beats per minute', 'beats per minute'],
  rpm: ['revolutions per minute', 'revolutions per minute'],
  dpi: ['dots per inch', 'dots per inch'],
  'm/s': ['meter per second', 'meters per second'],
  'm²': ['square meter', 'square meters'],
  m2: ['square meter', 'square meters'],
  'm³': ['cubic meter', 'cubic meters'],
  m3: ['cubic meter', 'cubic meters'],
  'cm²': ['square centimeter', 'square centimeters'],
  'cm³': ['cubic centimeter', 'cubic centimeters'],
  'km²': ['square kilometer', 'square kilometers'],
  km2: ['square kilometer', 'square kilometers'],
  'ft²': ['square foot', 'square feet'],
  psi: ['P.S.I', 'P.S.I'],
  hPa: ['hectopascal', 'hectopascals'],
  kPa: ['kilopascal', 'kilopascals'],
  'KB/s': ['kilobyte per second', 'kilobytes per second'],
  'kB/s': ['kilobyte per second', 'kilobytes per second'],
  'MB/s': ['megabyte per second', 'megabytes per second'],
  'GB/s': ['gigabyte per second', 'gigabytes per second'],
  'Mbit/s': ['megabit per second', 'megabits per second'],
  'Gbit/s': ['gigabit per second', 'gigabits per second'],
  kbps: ['kilobits per second', 'kilobits per second'],
  Kbps: ['kilobits per second', 'kilobits per second'],
  µs: ['microsecond', 'microseconds'],
  'mi/h': ['miles per hour', 'miles per hour'],
  'l/100km': ['liters per hundred kilometers', 'liters per hundred kilometers'],
};
const moreCurrencies: Readonly<Record<string, Forms>> = {
  CHF: ['Swiss franc', 'Swiss francs'],
  CAD: ['Canadian dollar', 'Canadian dollars'],
  AUD: ['Australian dollar', 'Australian dollars'],
  JPY: ['yen', 'yen'],
  INR: ['rupee', 'rupees'],
  CNY: ['yuan', 'yuan'],
  BTC: ['bitcoin', 'bitcoins'],
  '₽': ['ruble', 'rubles'],
  '₿': ['bitcoin', 'bitcoins'],
  '₪': ['shekel', 'shekels'],
  '₺': ['lira', 'lira'],
  '฿': ['baht', 'baht'],
};
const magnitudes: Readonly<Record<string, string>> = {
  k: 'thousand',
  m: 'million',
  mn: 'million',
  b: 'billion',
  bn: 'billion',
  t: 'trillion',
};
const parts: Readonly<Record<string, string>> = { '2': 'half', '4': 'quarter' };

const number = '\\d+(?:,\\d{3})*(?:\\.\\d+)?';
const signed = `(?<![\\p{L}\\p{N}_.])([-−]?${number})`;
const wordEnd = '(?![\\p{L}\\p{N}_])';
const magnitude = `(hundred|thousand|million|billion|trillion|(?:[kKmMbBtT]|mn|bn)${wordEnd})`;

export function quantityRules({ units: listed, currency }: Pick<Wordings, 'units' | 'currency'>): Rule[] {
  const units: Readonly<Record<string, Forms>> = { ...moreUnits, ...listed };
  const money: Readonly<Record<string, Forms>> = { ...moreCurrencies, ...currency };
  const unit = alternatives(Object.keys(units));
  // "$", "£" and "€" before a plain number are left to the number reader, which knows their cents.
  const before = alternatives(Object.keys(money).filter((sign) => !'$£€¢'.includes(sign)));
  const behind = alternatives(Object.keys(money).filter((sign) => sign !== 'Rs' && sign !== '¢'));
  const forms = (sign: string): Forms => money[sign] ?? [sign, sign];
  const scaled = (amount: string, scale: string, sign: string) =>
    `${plain(amount)} ${magnitudes[scale.toLowerCase()] ?? scale} ${forms(sign)[1]}`;
  return [
    {
      pattern:
        /(?<=[\d.]\p{L}?)\/(?=(?:month|year|day|hour|week|night|person|user|minute|second|unit|piece|mile|gallon|seat|head)s?(?!\p{L}))/gu,
      rewrite: ' per ',
    },
    {
      pattern: new RegExp(`([-−]?)((?:US|C|A)?[$£€])([-−]?)(${number})[ -]?${magnitude}`, 'gu'),
      rewrite: ([, minus = '', sign = '', inner = '', amount = '', scale = '']) =>
        `${minus || inner ? 'minus ' : ''}${scaled(amount, scale, sign.replace(/^\p{L}+/u, ''))}`,
    },
    // The sign of a debt comes before the sign of the currency.
    { pattern: /(?<![\p{L}\p{N}_])[-−](?=[$£€]\d)/gu, rewrite: 'minus ' },
    { pattern: /([$£€])[-−](?=\d)/gu, rewrite: ([, sign]) => `minus ${sign}` },
    { pattern: /(?<![\p{L}\p{N}_])(?:US|C|A)\$(?=\d)/gu, rewrite: '$' },
    { pattern: new RegExp(`${signed}\\s?¢`, 'gu'), rewrite: ([, amount = '']) => `${plain(amount)} ${choose(amount, forms('¢'))}` },
    {
      pattern: new RegExp(`(?<![\\p{L}\\p{N}_])(${before})\\.?\\s?(${number})(?:\\s?${magnitude})?`, 'gu'),
      rewrite: ([, sign = '', amount = '', scale]) =>
        scale === undefined ? `${plain(amount)} ${choose(amount, forms(sign))}` : scaled(amount, scale, sign),
    },
    {
      // "5€", "20 EUR"; but in "5 $20 notes" the sign belongs to what follows.
      pattern: new RegExp(`${signed}\\s?(${behind})${wordEnd}(?!\\s?\\d)`, 'gu'),
      rewrite: ([, amount = '', sign = '']) =>
        '$£€'.includes(sign) ? `${sign}${amount}` : `${plain(amount)} ${choose(amount, forms(sign))}`,
    },
    {
      pattern: new RegExp(`${signed}\\s?(?:°\\s?([CFK]?)|(℃|℉))${wordEnd}`, 'gu'),
      rewrite: ([, amount = '', scale = '', sign]) => {
        const name = { C: ' Celsius', F: ' Fahrenheit', K: ' Kelvin', '℃': ' Celsius', '℉': ' Fahrenheit' }[sign ?? scale] ?? '';
        return `${plain(amount)} ${choose(amount, ['degree', 'degrees'])}${name}`;
      },
    },
    // A height: 5'11"
    {
      pattern: /(?<![\p{L}\p{N}_.])(\d{1,2})['′’] ?(\d{1,2})(?:["″”]|['’]{2})/gu,
      rewrite: ([, feet = '', inches = '']) => `${feet} foot ${inches}`,
    },
    { pattern: /(?<=\d)['′’](?= (?:tall|high|wide|long|deep)(?!\p{L}))/gu, rewrite: ' feet' },
    { pattern: /(?<=\d)\s?[x×]\s?(?=\d+(?![\p{L}\p{N}_]))/gu, rewrite: ' by ' },
    {
      pattern: new RegExp(`${signed}(?:\\s|-)?(${unit})${wordEnd}(?!['’]\\p{L})(?:\\.(?= \\p{Ll}))?`, 'gu'),
      rewrite: ([whole, amount = '', name = '']) =>
        whole.includes(`-${name}`)
          ? `${plain(amount)} ${units[name]?.[0] ?? name}`
          : `${plain(amount)} ${choose(amount, units[name] ?? [name, name])}`,
    },
  ];
}

/** Later than dates, which have slashes and hyphens too. */
export const ratioRules: readonly Rule[] = [
  { pattern: /(?<![\p{L}\p{N}_./])24\/7(?![\p{L}\p{N}_/])/gu, rewrite: '24 7' },
  {
    pattern: /(?<![\p{L}\p{N}_./,])(\d{1,4} )?(\d{1,2})\/(\d{1,2})(?![\p{L}\p{N}_/]|\.\d)/gu,
    rewrite: ([, whole, top = '', bottom = '']) => {
      const said = sayFraction(top, bottom);
      return said === undefined ? `${whole ?? ''}${top} slash ${bottom}` : `${whole === undefined ? '' : `${whole}and `}${said}`;
    },
  },
  { pattern: /(?<=\d) ?½/gu, rewrite: ' and one half' },
  { pattern: /(?<=\d) ?¼/gu, rewrite: ' and one quarter' },
  { pattern: /(?<=\d) ?¾/gu, rewrite: ' and three quarters' },
  {
    pattern: /(?<![\p{L}\p{N}_.\-–])(\d{1,4}(?:\.\d{1,2})?)(\s?)[-–−](\s?)(\d{1,4}(?:\.\d{1,2})?)(?![\p{L}\p{N}_\-–]|\.\d)/gu,
    rewrite: ([, low = '', left = '', right = '', high = '']) => {
      if (Number(low) < Number(high) || (low.length < 3 && left === right && left === '')) return `${low} to ${high}`;
      return left !== '' && right !== '' ? `${low} minus ${high}` : undefined;
    },
  },
  { pattern: /(?<![\p{L}\p{N}_+])\+(?=\d)/gu, rewrite: 'plus ' },
  { pattern: /(?<![\p{L}\p{N}_.,)\]])[−-](?=\.?\d)/gu, rewrite: 'minus ' },
];

/** As a sum is written by machines: a true minus sign is the same as a hyphen. */
function plain(amount: string): string {
  return amount.replace(/^[-−]/, 'minus ');
}

function choose(amount: string, [one, many]: Forms): string {
  return /^[-−]?1(?:\.0+)?$/.test(amount) ? one : many;
}

/** Undefined when it is none. */
function sayFraction(top: string, bottom: string): string | undefined {
  const [over, under] = [Number(top), Number(bottom)];
  if (over === 0 || over >= under || under > 10) return undefined;
  const part = parts[bottom] ?? ordinal(bottom);
  if (over === 1) return `one ${part}`;
  return `${cardinal(top)} ${part === 'half' ? 'halves' : `${part}s`}`;
}
