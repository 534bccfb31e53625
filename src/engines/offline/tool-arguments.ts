// Fills the parameters of one function out of one utterance. A value that several fit (`in Paris and in Rome`) keeps them all.
import { findNumbers } from './numbers.ts';
import { splitNames, takeAfter, takeCapitalised, takeDay, takeRest, takeTime, type Found } from './phrases.ts';
import { sameIdea, type ToolWords } from './tool-choice.ts';
import type { Parameter, ParameterKind } from './tool-schema.ts';
import { contentStems, humanise, nearlySame, stem, titleCase, wordsOf } from './words.ts';

export type Value = string | number | boolean;
/** By parameter; more than one value means more than one call. */
export type Filling = Map<string, Value[]>;

/** What is certain goes first, so that what is left can only be what is vague. */
const order: readonly ParameterKind[] = ['choice', 'moment', 'time', 'date', 'number', 'boolean', 'place', 'name', 'text', 'string'];

export function fill(tool: ToolWords, said: string): Filling {
  const filling: Filling = new Map();
  let rest = said;
  const sorted = [...tool.parameters].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  for (const parameter of sorted) {
    const found = fillOne(parameter, rest, tool);
    if (!found || found.values.length === 0) continue;
    filling.set(parameter.key, found.values);
    rest = found.rest;
  }
  return filling;
}

interface Filled {
  readonly values: Value[];
  readonly rest: string;
}

function fillOne(parameter: Parameter, text: string, tool: ToolWords): Filled | undefined {
  switch (parameter.kind) {
    case 'choice':
      return choices(parameter, text);
    case 'time':
      return clockTime(text, tool);
    case 'date':
      return one(takeDay(text));
    case 'moment':
      return moment(text);
    case 'number':
      return number(parameter, text);
    case 'boolean':
      return boolean(parameter, text);
    case 'place':
    case 'name':
    case 'text':
    case 'string':
      return words(parameter, text, tool);
    case 'other':
      break;
  }
  return undefined;
}

function one(found: Found | undefined): Filled | undefined {
  return found && { values: [found.value], rest: found.rest };
}

/** The values that are said, in the order in which they are said. */
export function choices(parameter: Parameter, text: string): Filled | undefined {
  const spoken = wordsOf(text);
  const hits = parameter.values.flatMap((value) => {
    const parts = wordsOf(humanise(value));
    const at = spoken.findIndex((_, start) => parts.every((part, index) => saysPart(spoken[start + index], part)));
    return parts.length > 0 && at >= 0 ? [{ value, at, length: parts.length }] : [];
  });
  // `living room` also says `room`: the longer one is meant.
  const kept = hits.filter(
    (hit) => !hits.some((other) => other.length > hit.length && hit.at >= other.at && hit.at < other.at + other.length),
  );
  if (kept.length === 0) return undefined;
  const gone = new Set(kept.flatMap((hit) => Array.from({ length: hit.length }, (_, index) => spoken[hit.at + index])));
  const rest = text
    .split(' ')
    .filter((word) => !gone.has(word.toLowerCase()))
    .join(' ');
  return { values: kept.sort((a, b) => a.at - b.at).map((hit) => hit.value), rest };
}

function saysPart(said: string | undefined, part: string): boolean {
  return said !== undefined && (nearlySame(said, part) || stem(said) === stem(part));
}

/** `tomorrow at seven`, where the function has no other place for the day. */
function clockTime(text: string, tool: ToolWords): Filled | undefined {
  const hasDay = tool.parameters.some((parameter) => parameter.kind === 'date' || parameter.kind === 'moment');
  return hasDay || !takeTime(text) ? one(takeTime(text)) : moment(text);
}

function moment(text: string): Filled | undefined {
  const day = takeDay(text);
  const time = takeTime(day?.rest ?? text);
  const values = [day?.value, time && (day ? `at ${time.value}` : time.value)].filter((part) => part !== undefined);
  return values.length === 0 ? undefined : { values: [values.join(' ')], rest: time?.rest ?? day?.rest ?? text };
}

const codes = /\b(?:number|code|id|phone|zip|pin|postcode)\b/;

/** `one two three` as one number, as people read out a code. */
function digits(text: string): Filled | undefined {
  const found = findNumbers(text.toLowerCase().split(' '));
  const first = found[0];
  if (!first) return undefined;
  let length = 0;
  let value = '';
  for (const next of found) {
    if (next.at !== first.at + length || next.value < 0) break;
    value += String(next.value);
    length += next.length;
  }
  return { values: [value], rest: text.split(' ').toSpliced(first.at, length).join(' ') };
}

function number(parameter: Parameter, text: string): Filled | undefined {
  if (codes.test(parameter.label) && !/\bnumber of\b/.test(parameter.label)) {
    const read = digits(text);
    return read && { values: read.values.map(Number), rest: read.rest };
  }
  const words = text
    .toLowerCase()
    .split(' ')
    .map((word) => word.replace(/[%°$€£]/g, ''));
  const keys = [...contentStems(parameter.label), ...contentStems(parameter.description)];
  const found = findNumbers(words).filter(
    ({ value }) => value >= (parameter.minimum ?? -Infinity) && value <= (parameter.maximum ?? Infinity),
  );
  const unit = (at: number) => {
    const word = stem(words[at] ?? '');
    return word !== '' && keys.some((key) => key === word || sameIdea(key, word));
  };
  const hit = found.find(({ at, length }) => unit(at + length)) ?? found.find(({ at }) => unit(at - 2) || unit(at - 1)) ?? found[0];
  if (!hit) return undefined;
  const rest = text.split(' ').toSpliced(hit.at, hit.length).join(' ');
  return { values: [parameter.integer ? Math.round(hit.value) : hit.value], rest };
}

const negative = /\b(?:off|disable|disabled|stop|close|closed|no|not|unlock|without|deactivate|false|never|mute)\b/i;
const positive = /\b(?:on|enable|enabled|start|open|opened|yes|lock|locked|with|activate|true|please do|unmute)\b/i;

function boolean(parameter: Parameter, text: string): Filled | undefined {
  const switched = text.match(/\b(?:turn|switch|put|shut)\b.*\b(on|off)\b/i)?.[1];
  if (switched) return { values: [switched.toLowerCase() === 'on'], rest: text };
  const about = wordsOf(text).some((word) => contentStems(parameter.label).includes(stem(word)));
  if (negative.test(text) && (about || parameter.required)) return { values: [false], rest: text };
  if (about) return { values: [true], rest: text };
  return parameter.required && positive.test(text) ? { values: [true], rest: text } : undefined;
}

const prepositions: Record<'place' | 'name' | 'text' | 'string', readonly string[]> = {
  place: ['in', 'near', 'around', 'at', 'for', 'to', 'of', 'from'],
  name: ['called', 'named', 'name is', 'name of', 'under', 'for', 'with', 'to', 'by', 'is'],
  text: ['about', 'called', 'named', 'for', 'on', 'of'],
  string: ['called', 'named', 'for', 'about', 'of', 'to', 'in', 'on', 'from', 'with', 'as'],
};
const verbs = [
  'saying(?: that)?',
  'that says',
  'say(?:s)? that',
  'remind me (?:to|about)',
  'note that',
  'tell (?:him|her|them) (?:that )?',
  'search (?:the web |online )?for',
  'search',
  'look up',
  'look for',
  'google',
  'find',
  'play',
  'translate',
  'order',
  'buy',
  'add',
  'calculate',
  'ask',
  'that',
];

function words(parameter: Parameter, text: string, tool: ToolWords): Filled | undefined {
  const kind = parameter.kind as 'place' | 'name' | 'text' | 'string';
  const known = choices(parameter, text);
  if (known) return known;
  if (kind === 'string' && codes.test(parameter.label)) return digits(text);
  const own = takeAfter(
    text,
    ['is', 'of', 'to', 'as', 'called', 'named', 'set to'].map((word) => `${parameter.label} ${word}`),
  );
  const found =
    own ??
    (kind === 'text' ? behindVerb(text) : kind === 'name' ? addressed(text) : undefined) ??
    takeAfter(text, orderFor(parameter, kind), kind === 'place', (value) => !isOwnMatter(value, tool) && !isAdverb(value));
  if (found && !isOwnMatter(found.value, tool) && !isAdverb(found.value)) {
    if (kind === 'place') {
      const more = alsoAfter(found.rest, orderFor(parameter, kind), tool);
      return { values: [...splitNames(found.value), ...more.values], rest: more.rest };
    }
    const value = kind === 'name' ? nameIn(found.value, tool) : found.value;
    if (value !== '') return { values: [value], rest: found.rest };
  }
  const capitalised = kind === 'place' || kind === 'name' ? takeCapitalised(text) : undefined;
  if (kind !== 'name' || !capitalised) return one(capitalised);
  const value = nameIn(capitalised.value, tool);
  return value === '' ? undefined : { values: [value], rest: capitalised.rest };
}

/** `people Name Miller` → `Miller`, `David people` → `David`: words that name a parameter are no part of somebody's name. */
function nameIn(value: string, tool: ToolWords): string {
  const labels = new Set(tool.parameters.flatMap(({ label }) => label.split(' ').map(stem)));
  const parts: string[][] = [[]];
  for (const word of value.split(' ')) {
    if (labels.has(stem(word.toLowerCase()))) parts.push([]);
    else parts.at(-1)?.push(word);
  }
  return titleCase((parts.findLast((part) => part.length > 0) ?? []).join(' '));
}

const adverb = /^(?:yet|now|already|again|back|before|earlier|later|once|twice|ever|never|too|either|anyway|soon)\b/i;

/** `has the dog called yet`: what stands behind the verb is not what something is called. */
function isAdverb(value: string): boolean {
  return adverb.test(value);
}

/** `in Paris and in Rome`: the same preposition again. */
function alsoAfter(text: string, before: readonly string[], tool: ToolWords): { values: string[]; rest: string } {
  const again = text.match(/\band (\w+) /i)?.[1]?.toLowerCase();
  const next = again && before.includes(again) ? takeAfter(text, [again]) : undefined;
  return next && !isOwnMatter(next.value, tool) ? { values: splitNames(next.value), rest: next.rest } : { values: [], rest: text };
}

function orderFor(parameter: Parameter, kind: 'place' | 'name' | 'text' | 'string'): readonly string[] {
  if (/origin|from|source|departure/.test(parameter.label)) return ['from'];
  if (/destination|\bto\b|target|arrival/.test(parameter.label)) return ['to', 'for', 'in'];
  return prepositions[kind];
}

/** `text alice that …`, `call mum` */
function addressed(text: string): Found | undefined {
  const found = takeAfter(text, ['text', 'message', 'call', 'email', 'phone', 'ring', 'invite', 'ask', 'tell']);
  return found && !/^(?:message|text|to|email|call)\b/i.test(found.value) ? found : undefined;
}

function behindVerb(text: string): Found | undefined {
  const found = takeRest(text, verbs);
  if (!found) return undefined;
  // `add milk to my list`, `play jazz in the kitchen`
  const value = found.value.replace(/ (?:to|in|on|from|into|for) (?:the|my|our) .+$/i, '').replace(/^(?:for|the|some|a) /i, '');
  return { value, rest: found.rest };
}

/** `tell me about the weather`: what the function is about is no argument. */
function isOwnMatter(value: string, tool: ToolWords): boolean {
  const keys = contentStems(value);
  return keys.every((key) => tool.name.some((part) => part === key || sameIdea(part, key)));
}
