// The time and the date, here or in a city that has a time zone named after it.
import type { Skill } from './conversation.ts';
import { numberInWords } from './numbers.ts';
import { sentence, titleCase } from './words.ts';

const DAY_MS = 86_400_000;

export const time: Skill = ({ core, clock }) => {
  const asked = core.match(
    /^(?:tell me |say |give me |what is |what )?(?:what )?(?:the )?(?:current |exact |local )?time(?: is it| it is| is| do you have)?(?: (?:right )?now| currently)?(?: in (.+?))?(?: (?:right )?now)?$/,
  );
  if (!asked || /^time (?:is|it)/.test(core)) return undefined;
  const place = asked[1]?.replace(/^the /, '');
  if (!place || /^(?:this|here|my|our)\b/.test(place)) return `It is ${timeInWords(clock.wallMs(), {})}.`;
  const timeZone = zoneOf(place);
  if (!timeZone) return `I do not know the time zone of ${titleCase(place)}.`;
  return `In ${titleCase(place)} it is ${timeInWords(clock.wallMs(), { timeZone })}.`;
};

export const date: Skill = ({ core, clock }) => {
  const [, what, day = 'today'] =
    core.match(
      /^(?:tell me |say )?(?:(?:what|which)(?: is)?|the)?(?: the)?(?: current)?(?: today's)? ?(date|day(?: of the week)?|year|month)(?: is it| it is| is| was)?(?: (today|tomorrow|yesterday))?(?: now)?$/,
    ) ?? [];
  if (!what || core === what) return undefined;
  const at = clock.wallMs() + (day === 'today' ? 0 : day === 'tomorrow' ? DAY_MS : -DAY_MS);
  if (what === 'year') return `The year is ${format(at, { year: 'numeric' })}.`;
  if (what === 'month') return `It is ${format(at, { month: 'long' })}.`;
  const named = format(at, { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' });
  return sentence(`${day} ${day === 'yesterday' ? 'was' : 'is'} ${named}`);
};

/** In words: this is an answer to be listened to. */
function timeInWords(atMs: number, zone: { readonly timeZone?: string }): string {
  const [hour = 0, minute = 0] = format(atMs, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...zone })
    .split(':')
    .map(Number);
  if (minute === 0 && hour % 12 === 0) return hour === 0 ? 'midnight' : 'noon';
  const part = hour < 12 ? 'in the morning' : hour < 18 ? 'in the afternoon' : 'in the evening';
  const minutes = minute === 0 ? "o'clock" : `${minute < 10 ? 'oh ' : ''}${numberInWords(minute)}`;
  return `${numberInWords(hour % 12 === 0 ? 12 : hour % 12)} ${minutes} ${part}`;
}

function format(atMs: number, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat('en-US', options).format(new Date(atMs));
}

/** `new york` → `America/New_York`. */
function zoneOf(place: string): string | undefined {
  const name = place.trim().replace(/ /g, '_').toLowerCase();
  if (name === 'utc' || name === 'gmt') return 'UTC';
  return Intl.supportedValuesOf('timeZone').find((zone) => zone.toLowerCase().endsWith(`/${name}`));
}
