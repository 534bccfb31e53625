// The parameters of a function as far as words can fill them, out of its JSON Schema.
import { functionSchema } from '../../lib/function-schema.ts';
import type { PromptTool } from '../../protocol/prompt.ts';
import { humanise } from './words.ts';

export type ParameterKind = 'choice' | 'number' | 'boolean' | 'time' | 'date' | 'moment' | 'place' | 'name' | 'text' | 'string' | 'other';

export interface Parameter {
  readonly key: string;
  /** For people: `start time`. */
  readonly label: string;
  readonly description: string;
  readonly kind: ParameterKind;
  readonly required: boolean;
  /** Values out of an enum, or known examples out of the description. */
  readonly values: readonly string[];
  /** What was an enum: nothing else is allowed. */
  readonly closed: boolean;
  readonly integer: boolean;
  /** The choices are numbers. */
  readonly numeric: boolean;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly fallback: unknown;
  /** The value is a list of these. */
  readonly list: boolean;
}

const zodiac = 'Aries Taurus Gemini Cancer Leo Virgo Libra Scorpio Sagittarius Capricorn Aquarius Pisces'.split(' ');

interface Schema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  description?: string;
  format?: string;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
}

export function parametersOf(tool: PromptTool): Parameter[] {
  const { properties, required } = functionSchema(tool.parameters);
  const needed = new Set(Array.isArray(required) ? required : []);
  return Object.entries(properties as Record<string, Schema>).map(([key, schema]) => parameter(key, schema ?? {}, needed.has(key)));
}

function parameter(key: string, declared: Schema, required: boolean): Parameter {
  const outer = pick(declared);
  const list = typeOf(outer) === 'array';
  const schema = list ? pick(outer.items ?? {}) : outer;
  const label = humanise(key);
  const description = declared.description ?? schema.description ?? '';
  const choices = (schema.enum ?? (schema.const === undefined ? [] : [schema.const])).filter((value) => value !== null).map(String);
  const sign = /\bsign\b|zodiac|astrolog|star sign/i.test(`${label} ${description}`) && choices.length === 0;
  return {
    key,
    label,
    description,
    kind: choices.length > 0 || sign ? 'choice' : kindOf(typeOf(schema), label, description, schema.format),
    required,
    values: choices.length > 0 ? choices : sign ? zodiac : examplesIn(description),
    closed: choices.length > 0,
    integer: typeOf(schema) === 'integer',
    numeric: schema.enum?.every((value) => typeof value === 'number') ?? false,
    minimum: schema.minimum,
    maximum: schema.maximum,
    fallback: declared.default ?? outer.default,
    list,
  };
}

/** The first alternative that is not null. */
function pick(schema: Schema): Schema {
  const choice = (schema.anyOf ?? schema.oneOf)?.find((one) => typeOf(one) !== 'null');
  return choice ? { ...schema, ...choice } : schema;
}

function typeOf(schema: Schema): string {
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type;
  return type ?? 'string';
}

const byLabel: readonly [RegExp, ParameterKind][] = [
  [/\b(?:date ?time|when|start|moment)\b/, 'moment'],
  [/\btime\b(?!.*zone)|\bhour\b/, 'time'],
  [/\b(?:date|day)\b/, 'date'],
  [/\b(?:location|city|place|town|country|address|destination|origin|where|region|area|from|to|state)\b/, 'place'],
  [/\b(?:name|person|contact|recipient|who|artist|author|guest|customer)\b/, 'name'],
  [
    /\b(?:message|text|body|content|note|query|question|topic|search|term|keywords?|subject|song|item|title|task|reason|description|product|expression|prompt|track|movie)\b/,
    'text',
  ],
];

function kindOf(type: string, label: string, description: string, format: string | undefined): ParameterKind {
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'boolean') return 'boolean';
  if (type !== 'string') return 'other';
  if (format === 'date-time') return 'moment';
  if (format === 'date' || format === 'time') return format;
  const named = byLabel.find(([pattern]) => pattern.test(label))?.[1];
  return named ?? (/\b(?:city|location|country|place)\b/i.test(description) ? 'place' : 'string');
}

/** `The room, e.g. kitchen, hall or attic` → the three. */
function examplesIn(description: string): string[] {
  const listed = description.match(/(?:\be\.?g\.?,?|\bfor example|\bsuch as|\bone of|\blike|\beither)[:,]?\s+([^.()]+)/i)?.[1];
  if (!listed) return [];
  return listed
    .split(/,|\bor\b|\band\b|\//)
    .map((example) => example.trim().replace(/^["'“]|["'”]$/g, ''))
    .filter((example) => example !== '' && example.split(' ').length <= 3);
}
