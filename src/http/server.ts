// What all HTTP endpoints share: CORS, error envelopes, health.
import { readFileSync } from 'node:fs';
import fastify, { type FastifyInstance } from 'fastify';

export interface HttpOptions {
  tls: { certPath: string; keyPath: string } | undefined;
  corsOrigins: readonly string[];
  version: string;
  health(): Health;
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

const probes: ReadonlySet<string> = new Set(['/health', '/livez', '/readyz']);

/** The HTTP server, not yet listening. Errors are `{"error":{message,type,param,code}}`. */
export function createHttp(options: HttpOptions): FastifyInstance {
  const base = { logger: false, forceCloseConnections: true } as const;
  const app: FastifyInstance = options.tls
    ? fastify({ ...base, https: { cert: readFileSync(options.tls.certPath), key: readFileSync(options.tls.keyPath) } })
    : fastify(base);

  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    if (origin === undefined) return;
    const any = options.corsOrigins.includes('*');
    if (!any && !options.corsOrigins.includes(origin)) return;
    // Credentials are keys in headers, never cookies, so that any origin may be let in.
    void reply.header('Access-Control-Allow-Origin', any ? '*' : origin);
    void reply.header('Vary', 'Origin');
    void reply.header('Access-Control-Expose-Headers', 'Location');
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

  // Some clients name the type of a body with every POST, also where there is none: an empty body says nothing, which `{}` says too.
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body.trim() === '') done(null, {});
    else void parseJson(request, body, done);
  });

  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({
      error: {
        message: `There is nothing at ${request.method} ${request.url.split('?', 1)[0]}.`,
        type: 'invalid_request_error',
        param: null,
        code: 'not_found',
      },
    }),
  );
  app.setErrorHandler((error, _request, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    const message = status < 500 && error instanceof Error ? error.message : 'The server had an error.';
    return reply
      .code(status)
      .send({ error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', param: null, code: null } });
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
    return reply.code(503).header('Retry-After', '5').send({ status: 'not_ready', reasons: unready });
  });
  return app;
}
