// Every field a session.update may have, with legal values of it, read off the schemas: a field that is added is among them by itself.
import { z } from 'zod';
import { knownProviderData } from '../src/protocol/provider-data/provider-data.ts';
import { sessionPatch } from '../src/protocol/session-config.ts';

type Type = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object';
interface Schema {
  type?: Type | Type[];
  const?: unknown;
  default?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  minItems?: number;
  minimum?: number;
  maximum?: number;
  format?: string;
}

export interface LegalField {
  /** `audio.input.turn_detection.threshold`. */
  path: string;
  values: unknown[];
}

/** All fields that are no mere group of others; of a group that may be null, null too. */
export function legalFields(): LegalField[] {
  // What comes out of a schema is the one shape the wire settles on.
  const [patch, extras] = [sessionPatch, knownProviderData].map(
    (schema) => z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }) as Schema,
  );
  return [...fieldsOf({ ...patch, properties: { ...patch?.properties, providerData: extras ?? {} } }, '')];
}

/** `{a: {b: value}}` for the path `a.b`. */
export function patchOf(path: string, value: unknown): Record<string, unknown> {
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>;
}

function* fieldsOf(schema: Schema, path: string): Generator<LegalField> {
  const alternatives = schema.anyOf ?? schema.oneOf ?? [schema];
  const [group] = alternatives.filter((alternative) => alternative.properties && needed(alternative).length === 0);
  if (!group?.properties || alternatives.some(({ type }) => type !== 'object' && type !== 'null')) {
    yield { path, values: valuesOf(schema) };
    return;
  }
  if (alternatives.length > 1) yield { path, values: [null] };
  for (const [name, field] of Object.entries(group.properties)) yield* fieldsOf(field, path === '' ? name : `${path}.${name}`);
}

/** What has a default need not be sent. Of an address and a connector, which stand for each other, the address is. */
function needed({ required = [], properties }: Schema): string[] {
  const needs = required.filter((name) => properties?.[name]?.default === undefined);
  return properties?.['connector_id'] ? [...needs, 'server_url'] : needs;
}

function valuesOf(schema: Schema): unknown[] {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return alternatives.flatMap(valuesOf);
  if (schema.const !== undefined) return [schema.const];
  if (schema.enum) return schema.enum;
  const { type } = schema;
  if (type === undefined) return [];
  if (typeof type !== 'string') return type.flatMap((one) => valuesOf({ ...schema, type: one }));
  switch (type) {
    case 'null':
      return [null];
    case 'boolean':
      return [true, false];
    case 'integer':
    case 'number': {
      const { minimum: least = 0, maximum: most = least + 100 } = schema;
      const between = least + Math.min(most - least, 2000) / 2;
      return [least, type === 'integer' ? Math.round(between) : between, most];
    }
    case 'array':
      return [...(schema.minItems ? [] : [[]]), ...valuesOf(schema.items ?? {}).map((value) => [value])];
    case 'object':
      return objectsOf(schema);
    case 'string':
      return [schema.format === 'uri' ? 'https://tools.example/mcp' : 'plain'];
  }
}

/** With as little as must be, and with each of the others. */
function objectsOf(schema: Schema): unknown[] {
  const { properties = {}, additionalProperties } = schema;
  const required = needed(schema);
  const [first, ...others] = cases(required.map((name) => [name, valuesOf(properties[name] ?? {})]));
  const optional = Object.entries(properties).filter(([name]) => !required.includes(name));
  const map = typeof additionalProperties === 'object' ? valuesOf(additionalProperties) : [];
  return [
    first,
    ...others,
    ...optional.flatMap(([name, field]) => valuesOf(field).map((value) => ({ ...first, [name]: value }))),
    ...map.map((value) => ({ ...first, key: value })),
  ];
}

/** Objects of these fields in which every value occurs. */
function cases(fields: readonly [string, unknown[]][]): Record<string, unknown>[] {
  const most = Math.max(1, ...fields.map(([, values]) => values.length));
  return Array.from({ length: most }, (_, index) =>
    Object.fromEntries(fields.map(([name, values]) => [name, values[Math.min(index, values.length - 1)]])),
  );
}
