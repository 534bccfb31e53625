// The time and the date, here or in a city that has a time zone named after it.
import { numberInWords } from '../numbers.ts';
import type { Skill } from '../skill.ts';
import { titleCase } from '../words.ts';

const DAY_MS = 86_400_000;
const days: Record<string, number> = { yesterday: -1, tomorrow: 1, 'the day after tomorrow': 2, 'the day before yesterday': -2 };

export const time: Skill = {
  id: 'time',
  offer: 'tell you the time',
  reply: ({ core, clock }) => {
    const asked = core.match(
      /^(?:tell me |say |give me |what is |what )?(?:what )?(?:the )?(?:current |exact |local )?time(?: is it| it is| is| do you have)?(?: (?:right )?now| currently)?(?: in (.+?))?(?: (?:right )?now)?$/,
    );
    if (!asked || /^time (?:is|it)/.test(core)) return undefined;
    const place = asked[1]?.replace(/^the /, '');
    const zone = place && !/^(?:this|here|my|our)\b/.test(place) ? zoneOf(place) : 'here';
    if (zone === undefined) return `I do not know the time zone of ${titleCase(place ?? '')}.`;
    const said = timeInWords(clock.wallMs(), zone === 'here' ? undefined : zone);
    return zone === 'here' ? `It is ${said}.` : `In ${titleCase(place ?? '')} it is ${said}.`;
  },
};

export const date: Skill = {
  id: 'date',
  offer: "tell you today's date",
  reply: ({ core, clock }) => {
    const other = Object.keys(days).findLast((day) => new RegExp(`\\b${day}$`).test(core));
    const text = core.replace(/ (?:is it )?(?:today|now|right now|currently)$/, '');
    const at = clock.wallMs() + (other ? (days[other] as number) * DAY_MS : 0);
    const day = format(at, { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' });
    const plainDay = other ? text.replace(new RegExp(` (?:is |will |was )?(?:it )?(?:be )?${other}$`), '') : text;
    const ask = (what: string) =>
      new RegExp(
        `^(?:tell me |say )?(?:what |what is |which )?(?:the |is the |today's |is today's |tomorrow's )?(?:current )?${what}(?: is it| is today| it is| is| was| will)?$`,
      ).test(plainDay);
    if (ask('(?:date|day|day of the week|weekday|day of the month)') && /\b(?:what|which|tell|date)\b/.test(core)) {
      if (!other) return `Today is ${day}.`;
      return `${other.charAt(0).toUpperCase()}${other.slice(1)} ${(days[other] as number) > 0 ? 'is' : 'was'} ${day}.`;
    }
    if (ask('year') && core !== 'year') return `The year is ${format(at, { year: 'numeric' })}.`;
    if (ask('month') && core !== 'month') return `It is ${format(at, { month: 'long' })}.`;
    return undefined;
  },
};

/** In words: this is an answer to be listened to. */
function timeInWords(atMs: number, timeZone: string | undefined): string {
  const [hour = 0, minute = 0] = format(atMs, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...(timeZone ? { timeZone } : {}) })
    .split(':')
    .map(Number);
  if (minute === 0 && hour % 12 === 0) return hour === 0 ? 'midnight' : 'noon';
  const part = hour < 12 ? 'in the morning' : hour < 18 ? 'in the afternoon' : 'in the evening';
  const minutes = minute === 0 ? "o'clock" : `${minute < 10 ? 'oh ' : ''}${numberInWords(minute)}`;
  return `${numberInWords(hour % 12 === 0 ? 12 : hour % 12)} ${minutes} ${part}`;
}

function format(atMs: number, options: Intl.DateTimeFormatOptions): string {
  // The narrow space before AM is one that few speech engines know.
  return new Intl.DateTimeFormat('en-US', options).format(new Date(atMs)).replace(/\u202f/g, ' ');
}

/** `new york` → `America/New_York`. */
function zoneOf(place: string): string | undefined {
  const name = place.trim().replace(/ /g, '_').toLowerCase();
  if (name === 'utc' || name === 'gmt') return 'UTC';
  return Intl.supportedValuesOf('timeZone').find((zone) => zone.toLowerCase().endsWith(`/${name}`));
}
