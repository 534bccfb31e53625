// What all HTTP endpoints share: the server and its sockets, CORS, error envelopes, health.
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { type Clock, sleep, systemClock } from '../lib/clock.ts';
import { refusalRestMs, unavailableRetrySeconds } from '../protocol/errors.ts';
import type { Sockets } from './sockets.ts';

/** In milliseconds. They are over for a socket that has become a WebSocket. */
export interface HttpTimeouts {
  /** Until the head of a request is there, from the first byte; and from the beginning of the connection to the first. */
  readonly headersMs: number;
  /** Until all of a request is there. */
  readonly requestMs: number;
  /** Between two requests. Longer than proxies keep an idle connection (nginx: a minute), or they would send into one that has just ended. */
  readonly keepAliveMs: number;
  /** Without a byte in either direction. No answer takes as long. */
  readonly idleMs: number;
  /** For the handshake of TLS. */
  readonly handshakeMs: number;
  /** How often the first two are looked at. */
  readonly lookEveryMs: number;
}

const usualTimeouts: HttpTimeouts = {
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 72_000,
  idleMs: 120_000,
  handshakeMs: 10_000,
  lookEveryMs: 2000,
};

/**
 * What a socket has for its last words when the server closes. Afterwards it is destroyed, whatever is still to be read or written: what is
 * closed after it needs its share of the time that leaving has (cli/leave.ts).
 */
const lastWordsMs = 500;

export interface HttpOptions {
  tls: { certPath: string; keyPath: string } | undefined;
  corsOrigins: readonly string[];
  version: string;
  health(): Health;
  /** Keeps the sockets; without it there are no bounds, and closing waits for every one of them. */
  sockets?: Sockets;
  timeouts?: Partial<HttpTimeouts>;
  clock?: Clock;
  /** Told of every request that was turned away, with the status. */
  refused?(status: number): void;
}

export interface Health {
  /** It has started, and is not leaving. */
  readonly ready: boolean;
  /** It lets its answers finish and takes nobody any more. */
  readonly draining?: boolean;
  /** Why nobody new can talk now, in words; empty where somebody can. */
  readonly unready?: readonly string[];
  /** What serves. */
  readonly detail: Record<string, unknown>;
}

/** Of a route that says nothing else: what is parsed here holds up every session. */
const mostBodyBytes = 16 * 1024;

const probes: ReadonlySet<string> = new Set(['/health', '/livez', '/readyz']);

/** The HTTP server, not yet listening. Errors are `{"error":{message,type,param,code}}`. */
export function createHttp(options: HttpOptions): FastifyInstance {
  const { sockets, clock = systemClock } = options;
  const app: FastifyInstance = fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: mostBodyBytes,
    clientErrorHandler: (error, socket) => refuseBroken(error, socket, options),
    serverFactory: (listener: RequestListener) => serverOf(listener, options),
  });
  // Whoever closes the app need not know what sockets there are: half-open ones, refused ones, and readers that do not read.
  app.addHook('preClose', async () => {
    clock.after(lastWordsMs, () => sockets?.destroyAll());
  });

  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    if (origin === undefined) return;
    const any = options.corsOrigins.includes('*');
    if (!any && !options.corsOrigins.includes(origin)) return;
    // Credentials are keys in headers, never cookies, so that any origin may be let in.
    void reply.header('Access-Control-Allow-Origin', any ? '*' : origin);
    void reply.header('Vary', 'Origin');
    void reply.header('Access-Control-Expose-Headers', 'Location, Retry-After');
    if (request.method !== 'OPTIONS') return;
    void reply.header('Access-Control-Allow-Methods', 'GET, POST, OPTIONS');
    // Clients send headers of their own (telemetry, SDK names): whatever a page of an allowed origin wants to send is let through.
    const asked = request.headers['access-control-request-headers'];
    void reply.header('Access-Control-Allow-Headers', asked ?? 'authorization, content-type, openai-beta, x-openai-agents-sdk');
    void reply.header('Access-Control-Max-Age', '600');
    if (request.headers['access-control-request-private-network'] === 'true')
      void reply.header('Access-Control-Allow-Private-Network', 'true');
    return reply.code(204).send();
  });

  // Before a body is read, which a handler for what is not found would come after: nobody has shown a key there.
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return;
    const message = `There is nothing at ${request.method} ${request.url.split('?', 1)[0]}.`;
    return reply.code(404).send({ error: { message, type: 'invalid_request_error', param: null, code: 'not_found' } });
  });

  // Some clients name the type of a body with every POST, also where there is none: an empty body says nothing, which `{}` says too.
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body.trim() === '') done(null, {});
    else void parseJson(request, body, done);
  });

  app.setErrorHandler((error, _request, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    const message = status < 500 && error instanceof Error ? error.message : 'The server had an error.';
    return reply
      .code(status)
      .send({ error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', param: null, code: null } });
  });

  app.addHook('onSend', async ({ routeOptions: { url } }, { statusCode }) => {
    if ((statusCode === 429 || statusCode === 503) && !(url !== undefined && probes.has(url))) await sleep(clock, refusalRestMs);
  });

  app.addHook('onResponse', async ({ routeOptions: { url } }, { statusCode }) => {
    // A server that says how it is has refused nothing.
    if (statusCode >= 400 && !(url !== undefined && probes.has(url))) options.refused?.(statusCode);
  });

  app.get('/health', (_request, reply) => {
    const { ready, draining, detail } = options.health();
    const status = draining ? 'draining' : ready ? 'ok' : 'starting';
    return reply.code(ready ? 200 : 503).send({ status, version: options.version, ...detail });
  });
  // For supervisors: an answer at all says that the loop runs.
  app.get('/livez', () => ({ status: 'ok' }));
  // For load balancers: whether a new conversation would be served now.
  app.get('/readyz', (_request, reply) => {
    const { unready = [] } = options.health();
    if (unready.length === 0) return reply.send({ status: 'ready' });
    return reply.code(503).header('Retry-After', unavailableRetrySeconds).send({ status: 'not_ready', reasons: unready });
  });
  return app;
}

/** Called once for each address that is listened on: `localhost` may be two. */
function serverOf(listener: RequestListener, { tls, sockets, timeouts }: HttpOptions): Server {
  const { headersMs, requestMs, keepAliveMs, idleMs, handshakeMs, lookEveryMs } = { ...usualTimeouts, ...timeouts };
  const bounds = {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: lookEveryMs,
  };
  const server = tls
    ? createTlsServer({ ...bounds, handshakeTimeout: handshakeMs, ...certificateOf(tls) }, listener)
    : createServer(bounds, listener);
  server.setTimeout(idleMs);
  sockets?.watch(server);
  return server;
}

/** @throws when a file cannot be read. */
export function certificateOf({ certPath, keyPath }: NonNullable<HttpOptions['tls']>): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(certPath), key: readFileSync(keyPath) };
}

type Broken = readonly [status: number, text: string, message: string];

const brokenRequests: Readonly<Record<string, Broken>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not come to its end in time.'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'The head of the request is too large.'],
};
const noRequest: Broken = [400, 'Bad Request', 'This is no HTTP request.'];

/** What is no request, or none that ever ends: answered as far as that can be, and gone. */
function refuseBroken(error: Error & { code?: string }, socket: Socket, { refused }: Pick<HttpOptions, 'refused'>): void {
  if (error.code !== 'ECONNRESET' && socket.writable) {
    const [status, text, message] = brokenRequests[error.code ?? ''] ?? noRequest;
    refused?.(status);
    const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code: null } });
    socket.write(
      `HTTP/1.1 ${status} ${text}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroy(error);
}
