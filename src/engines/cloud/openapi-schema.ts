// The schema of a function's arguments in the words of OpenAPI 3.0, without references: Gemini knows no others.
import { isObject } from '../../lib/fields.ts';
import { functionSchema, SchemaReader } from '../../lib/function-schema.ts';
import { list, type Schema, strings } from '../../lib/valid-schema.ts';

/** Absent when there are no arguments: an object without properties is refused at the top. */
export function openApiSchema(given: unknown): Schema | undefined {
  const schema = functionSchema(given);
  if (Object.keys(schema['properties'] as Schema).length === 0) return undefined;
  return new Translator(new SchemaReader(schema)).translate(schema, 0);
}

const types = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object']);
const texts = ['title', 'description', 'pattern'];
const numbers = ['minimum', 'maximum', 'minItems', 'maxItems', 'minLength', 'maxLength'];
/** Said of an object with any properties: "should be non-empty for OBJECT type", at every depth. */
const objectInText = 'A JSON object, written as text.';
const formats: Readonly<Record<string, readonly string[]>> = {
  string: ['date-time', 'enum'],
  integer: ['int32', 'int64'],
  number: ['float', 'double'],
};

class Translator {
  readonly #reader: SchemaReader;

  constructor(reader: SchemaReader) {
    this.#reader = reader;
  }

  /** @param outer what is said around this part, which goes before its own words. */
  translate(part: unknown, before: number, outer: Schema = {}): Schema {
    const { schema, followed } = this.#reader.at(part, before);
    const named = strings([schema['type']].flat());
    const known = named.filter((type) => types.has(type));
    const kept: Schema = named.includes('null') || schema['nullable'] === true ? { nullable: true } : {};
    for (const word of [...texts, ...numbers]) if (schema[word] !== undefined) kept[word] = schema[word];
    Object.assign(kept, outer);
    const alternatives = known.length > 0 ? [] : [...list(schema['anyOf']), ...list(schema['oneOf'])].filter((branch) => !isNull(branch));
    const [only, ...others] = known.length > 1 ? known.map((type) => ({ ...schema, type })) : alternatives;
    if (others.length > 0) return { ...kept, anyOf: [only, ...others].map((branch) => this.translate(branch, followed)) };
    if (only !== undefined) return this.translate(only, followed, kept);
    const type = known[0] ?? impliedType(schema);
    const about = this.#about(type, schema, followed);
    if (type !== 'object' || 'properties' in about) return { ...kept, type, ...about };
    return { ...kept, type: 'string', description: strings([kept['description'], objectInText]).join(' ') };
  }

  /** What is said of one type only. */
  #about(type: string, schema: Schema, followed: number): Schema {
    const format = formats[type]?.includes(schema['format'] as string) ? { format: schema['format'] } : {};
    const choices = strings(schema['enum'] ?? [schema['const']]);
    if (type === 'string' && choices.length > 0) return { ...format, enum: choices };
    if (type === 'array') return { items: this.translate(schema['items'], followed) };
    if (type !== 'object') return format;
    const { properties, required } = this.#reader.fields(schema, followed);
    const entries = Object.entries(properties).map(([name, value]) => [name, this.translate(value, followed)] as const);
    return {
      ...(entries.length > 0 ? { properties: Object.fromEntries(entries) } : {}),
      ...(required.length > 0 ? { required } : {}),
    };
  }
}

function impliedType(schema: Schema): string {
  if (isObject(schema['properties']) || list(schema['allOf']).length > 0) return 'object';
  if (schema['items'] !== undefined) return 'array';
  const example = [schema['const'], ...list(schema['enum'])].find((value) => value !== undefined);
  return typeof example === 'number' || typeof example === 'boolean' ? typeof example : 'string';
}

function isNull(schema: unknown): boolean {
  return isObject(schema) && (schema['type'] === 'null' || schema['const'] === null);
}
