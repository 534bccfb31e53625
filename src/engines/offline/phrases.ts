// Finds times, days, places, names and free text in an utterance by the little words around them.
import { isStopWord, titleCase } from './words.ts';

export interface Found {
  readonly value: string;
  /** The utterance without what was taken. */
  readonly rest: string;
}

const hour = String.raw`(?:\d{1,2}(?::\d{2})?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)`;
const minutes = String.raw`(?:thirty|fifteen|forty[- ]five|ten|twenty|forty|fifty|oh five|o'clock|o clock|\d{2})`;
const half = String.raw`(?: ?(?:am|pm)\b| (?:in the (?:morning|afternoon|evening)|at night))`;
const partOfDay = String.raw`(?: (?:morning|afternoon|evening|night))?`;
const weekday = '(?:mon|tues|wednes|thurs|fri|satur|sun)day';
const month = '(?:january|february|march|april|may|june|july|august|september|october|november|december)';
const ordinal = String.raw`(?:the )?(?:\d{1,2}(?:st|nd|rd|th)?|(?:twenty|thirty)?[- ]?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth)`;

const timePatterns = [
  String.raw`(?:(?:at|around|by|for|from) )?((?:half past|quarter past|quarter to|(?:five|ten|twenty) (?:minutes )?(?:past|to)) ${hour}${half}?)`,
  String.raw`(?:(?:at|around|by|for|from) )?(${hour}(?: ${minutes})?(?:${half}| o'clock| o clock))`,
  String.raw`(?:at|around|by) (${hour}(?: ${minutes})?)(?! (?:percent|degrees|people|persons|guests))`,
  String.raw`(\d{1,2}:\d{2})`,
  String.raw`(?:(?:at|around|by) )?(noon|midnight|midday)`,
];
const dayPatterns = [
  String.raw`(today|tonight|the day after tomorrow|tomorrow${partOfDay}|this (?:morning|afternoon|evening|weekend)|next (?:week|month|weekend))`,
  String.raw`(?:on |for )?((?:this |next |coming )?${weekday}${partOfDay}(?: (?:the )?${ordinal})?)`,
  String.raw`(?:on |for )?(${month} ${ordinal}|${ordinal} (?:of )?${month})`,
  String.raw`(?:on |for )?(\d{4}-\d{2}-\d{2})`,
];

export const takeTime = (text: string): Found | undefined => takeFirst(text, timePatterns);
export const takeDay = (text: string): Found | undefined => takeFirst(text, dayPatterns);

function takeFirst(text: string, patterns: readonly string[]): Found | undefined {
  for (const pattern of patterns) {
    const match = text.match(new RegExp(String.raw`\b${pattern}\b`, 'i'));
    if (match?.[1] !== undefined && match.index !== undefined)
      return { value: match[1].trim(), rest: without(text, match.index, match[0].length) };
  }
  return undefined;
}

/** Words that end a phrase begun by a preposition. */
const boundary = new Set(
  `in at on for with by from to of and or please is are was will be called named named about right now today tonight tomorrow that which
what who how when where if then under until because but like as than using i you it we should can
saying telling again too also`.split(/\s+/),
);
/** What follows a preposition without being a place, person or thing. */
const empty =
  /^(?:me|you|us|it|them|him|her|that|this|general|here|there|now|once|least|all|what|which|who|the (?:moment|morning|evening|afternoon|way|same|future)|a (?:moment|second|minute))\b/i;

/**
 * What follows the first of the prepositions that is followed by something: `in new york please` → `new york`. `and` only joins
 * when `several` is set, and then only more of the same. What `accept` refuses is passed over.
 */
export function takeAfter(
  text: string,
  prepositions: readonly string[],
  several = false,
  accept: (value: string) => boolean = () => true,
): Found | undefined {
  const words = text.split(' ');
  const lower = words.map((word) => word.toLowerCase());
  for (const preposition of prepositions) {
    const parts = preposition.split(' ');
    for (let at = 0; at + parts.length < words.length; at++) {
      if (!parts.every((part, index) => lower[at + index] === part)) continue;
      let from = at + parts.length;
      if (/^(?:the|a|an|my|some)$/.test(lower[from] ?? '') && from + 1 < words.length) from++;
      const to = endOf(lower, from, several);
      if (to === from || empty.test(lower.slice(at + parts.length, to).join(' '))) continue;
      const value = words.slice(from, to).join(' ');
      if (!accept(value)) continue;
      return { value, rest: [...words.slice(0, at), ...words.slice(to)].join(' ') };
    }
  }
  return undefined;
}

function endOf(lower: readonly string[], from: number, several: boolean): number {
  let to = from;
  for (; to < lower.length; to++) {
    const word = lower[to] as string;
    const next = lower[to + 1] ?? '';
    if (several && word === 'and' && to > from && next !== '' && !boundary.has(next) && !isStopWord(next)) continue;
    if (boundary.has(word)) break;
  }
  return to;
}

/** The rest of the sentence behind the first of the openings: `send a text saying i am late` → `i am late`. */
export function takeRest(text: string, openings: readonly string[]): Found | undefined {
  for (const opening of openings) {
    const match = text.match(new RegExp(String.raw`\b${opening} (.+)$`, 'i'));
    if (match?.[1] && match.index !== undefined) return { value: match[1].trim(), rest: text.slice(0, match.index).trim() };
  }
  return undefined;
}

/** Capitalised words that are not the first: written speech marks its names by itself. */
export function takeCapitalised(text: string): Found | undefined {
  const match = text.match(/(?<=\S )(?!I\b)(\p{Lu}[\p{L}'-]*(?: \p{Lu}[\p{L}'-]*)*)/u);
  return match?.[1] && match.index !== undefined ? { value: match[1], rest: without(text, match.index, match[1].length) } : undefined;
}

/** `paris and new york` → two names. */
export function splitNames(text: string): string[] {
  return text
    .split(/\s*(?:,|\band\b)\s*/i)
    .filter(Boolean)
    .map(titleCase);
}

function without(text: string, at: number, length: number): string {
  return `${text.slice(0, at)} ${text.slice(at + length)}`.replace(/\s+/g, ' ').trim();
}
