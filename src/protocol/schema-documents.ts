// The published contract: the events as an AsyncAPI document and the HTTP routes as an OpenAPI document, made from the schemas.
import type { ClientEventType } from './client-events.ts';
import { betaNames, unknownToBeta } from './dialects/beta.ts';
import { documentedClientEvents } from './schema-client-events.ts';
import { type JsonObject, jsonSchemas, reference } from './schema-json.ts';
import { clientEventNotes, serverEventNotes } from './schema-notes.ts';
import { openApiSchemas } from './schema-route-objects.ts';
import { openApiPaths } from './schema-routes.ts';
import { securitySchemes } from './schema-security.ts';
import { documentedServerEvents } from './schema-server-events.ts';
import type { ServerEventType } from './server-events.ts';

export interface DocumentOptions {
  /** Of the server. */
  version: string;
}

const title = 'Parley';
const license = { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' };

const about = [
  'Realtime voice conversation over a WebSocket: the Realtime API of OpenAI, and of Inworld. Every event is one JSON object in one text frame.',
  'A connection begins with `session.created`. Unknown fields are ignored; a faulty event is answered by `error` and changes nothing.',
  'The header `OpenAI-Beta: realtime=v1`, the subprotocol `openai-beta.realtime-v1` or a first `session.update` in the flat shape of the beta',
  'makes a connection speak the beta dialect: other names, as noted with each event, and flat sessions and responses.',
].join('\n');

/** The events, as AsyncAPI 3.0.0 from the server's point of view: it receives what clients send. */
export function asyncApiDocument({ version }: DocumentOptions): JsonObject {
  const messages = Object.fromEntries([
    ...documentedClientEvents.map((type) => [type, message(type, clientDescription(type))]),
    ...documentedServerEvents.map((type) => [type, message(type, serverDescription(type))]),
  ]) as Record<string, JsonObject>;
  const inChannel = (names: readonly string[], channel: string) =>
    names.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` }));
  const channels = Object.entries(channelNotes);
  return {
    asyncapi: '3.0.0',
    info: { title: `${title} events`, version, description: about, license },
    defaultContentType: 'application/json',
    servers: {
      here: {
        host: '{host}',
        protocol: 'ws',
        description: 'Any Parley server; wss where it, or a proxy in front of it, has a certificate.',
        variables: { host: { default: 'localhost:8080' } },
        security: Object.keys(socketSecurity()).map((name) => ({ $ref: `#/components/securitySchemes/${name}` })),
      },
    },
    channels: Object.fromEntries(
      channels.map(([name, { address, description, query }]) => [
        name,
        {
          address,
          description,
          servers: [{ $ref: '#/servers/here' }],
          messages: Object.fromEntries(Object.keys(messages).map((type) => [type, { $ref: `#/components/messages/${type}` }])),
          bindings: { ws: { method: 'GET', query: { type: 'object', properties: query }, bindingVersion: '0.1.0' } },
        },
      ]),
    ),
    operations: Object.fromEntries(
      channels.flatMap(([name]) => [
        [`${name}.receive`, operation('receive', name, 'What a client says.', inChannel(documentedClientEvents, name))],
        [`${name}.send`, operation('send', name, 'What the server says.', inChannel(documentedServerEvents, name))],
      ]),
    ),
    components: { messages, schemas: jsonSchemas('draft-7', true), securitySchemes: socketSecurity() },
  };
}

/** The HTTP routes, as OpenAPI 3.1.0. */
export function openApiDocument({ version }: DocumentOptions): JsonObject {
  return {
    openapi: '3.1.0',
    info: {
      title: `${title} routes`,
      version,
      description: 'Everything that is asked for by HTTP. The events are in /docs/asyncapi.json.',
      license,
    },
    servers: [{ url: '/' }],
    security: Object.keys(securitySchemes).map((name) => ({ [name]: [] })),
    paths: openApiPaths(),
    components: { schemas: { ...jsonSchemas('draft-2020-12', false), ...openApiSchemas() }, securitySchemes },
  };
}

const string = { type: 'string' };
const channelNotes: Record<string, { address: string; description: string; query: JsonObject }> = {
  realtime: {
    address: '/v1/realtime',
    description: "OpenAI's path. Offer the subprotocol `realtime`, or none.",
    query: {
      model: { ...string, description: 'The language model to begin with.' },
      intent: { ...string, enum: ['transcription'], description: 'A session that only writes down what is said.' },
      token: { ...string, description: 'A key, for clients that cannot set headers.' },
    },
  },
  inworld: {
    address: '/api/v1/realtime/session',
    description: "Inworld's path: a session goes on by itself once a function's output has arrived.",
    query: {
      key: { ...string, description: "An id for the session, of the client's own making." },
      protocol: { ...string, enum: ['realtime'] },
      token: { ...string, description: 'A key, for clients that cannot set headers.' },
    },
  },
};

/** AsyncAPI has its own word for a key in a header or in the query. */
function socketSecurity(): Record<string, JsonObject> {
  return Object.fromEntries(
    Object.entries(securitySchemes).map(([name, scheme]) => [name, scheme.type === 'apiKey' ? { ...scheme, type: 'httpApiKey' } : scheme]),
  );
}

function message(type: string, description: string): JsonObject {
  return { name: type, title: type, summary: description, contentType: 'application/json', payload: reference(type) };
}

function operation(action: 'send' | 'receive', channel: string, summary: string, messages: JsonObject[]): JsonObject {
  return { action, summary, channel: { $ref: `#/channels/${channel}` }, messages };
}

function clientDescription(type: ClientEventType): string {
  const also =
    type === 'session.update' ? ' In the beta dialect, `transcription_session.update` does this for a transcription session.' : '';
  return `${clientEventNotes[type]}${also}`;
}

function serverDescription(type: ServerEventType): string {
  const name = betaNames[type];
  const dialect = name === undefined ? '' : ` In the beta dialect: \`${name}\`.`;
  return `${serverEventNotes[type]}${dialect}${unknownToBeta.has(type) ? ' Not sent in the beta dialect.' : ''}`;
}
