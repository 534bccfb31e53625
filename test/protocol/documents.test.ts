// The published contract: it is valid, it holds every event and every route, and the page shows all of it.
import { Parser } from '@asyncapi/parser';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerDocs } from '../../src/http/docs-routes.ts';
import { registerRoutes } from '../../src/http/routes/routes.ts';
import type { RouteDeps } from '../../src/http/routes/deps.ts';
import { createHttp } from '../../src/http/server.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { clientEventTypes, parseClientEvent } from '../../src/protocol/client-events.ts';
import { isRecord } from '../../src/protocol/json.ts';
import { asyncApiDocument, openApiDocument } from '../../src/protocol/schema-documents.ts';
import { documentedServerEvents } from '../../src/protocol/schema-server-events.ts';

const version = '1.2.3';
const events = asyncApiDocument({ version });
const routes = openApiDocument({ version });

/** What is at a dotted path of a document. */
function at(document: unknown, ...path: string[]): Record<string, unknown> {
  const found = path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), document);
  if (!isRecord(found)) throw new Error(`there is no ${path.join('.')}`);
  return found;
}

/** Every object inside, the document first. */
function* objects(value: unknown): Generator<Record<string, unknown>> {
  if (Array.isArray(value)) for (const inner of value) yield* objects(inner);
  if (!isRecord(value)) return;
  yield value;
  for (const inner of Object.values(value)) yield* objects(inner);
}

/** The references that lead nowhere. */
function loose(document: Record<string, unknown>): unknown[] {
  const references = [...objects(document)].map(({ $ref }) => $ref).filter(($ref) => typeof $ref === 'string');
  expect(references.length).toBeGreaterThan(10);
  return references.filter(($ref) => {
    let place: unknown = document;
    for (const key of $ref.replace(/^#\//, '').split('/')) place = isRecord(place) ? place[key.replaceAll('~1', '/')] : undefined;
    return place === undefined;
  });
}

function accepted(message: unknown): boolean {
  try {
    parseClientEvent(message);
    return true;
  } catch {
    return false;
  }
}

describe('the AsyncAPI document', () => {
  test('is valid', async () => {
    const { document, diagnostics } = await new Parser().parse(JSON.stringify(events));
    expect(diagnostics.filter(({ severity }: { severity: number }) => severity === 0)).toEqual([]);
    expect(document?.version()).toBe('3.0.0');
    expect(document?.info().version()).toBe(version);
    expect(
      document
        ?.channels()
        .all()
        .map((channel) => channel.address()),
    ).toEqual(['/v1/realtime', '/api/v1/realtime/session']);
  });

  test('has every event of the protocol and no other', () => {
    const types = [...clientEventTypes, ...documentedServerEvents];
    expect(Object.keys(at(events, 'components', 'messages')).sort()).toEqual([...types].sort());
    for (const type of types) {
      expect(at(events, 'components', 'messages', type)).toMatchObject({ name: type, payload: { $ref: `#/components/schemas/${type}` } });
      expect(at(events, 'components', 'schemas', type, 'properties', 'type')).toMatchObject({ const: type });
    }
  });

  test('says who sends what, on both paths', () => {
    const operations = Object.values(at(events, 'operations')) as { action: string; messages: { $ref: string }[] }[];
    const types = (action: string) =>
      operations
        .filter((operation) => operation.action === action)
        .map(({ messages }) => messages.map(({ $ref }) => $ref.split('/').at(-1)));
    expect(types('receive')).toEqual([clientEventTypes, clientEventTypes]);
    expect(types('send')).toEqual([documentedServerEvents, documentedServerEvents]);
  });

  test('names what must be there, and what a default makes needless', () => {
    expect(at(events, 'components', 'schemas', 'conversation.item.truncate').required).toEqual([
      'type',
      'item_id',
      'content_index',
      'audio_end_ms',
    ]);
    expect(at(events, 'components', 'schemas', 'response.function_call_arguments.done').required).toEqual(
      expect.arrayContaining(['event_id', 'call_id', 'name', 'arguments']),
    );
    const image = [...objects(at(events, 'components', 'schemas', 'NewItem'))].find(
      ({ properties }) => isRecord(properties) && 'image_url' in properties,
    );
    expect(image?.required).toEqual(['type', 'image_url']);
  });

  test('asks of the simplest client events what the parser asks', () => {
    const ids = {
      item_id: 'item_1',
      content_index: 0,
      audio_end_ms: 0,
      audio: '',
      session: {},
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'x' }] },
    };
    for (const type of clientEventTypes) {
      const required = at(events, 'components', 'schemas', type).required as string[];
      const whole = { ...Object.fromEntries(Object.entries(ids).filter(([name]) => required.includes(name))), type };
      expect(parseClientEvent(whole)).toMatchObject({ type });
      expect(required.filter((name) => accepted({ ...whole, [name]: undefined }))).toEqual([]);
    }
  });

  test('refers to nothing that is not there', () => {
    expect(loose(events)).toEqual([]);
  });

  test('notes the names of the beta', () => {
    expect(at(events, 'components', 'messages', 'response.output_audio.delta').summary).toContain('`response.audio.delta`');
    expect(at(events, 'components', 'messages', 'conversation.item.done').summary).toContain('Not sent in the beta');
  });
});

describe('the OpenAPI document', () => {
  test('refers to nothing that is not there', () => {
    expect(loose(routes)).toEqual([]);
    expect(routes).toMatchObject({ openapi: '3.1.0', info: { version } });
  });

  test('has an answer, a summary and an id of its own for every route, and declares the parameters of its path', () => {
    const operations = Object.entries(at(routes, 'paths')).flatMap(([path, methods]) =>
      (Object.values(methods as object) as Record<string, unknown>[]).map((operation) => ({ path, ...operation })),
    ) as {
      path: string;
      operationId: string;
      summary: string;
      responses: object;
      parameters?: { in: string; name: string; required: boolean }[];
    }[];
    expect(operations.filter(({ summary }) => !summary.endsWith('.'))).toEqual([]);
    expect(operations.filter(({ responses }) => !Object.keys(responses).some((status) => /^[12]\d\d$/.test(status)))).toEqual([]);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { path, parameters = [] } of operations) {
      const declared = parameters.filter((parameter) => parameter.in === 'path' && parameter.required);
      expect(declared.map(({ name }) => name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    }
  });

  test('names every way to show a key', () => {
    const schemes = Object.keys(at(routes, 'components', 'securitySchemes'));
    expect(schemes).toEqual(['bearer', 'basic', 'header', 'query']);
    expect(routes.security).toEqual(schemes.map((name) => ({ [name]: [] })));
    expect(at(routes, 'paths', '/health', 'get').security).toEqual([]);
  });

  test('has every route of the server and no other', async () => {
    const served = new Set<string>();
    const app = fastify();
    app.addHook('onRoute', ({ method, url }) => {
      // A doubled colon is a plain one, and a star is the rest of the path.
      const path = url
        .replaceAll(/(?<!:):(\w+)/g, '{$1}')
        .replaceAll('::', ':')
        .replace('*', '{model}');
      for (const verb of [method].flat()) if (verb !== 'HEAD' && verb !== 'OPTIONS') served.add(`${verb.toLowerCase()} ${path}`);
    });
    registerDocs(app, version);
    registerRoutes(app, { clock: new ManualClock() } as unknown as RouteDeps);
    await app.ready();
    await app.close();
    // These are not fastify's to tell: three are upgrades, and the others belong to the server itself.
    const upgrades = ['get /v1/realtime', 'get /api/v1/realtime/session', 'get /v1/realtime/calls/{id}/listen'];
    const own = ['get /health', 'get /livez', 'get /readyz', ...upgrades];
    const documented = Object.entries(at(routes, 'paths')).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => `${method} ${path}`),
    );
    expect(documented.sort()).toEqual([...served, ...own].sort());
  });
});

describe('GET /docs', () => {
  let app: FastifyInstance;
  beforeAll(async () => {
    app = createHttp({ tls: undefined, corsOrigins: ['*'], version, health: () => ({ ready: true, detail: {} }) });
    registerDocs(app, version);
    await app.ready();
  });
  afterAll(() => app.close());

  test('shows every event, object and route', async () => {
    const { statusCode, headers, body } = await app.inject('/docs');
    expect(statusCode).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    for (const type of [...clientEventTypes, ...documentedServerEvents]) expect(body).toContain(`<details id="${type}">`);
    for (const name of [...Object.keys(at(routes, 'components', 'schemas')), 'Session', 'Response', 'Item'])
      expect(body).toContain(`<details id="${name}">`);
    for (const path of Object.keys(at(routes, 'paths'))) expect(body).toContain(` ${path}</strong>`);
    expect(body).toContain('<code>audio.input.turn_detection.silence_duration_ms</code>');
  });

  test('says of a field what it is for where it stands', async () => {
    const notes = (await app.inject('/docs/asyncapi.json')).json<typeof events>();
    const fields = (name: string) => at(notes, 'components', 'schemas', name, 'properties');
    expect(fields('ResponseParameters')).toMatchObject({ input: { description: expect.stringContaining('context') as string } });
    expect(fields('Error')).toMatchObject({ event_id: { description: expect.stringContaining('at fault') as string } });
    expect(fields('session.update')).toMatchObject({ event_id: { description: expect.stringContaining('of your own') as string } });
    expect(fields('session.updated')).toMatchObject({ event_id: { description: expect.stringContaining('unique') as string } });
    expect(at(fields('conversation.created'), 'conversation').description).toBeUndefined();
  });

  test('links to places that are there, each of which is there once', async () => {
    const { body } = await app.inject('/docs');
    const places = [...body.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(places).size).toBe(places.length);
    const links = [...body.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links.filter((id) => !places.includes(id))).toEqual([]);
  });

  test('brings everything along and runs nothing', async () => {
    const { headers, body } = await app.inject('/docs');
    expect(body).not.toMatch(/<script|<link|<img|@import|url\(|https?:\/\/[^<]*["']| on\w+=|style="/i);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    const style = /<style>([\s\S]*?)<\/style>/.exec(body)?.[1] ?? '';
    const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style));
    expect(policy).toContain(`'sha256-${Buffer.from(hash).toString('base64')}'`);
  });

  test('the documents are served as they are', async () => {
    expect((await app.inject('/docs/asyncapi.json')).json()).toEqual(events);
    expect((await app.inject('/docs/openapi.json')).json()).toEqual(routes);
    expect((await app.inject('/docs/openapi.json')).headers['content-type']).toBe('application/json; charset=utf-8');
  });
});
