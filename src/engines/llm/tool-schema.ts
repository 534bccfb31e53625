// The schema of a tool's arguments as models' servers accept it. A client's function and an MCP server may bring any JSON Schema; servers refuse
// the whole request for one that they cannot read.

import { isObject, list, type Schema, validSchema, strings } from './valid-schema.ts';

/** How far references are followed: a schema may contain itself. */
const DEPTH = 12;

/**
 * The nearest schema that is an object at the top, without alternatives there: OpenAI and Anthropic refuse `anyOf`, `oneOf`, `allOf`, `enum`
 * and `not` at the top, and anything but `type: "object"`. Of alternatives the properties are kept, side by side.
 */
export function functionSchema(given: unknown): Schema {
  const root = validSchema(given);
  const schema = topOf(root, root, DEPTH);
  const { properties, required } = fieldsOf(schema, root, DEPTH);
  const kept: Schema = { type: 'object', properties };
  if (required.length > 0) kept['required'] = required;
  for (const word of ['description', 'additionalProperties']) if (schema[word] !== undefined) kept[word] = schema[word];
  for (const word of ['$defs', 'definitions']) if (root[word] !== undefined) kept[word] = root[word];
  return kept;
}

/** The same in the words that Gemini knows, without references. Absent when there are no arguments: it refuses an object without properties. */
export function openApiSchema(given: unknown): Schema | undefined {
  const schema = functionSchema(given);
  if (Object.keys(schema['properties'] as Schema).length === 0) return undefined;
  return openApi(schema, schema, DEPTH);
}

function topOf(given: unknown, root: Schema, depth: number): Schema {
  if (!isObject(given)) return {};
  const target = typeof given['$ref'] === 'string' ? referred(given['$ref'], root) : undefined;
  return target && depth > 0 ? topOf(target, root, depth - 1) : given;
}

function fieldsOf(schema: Schema, root: Schema, depth: number): { properties: Schema; required: string[] } {
  const properties: Schema = {};
  const own = isObject(schema['properties']) ? schema['properties'] : {};
  for (const [name, value] of Object.entries(own)) properties[name] = value;
  const required = new Set(strings(schema['required']));
  for (const word of ['allOf', 'anyOf', 'oneOf']) {
    const branches = depth > 0 ? list(schema[word]).map((branch) => fieldsOf(topOf(branch, root, depth - 1), root, depth - 1)) : [];
    for (const branch of branches) for (const [name, value] of Object.entries(branch.properties)) properties[name] ??= value;
    const demanded = branches.flatMap((branch) => branch.required);
    // What only some of the alternatives demand is not demanded.
    for (const name of demanded) if (word === 'allOf' || branches.every((branch) => branch.required.includes(name))) required.add(name);
  }
  return { properties, required: [...required].filter((name) => Object.hasOwn(properties, name)) };
}

const types = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object']);
const copied = ['title', 'description', 'minimum', 'maximum', 'minItems', 'maxItems', 'minLength', 'maxLength', 'pattern'];
const formats: Readonly<Record<string, readonly string[]>> = {
  string: ['date-time', 'enum'],
  integer: ['int32', 'int64'],
  number: ['float', 'double'],
};

function openApi(given: unknown, root: Schema, depth: number): Schema {
  const schema = topOf(given, root, depth);
  if (depth <= 0 || !isObject(given)) return { type: 'string' };
  const named = [schema['type']].flat().filter((type) => typeof type === 'string');
  const nullable = named.includes('null') || schema['nullable'] === true;
  const kept: Schema = nullable ? { nullable: true } : {};
  for (const word of copied) if (fits(word, schema[word])) kept[word] = schema[word];
  const alternatives = [...list(schema['anyOf']), ...list(schema['oneOf'])].filter((branch) => !isNull(branch));
  const known = named.filter((type) => types.has(type));
  if (alternatives.length > 1 && known.length === 0) {
    return { ...kept, anyOf: alternatives.map((branch) => openApi(branch, root, depth - 1)) };
  }
  if (known.length > 1) return { ...kept, anyOf: known.map((type) => openApi({ ...schema, type }, root, depth - 1)) };
  const [only] = alternatives;
  if (only !== undefined && known.length === 0) return { ...openApi(only, root, depth - 1), ...kept };
  const type = known[0] ?? impliedType(schema);
  kept['type'] = type;
  if (type === 'string') {
    const choices = strings(schema['enum'] ?? [schema['const']]);
    if (choices.length > 0) kept['enum'] = choices;
  }
  if (type === 'array') kept['items'] = openApi(isObject(schema['items']) ? schema['items'] : {}, root, depth - 1);
  if (type === 'object') {
    const { properties, required } = fieldsOf(schema, root, depth - 1);
    const entries = Object.entries(properties).map(([name, value]) => [name, openApi(value, root, depth - 1)] as const);
    if (entries.length > 0) kept['properties'] = Object.fromEntries(entries);
    if (required.length > 0) kept['required'] = required;
  }
  if (formats[type]?.includes(schema['format'] as string)) kept['format'] = schema['format'];
  return kept;
}

function impliedType(schema: Schema): string {
  if (isObject(schema['properties']) || list(schema['allOf']).length > 0) return 'object';
  if (schema['items'] !== undefined) return 'array';
  const [example] = [schema['const'], ...list(schema['enum'])].filter((value) => value !== undefined);
  return typeof example === 'number' || typeof example === 'boolean' ? typeof example : 'string';
}

function fits(word: string, value: unknown): boolean {
  return /^(?:title|description|pattern)$/.test(word) ? typeof value === 'string' : typeof value === 'number';
}

function isNull(schema: unknown): boolean {
  return isObject(schema) && (schema['type'] === 'null' || schema['const'] === null);
}

/** What a reference within the same schema points to. */
function referred(reference: string, root: Schema): Schema | undefined {
  if (!reference.startsWith('#/')) return undefined;
  const path = reference.slice(2).split('/');
  const found = path.reduce<unknown>((at, key) => {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    return isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }, root);
  return isObject(found) ? found : undefined;
}
