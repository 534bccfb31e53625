// From schemas to the JSON of the published documents: named schemas refer to each other, and fields say what they are for.
import { z } from 'zod';
import { audioFormat } from './audio-format.ts';
import { clientItem, inputItem } from './items.ts';
import { isRecord } from './json.ts';
import { clientEventSchema, documentedClientEvents, responseParams } from './schema-client-events.ts';
import { fieldNote } from './schema-notes.ts';
import { error, item, response, session, usage } from './schema-objects.ts';
import { documentedServerEvents, serverEventSchema } from './schema-server-events.ts';
import { sessionPatch } from './session-config.ts';

export type JsonObject = Record<string, unknown>;

const named = {
  SessionUpdate: sessionPatch,
  Session: session,
  ResponseParameters: responseParams,
  Response: response,
  NewItem: clientItem,
  InputItem: inputItem,
  Item: item,
  AudioFormat: audioFormat,
  Usage: usage,
  Error: error,
} as const;

const clientEvents: ReadonlySet<string> = new Set(documentedClientEvents);

export function reference(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}

/**
 * All named schemas as JSON Schema.
 * @param target AsyncAPI builds on draft 7, OpenAPI 3.1 on 2020-12.
 * @param events Whether the events are wanted, each under its own type, or their objects only.
 */
export function jsonSchemas(target: 'draft-7' | 'draft-2020-12', events: boolean): Record<string, JsonObject> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  if (events) {
    for (const id of documentedClientEvents) registry.add(clientEventSchema(id), { id });
    for (const id of documentedServerEvents) registry.add(serverEventSchema(id), { id });
  }
  // What comes out of a schema is the one shape the wire settles on; what goes in may be spelled in many ways.
  const { schemas } = z.toJSONSchema(registry, { target, io: 'output', unrepresentable: 'any', uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => [id, explained(schema as JsonObject, clientEvents.has(id) ? 'client event' : id)]),
  );
}

/** A copy with a note on each field, and without what would forbid a client to say more than is known. */
function explained(schema: JsonObject, around: string): JsonObject {
  const { $schema: _schema, $id: _id, propertyNames: _names, additionalProperties, ...rest } = schema;
  const result: JsonObject = { ...rest };
  if (additionalProperties !== undefined && additionalProperties !== false) result.additionalProperties = additionalProperties;
  if (isRecord(rest.items)) result.items = explained(rest.items, around);
  for (const key of ['anyOf', 'oneOf', 'allOf'] as const) {
    const list = rest[key];
    if (Array.isArray(list)) result[key] = list.map((inner: unknown) => (isRecord(inner) ? explained(inner, around) : inner));
  }
  if (isRecord(rest.properties)) {
    result.properties = Object.fromEntries(
      Object.entries(rest.properties).map(([name, field]) => [name, explainedField(field, around, name)]),
    );
    if (Array.isArray(rest.required)) result.required = rest.required.filter((name: string) => !hasDefault(rest.properties, name));
  }
  return result;
}

/** What has a default is there in the end, but need not be sent. */
function hasDefault(properties: unknown, name: string): boolean {
  return isRecord(properties) && isRecord(properties[name]) && properties[name].default !== undefined;
}

function explainedField(field: unknown, around: string, name: string): unknown {
  if (!isRecord(field)) return field;
  const schema = explained(field, name);
  const description = schema.const === undefined ? fieldNote(around, name) : undefined;
  if (description === undefined) return schema;
  // Beside a reference, draft 7 reads nothing.
  return '$ref' in schema ? { allOf: [schema], description } : { ...schema, description };
}
