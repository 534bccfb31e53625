// What the descriptions of routes are put together from.
import { type JsonObject, reference } from './schema-json.ts';

interface Takes {
  /** The schema of a body in JSON. */
  body?: string;
  /** Bodies of other kinds, by media type. */
  bodies?: Record<string, JsonObject>;
  parameters?: JsonObject[];
}

/** A route for everybody. */
export function open(operationId: string, tag: string, summary: string, responses: JsonObject): JsonObject {
  return { operationId, tags: [tag], summary, security: [], responses };
}

export function upgrade(operationId: string, summary: string, parameters: JsonObject[]): JsonObject {
  const description = 'The events are in /docs/asyncapi.json.';
  const responses = {
    101: { description: 'The WebSocket is open; `session.created` follows.' },
    401: unknownKey('OpenAiError'),
    429: problem(manyWrongKeys, 'OpenAiError'),
    503: problem('The server takes no further session now, or cannot check the credential.', 'OpenAiError'),
  };
  return { operationId, tags: ['Realtime'], summary, description, parameters, responses };
}

export function openAi(operationId: string, tag: string, summary: string, responses: JsonObject, takes: Takes = {}): JsonObject {
  return keyed('OpenAiError', operationId, tag, summary, responses, takes);
}

export function inworld(operationId: string, tag: string, summary: string, responses: JsonObject, takes: Takes = {}): JsonObject {
  return keyed('StatusError', operationId, tag, summary, responses, takes);
}

/** A route for those with a key, which says what went wrong in its family's words. */
function keyed(
  family: string,
  operationId: string,
  tag: string,
  summary: string,
  responses: JsonObject,
  { body, parameters, bodies }: Takes,
): JsonObject {
  return {
    operationId,
    tags: [tag],
    summary,
    ...(parameters ? { parameters } : {}),
    ...(body === undefined && bodies === undefined
      ? {}
      : { requestBody: { content: { ...(body === undefined ? {} : { 'application/json': { schema: reference(body) } }), ...bodies } } }),
    responses: {
      400: problem('The request cannot be understood.', family),
      401: unknownKey(family),
      429: problem(manyWrongKeys, family),
      503: problem('What it needs cannot be had at the moment; `Retry-After` says when to try again.', family),
      ...responses,
    },
  };
}

export function parameter(place: 'path' | 'query' | 'header', name: string, rest: JsonObject, required = place === 'path'): JsonObject {
  return { name, in: place, required, ...rest };
}

export function answer(description: string, schema: string): JsonObject {
  return { description, content: { 'application/json': { schema: reference(schema) } } };
}

export function problem(description: string, family: string): JsonObject {
  return answer(description, family);
}

/** Of every 429, with `Retry-After`, beside what else a route may say by it. */
export const manyWrongKeys = 'Too many wrong keys came from this address.';

function unknownKey(family: string): JsonObject {
  return problem('The key is missing or wrong.', family);
}

export const text = (description: string): JsonObject => ({ schema: { type: 'string' }, description });
