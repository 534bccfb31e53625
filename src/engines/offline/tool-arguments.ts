// The parameters of a function, out of its JSON Schema, and their values out of what was said.
import { isObject } from '../../lib/fields.ts';
import { functionSchema } from '../../lib/function-schema.ts';
import type { PromptTool } from '../../protocol/prompt.ts';
import { findNumbers } from './numbers.ts';
import { contentStems, humanise, stem, stems, titleCase } from './words.ts';

export interface Parameter {
  readonly key: string;
  /** For people: `start time`. */
  readonly label: string;
  readonly description: string;
  /** Undefined: nothing that could be said. */
  readonly kind: Kind | undefined;
  readonly required: boolean;
  /** What an enum allows. */
  readonly choices: readonly unknown[];
  readonly isInteger: boolean;
  readonly fallback: unknown;
  /** The value is a list of these. */
  readonly isList: boolean;
}

export function parametersOf(tool: PromptTool): Parameter[] {
  const { properties, required } = functionSchema(tool.parameters);
  return Object.entries(fields(properties)).map(([key, declared]) => {
    const outer = pick(declared);
    const isList = typeOf(outer) === 'array';
    const schema = isList ? pick(outer['items']) : outer;
    const label = humanise(key);
    const description = [outer['description'], schema['description']].find((text) => typeof text === 'string') ?? '';
    const choices = [schema['enum'] ?? schema['const']].flat().filter((value) => value !== null && value !== undefined);
    return {
      key,
      label,
      description,
      kind: choices.length > 0 ? 'choice' : kindOf(typeOf(schema), label, description),
      required: Array.isArray(required) && required.includes(key),
      choices,
      isInteger: typeOf(schema) === 'integer',
      fallback: outer['default'],
      isList,
    };
  });
}

function fields(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

/** The first alternative that is not null. */
function pick(given: unknown): Record<string, unknown> {
  const schema = fields(given);
  const alternatives = [schema['anyOf'] ?? schema['oneOf'] ?? []].flat().map(fields);
  return { ...schema, ...alternatives.find((one) => typeOf(one) !== 'null') };
}

function typeOf({ type = 'string' }: Record<string, unknown>): unknown {
  return [type].flat().find((one) => one !== 'null') ?? 'null';
}

/** A label of something that has a time of day. */
export const isTime = /\b(?:when|start|time|hour)\b(?!.*zone)/;

const byLabel: readonly [RegExp, Kind][] = [
  [isTime, 'time'],
  [/\b(?:date|day)\b/, 'date'],
  [/\b(?:location|city|place|town|country|address|destination|origin|where|region|area|from|to)\b/, 'place'],
  [/\b(?:name|person|contact|recipient|who|artist|author|guest|customer)\b/, 'name'],
  [/\b(?:message|text|body|content|note|query|question|topic|subject|song|item|title|task|reason|product|prompt)\b/, 'text'],
];

function kindOf(type: unknown, label: string, description: string): Kind | undefined {
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'boolean') return 'boolean';
  if (type !== 'string') return undefined;
  return byLabel.find(([pattern]) => pattern.test(label))?.[1] ?? (/\b(?:city|location)\b/i.test(description) ? 'place' : 'word');
}

/** A value, and the sentence without it. */
interface Found {
  readonly value: unknown;
  readonly rest: string;
}

/** How a parameter is found in a sentence; `own` are the stems of the function's name. What is certain goes first, and nothing is taken twice. */
const finders = {
  choice: findChoice,
  date: (_: Parameter, text: string) => match(text, day),
  time: (_: Parameter, text: string) => findTime(text),
  number: findNumber,
  boolean: findBoolean,
  place: findWords,
  name: findWords,
  text: findWords,
  word: findWords,
} satisfies Record<string, (parameter: Parameter, text: string, own: readonly string[]) => Found | undefined>;

type Kind = keyof typeof finders;

export function fill(parameters: readonly Parameter[], own: readonly string[], said: string): Map<string, unknown> {
  const filling = new Map<string, unknown>();
  let rest = said;
  for (const [kind, find] of Object.entries(finders)) {
    for (const parameter of parameters.filter((one) => one.kind === kind)) {
      const found = find(parameter, rest, own);
      if (!found) continue;
      filling.set(parameter.key, found.value);
      rest = found.rest;
    }
  }
  return filling;
}

/** The choice that is said, or all of them for a list, in the order in which they are said. */
function findChoice({ choices, isList }: Parameter, text: string): Found | undefined {
  const said = ` ${stems(text).join(' ')} `;
  const keyed = choices.map((value) => ({ value, key: ` ${stems(humanise(String(value))).join(' ')} ` }));
  const hits = keyed.filter(({ key }) => key.trim() !== '' && said.includes(key));
  // `living room` also says `room`: the longer one is meant.
  const meant = hits.filter((hit) => !hits.some(({ key }) => key.length > hit.key.length && key.includes(hit.key)));
  const inOrder = meant.sort((a, b) => said.indexOf(a.key) - said.indexOf(b.key)).slice(0, isList ? undefined : 1);
  if (inOrder.length === 0) return undefined;
  const rest = text.split(' ').filter((word) => !inOrder.some(({ key }) => key.includes(` ${stem(word)} `)));
  return { value: isList ? inOrder.map(({ value }) => value) : inOrder[0]?.value, rest: rest.join(' ') };
}

const day =
  /\b(?:(?:on|for) )?(today|tonight|tomorrow(?: (?:morning|afternoon|evening|night))?|next (?:week|month)|(?:(?:this|next) )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|\d{4}-\d{2}-\d{2})\b/i;
const clock =
  /\b(?:(?:at|around|by) )?((?:half past |quarter past |quarter to |(?<=(?:at|around|by) )|(?=\w+(?: \w+)? ?(?:am|pm|o'clock)\b|\d+:))(?:\d{1,2}(?::\d{2})?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?: (?:thirty|fifteen|forty-five))?(?: ?(?:am|pm)\b| o'clock)?|noon|midnight)\b/i;

/** `tomorrow at eight`; the day is gone already where the function has another place for it. */
function findTime(text: string): Found | undefined {
  const on = match(text, day);
  const at = match(on?.rest ?? text, clock);
  return on && at ? { value: `${String(on.value)} at ${String(at.value)}`, rest: at.rest } : (at ?? on);
}

function match(text: string, pattern: RegExp): Found | undefined {
  const value = text.match(pattern)?.[1];
  return value === undefined ? undefined : { value, rest: text.replace(pattern, ' ').replace(/\s+/g, ' ').trim() };
}

/** The number beside a word of the parameter, or the first. */
function findNumber({ label, description, isInteger }: Parameter, text: string): Found | undefined {
  const words = text.split(' ');
  const has = (keys: readonly string[], at: number) => keys.includes(stem(words[at] ?? ''));
  const named = stems(label);
  const about = [...named, ...contentStems(description)];
  const found = findNumbers(words.map((word) => word.toLowerCase().replace(/[%°$€£]/g, '')));
  const hit = found.find(({ at, length }) => [at + length, at - 1, at - 2].some((beside) => has(about, beside))) ?? found[0];
  if (!hit) return undefined;
  // `for four people`, `people: four`: the label goes with the number, so that it is not taken for a name.
  const [from, to] = [has(named, hit.at - 1) ? hit.at - 1 : hit.at, hit.at + hit.length];
  const rest = words.toSpliced(from, (has(named, to) ? to + 1 : to) - from).join(' ');
  return { value: isInteger ? Math.round(hit.value) : hit.value, rest };
}

function findBoolean({ label, required }: Parameter, text: string): Found | undefined {
  const isNamed = stems(label).every((key) => stems(text).includes(key));
  if (!isNamed && !required) return undefined;
  if (/\b(?:off|not|no|without|disable|close|false|never)\b/i.test(text)) return { value: false, rest: text };
  return isNamed || /\b(?:on|yes|with|enable|open|true)\b/i.test(text) ? { value: true, rest: text } : undefined;
}

const beforePlaces = ['in', 'near', 'around', 'at', 'for', 'to', 'of', 'from'];
const beforeWords = "called|named|under|for|with|about|to|i am|i'm|of|in|on|from".split('|');
const capitalised = /(?<=\S )(?!I\b)(\p{Lu}[\p{L}'-]*(?: \p{Lu}[\p{L}'-]*)*)/u;

function findWords(parameter: Parameter, text: string, own: readonly string[]): Found | undefined {
  const { kind, label } = parameter;
  const place = /origin|from|departure/.test(label) ? ['from'] : /destination|\bto\b|arrival/.test(label) ? ['to', 'for'] : beforePlaces;
  const before = [`${label} is`, `${label} of`, label, ...(kind === 'place' ? place : beforeWords)];
  const found = (kind === 'text' ? takeRest(text, label, own) : takeAfter(text, before, own)) ?? match(text, capitalised);
  return found && !isOwn(String(found.value), own) ? { ...found, value: spelled(parameter, String(found.value)) } : undefined;
}

/** `tell me about the weather`: nothing but words of the function itself. */
function isOwn(value: string, own: readonly string[]): boolean {
  return contentStems(value).every((key) => own.includes(key));
}

/** Names have capitals, and so do the examples of what is called by one: `like Taurus or Aquarius`. */
function spelled({ kind, description }: Parameter, value: string): string {
  const isName = kind === 'place' || kind === 'name' || (kind === 'word' && /[\p{L},] \p{Lu}\p{Ll}/u.test(description));
  return isName ? titleCase(value) : value;
}

/** Words that end a phrase, and begin none. */
const boundary = new Set(
  `in at on for with by from to of and or please is are was will be called named name about right now thanks thank today tonight tomorrow that which what
who how when where if then under until because but like as than using i i'm it's you it we me us he she they should can saying yet already ever
again soon too also here there`.split(/\s+/),
);

/** Said before what is meant: `it's in the kitchen`. */
const lead = /^(?:the|an?|my|some|u[mh]|well|oh|okay|yes|it|it's|that|that's|is|i|i'm|am|mean|want|use|take|make|in|at|for|on|to|with)$/;

/** What follows the first of these that is followed by something: `in new york please` → `new york`. */
function takeAfter(text: string, before: readonly string[], own: readonly string[]): Found | undefined {
  const words = text.split(' ');
  const lower = words.map((word) => word.toLowerCase());
  for (const parts of before.map((words) => words.split(' '))) {
    for (let at = 0; at + parts.length < words.length; at++) {
      if (!parts.every((part, index) => lower[at + index] === part)) continue;
      const from = lower.findIndex((word, index) => index >= at + parts.length && !lead.test(word));
      const end = lower.findIndex((word, index) => index >= from && boundary.has(word));
      const to = end < 0 ? words.length : end;
      const value = words.slice(from, to).join(' ');
      if (from >= 0 && value !== '' && !isOwn(value, own)) return { value, rest: words.toSpliced(at, to - at).join(' ') };
    }
  }
  return undefined;
}

/** All that follows: `a message saying i am late` → `i am late`, `create a reminder to buy milk` → `buy milk`. */
function takeRest(text: string, label: string, own: readonly string[]): Found | undefined {
  const [rest = '', given] = text.split(` ${label} is `);
  if (given) return { value: given.replace(/ and$/, ''), rest };
  const words = text.split(' ');
  const isLead = (word: string) =>
    own.includes(stem(word)) || /^(?:me|us|it|the|an?|my|some|to|for|of|about|that|called|saying)$/i.test(word);
  const says = words.findIndex((word) => /^(?:saying|that)$/i.test(word));
  const begins = says < 0 ? words.findIndex((word) => own.includes(stem(word))) : says;
  const from = words.findIndex((word, index) => begins >= 0 && index > begins && !isLead(word));
  if (from < 0) return undefined;
  const value = words.slice(from).join(' ');
  // `add milk to my list`
  const matter = says < 0 ? value.replace(/ (?:to|in|on|from|into|for) (?:the|my|our) .+$/i, '') : value;
  return { value: matter, rest: words.slice(0, begins).join(' ') };
}
