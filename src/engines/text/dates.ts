// Times of day, dates and days of months in words.
import { cardinal, ordinal } from './number-words.ts';
import { alternatives, type Rule } from './rules.ts';
import type { Wordings } from './word-lists.ts';

const time =
  /(?<![\p{L}\p{N}_:.])(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?(Z(?![\p{L}\p{N}]))?)?(?:\s?([AaPp])(?:\.[Mm]\.?|[Mm]\.?)(?![\p{L}\p{N}]))?(?![\d:])/gu;
const iso = /(?<![\p{L}\p{N}_-])(\d{4})-(\d{2})-(\d{2})(?:[T ](?=\d\d:)|(?![\p{L}\p{N}_-]))/gu;
const american = /(?<![\p{L}\p{N}_/])(\d{1,2})\/(\d{1,2})\/(\d{4}|\d{2})(?![\p{L}\p{N}_/])/gu;

/** An hour alone: `9am`. */
const hour = /(?<![\p{L}\p{N}_:.,])(\d{1,2})\s?([AaPp])(?:\.[Mm](\.)?|[Mm](?!\p{L}))(?![\p{L}\p{N}])/gu;
const untilTime =
  /(?<=\d(?:\s?[AaPp]\.?[Mm]\.?)?)\s?[-–]\s?(?=\d{1,2}(?::\d{2})?\s?[AaPp]\.?[Mm])|(?<=:\d{2})\s?[-–]\s?(?=\d{1,2}:\d{2})/gu;
const days = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const shortDay = '(Sun|Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat)\\.?';
const dayRange = new RegExp(`(?<![\\p{L}\\p{N}])${shortDay} ?[-–] ?${shortDay}(?![\\p{L}\\p{N}])`, 'gu');

/** Times and dates in digits. */
export function clockRules({ months }: Pick<Wordings, 'months'>): Rule[] {
  const names = Object.values(months);
  const date = (year: string, monthNumber: string, day: string) => {
    const name = names[Number(monthNumber) - 1];
    return name !== undefined && isDay(day) ? `${name} ${ordinal(day)}${year === '' ? '' : `, ${year}`}` : undefined;
  };
  return [
    { pattern: iso, rewrite: ([whole, year = '', number = '', day = '']) => spaceAfter(date(year, number, day), /[T ]$/.test(whole)) },
    {
      pattern: american,
      rewrite: ([, first = '', second = '', year = '']) => {
        const full = year.length === 4 ? year : `${Number(year) > 30 ? '19' : '20'}${year}`;
        return Number(first) <= 12 ? date(full, first, second) : date(full, second, first);
      },
    },
    { pattern: untilTime, rewrite: ' to ' },
    { pattern: time, rewrite: sayTime },
    { pattern: hour, rewrite: ([, digits, half = '', point = '']) => `${digits} ${half.toUpperCase()}.M${point}` },
    // What cannot be a time of day is a ratio.
    { pattern: /(?<![\p{L}\p{N}_:.])(\d{1,3}):(\d{1,3})(?![\p{L}\p{N}_:]|\.\d)/gu, rewrite: ([, one, other]) => `${one} to ${other}` },
  ];
}

/** `Mon-Fri`. */
export const dayRules: readonly Rule[] = [
  {
    pattern: dayRange,
    rewrite: ([, from = '', to = '']) => [from, to].map((short) => days.find((day) => day.startsWith(short.slice(0, 3)))).join(' to '),
  },
];

/** Days of months that have their names. */
export function monthRules({ months }: Pick<Wordings, 'months'>): Rule[] {
  const shorts = Object.keys(months).map((short) => short.slice(0, 1).toUpperCase() + short.slice(1));
  const anyMonth = alternatives([...Object.values(months), ...shorts, 'Sept']);
  const month = (written: string) => months[written.toLowerCase().slice(0, 3)] ?? written;
  return [
    {
      // "March 14th, 2027", "Jan. 5th"; not "May 5:30", which is a time.
      pattern: new RegExp(
        `(?<![\\p{L}\\p{N}_])(${anyMonth})\\.? (\\d{1,2})(?:st|nd|rd|th)?(?![\\p{L}\\p{N}_:%]|[.,]\\d)(,? \\d{4}(?!\\d))?`,
        'gu',
      ),
      rewrite: ([, name = '', day = '', year = '']) => (isDay(day) ? `${month(name)} ${ordinal(day)}${year}` : undefined),
    },
    {
      pattern: new RegExp(
        `(?<![\\p{L}\\p{N}_.:])(?:the )?(\\d{1,2})(?:st|nd|rd|th)? (?:of )?(${anyMonth})(?![\\p{L}\\p{N}_])(?:\\.(?= \\d))?`,
        'gu',
      ),
      rewrite: ([, day = '', name = '']) => (isDay(day) ? `the ${ordinal(day)} of ${month(name)}` : undefined),
    },
  ];
}

function isDay(day: string): boolean {
  return Number(day) >= 1 && Number(day) <= 31;
}

function spaceAfter(words: string | undefined, space: boolean): string | undefined {
  return words === undefined || !space ? words : `${words}, `;
}

function sayTime([whole, hours = '', minutes = '', seconds, zulu, half]: RegExpExecArray): string | undefined {
  const [hour, minute] = [Number(hours), Number(minutes)];
  if (hour > 24 || minute > 59 || Number(seconds ?? 0) > 59) return undefined;
  if (half === undefined && seconds === undefined && minute === 0) {
    if (hour % 24 === 0) return 'midnight';
    // Nobody says eighteen o'clock.
    return `${cardinal(hours)} ${hour > 12 ? 'hundred' : "o'clock"}`;
  }
  const words = [cardinal(hours)];
  if (minute > 0) words.push(minute < 10 ? `oh ${cardinal(minutes)}` : cardinal(minutes));
  if (seconds !== undefined) words.push('and', cardinal(seconds), Number(seconds) === 1 ? 'second' : 'seconds');
  if (zulu !== undefined) words.push('UTC');
  if (half !== undefined) words.push(`${half.toUpperCase()}.M${whole.endsWith('.') ? '.' : ''}`);
  return words.join(' ');
}
