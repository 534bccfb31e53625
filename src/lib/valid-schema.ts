// JSON Schema without its mistakes: a word whose value is not of the kind that the standard demands is left out, wherever it stands. Servers refuse
// a whole request for one `"required": true`.
import { isObject } from './fields.ts';

export type Schema = Record<string, unknown>;

/** What is nested deeper than this may be anything. */
const DEPTH = 32;

type Reading = (value: unknown, depth: number) => unknown;

const text: Reading = (value) => (typeof value === 'string' ? value : undefined);
const number: Reading = (value) => (typeof value === 'number' ? value : undefined);
const boolean: Reading = (value) => (typeof value === 'boolean' ? value : undefined);
const filled: Reading = (value) => (Array.isArray(value) && value.length > 0 ? value : undefined);
const one: Reading = (value, depth) => (isObject(value) || typeof value === 'boolean' ? valid(value, depth) : undefined);
const many: Reading = (value, depth) => {
  const schemas = list(value)
    .map((entry) => one(entry, depth))
    .filter((entry) => entry !== undefined);
  return schemas.length > 0 ? schemas : undefined;
};
const named: Reading = (value, depth) => {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value).map(([name, schema]) => [name, isObject(schema) ? valid(schema, depth) : {}] as const);
  return Object.fromEntries(entries);
};

const types = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object', 'null']);

const words: Readonly<Record<string, Reading>> = {
  type: (value) => {
    const known = [...new Set(strings([value].flat()))].filter((name) => types.has(name));
    return known.length > 1 ? known : known[0];
  },
  required: (value) => (Array.isArray(value) ? [...new Set(strings(value))] : undefined),
  enum: filled,
  // A list of schemas was a tuple once.
  items: (value, depth) => (Array.isArray(value) ? { anyOf: many(value, depth) ?? [{}] } : one(value, depth)),
  ...of(named, 'properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'),
  ...of(one, 'additionalProperties', 'additionalItems', 'contains', 'propertyNames', 'not', 'if', 'then', 'else', 'unevaluatedProperties'),
  ...of(many, 'anyOf', 'oneOf', 'allOf', 'prefixItems'),
  ...of(text, 'title', 'description', 'pattern', 'format', '$ref', '$schema', '$id', '$comment'),
  ...of(number, 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength'),
  ...of(number, 'minItems', 'maxItems', 'minProperties', 'maxProperties'),
  ...of(boolean, 'nullable', 'uniqueItems', 'deprecated', 'readOnly', 'writeOnly'),
};

/** Of what is no schema at all, the one that says nothing. */
export function validSchema(given: unknown): Schema {
  return isObject(given) ? (valid(given, DEPTH) as Schema) : {};
}

function valid(given: Schema | boolean, depth: number): Schema | boolean {
  if (typeof given === 'boolean') return given;
  if (depth <= 0) return {};
  const entries = Object.entries(given).flatMap(([word, value]) => {
    const kept = Object.hasOwn(words, word) ? words[word]?.(value, depth - 1) : value;
    return kept === undefined ? [] : [[word, kept] as const];
  });
  return Object.fromEntries(entries);
}

function of(reading: Reading, ...names: string[]): Record<string, Reading> {
  return Object.fromEntries(names.map((name) => [name, reading]));
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function strings(value: unknown): string[] {
  return list(value).filter((entry) => typeof entry === 'string');
}
