// What all HTTP endpoints share: CORS, error envelopes, health.
import { readFileSync } from 'node:fs';
import fastify, { type FastifyInstance } from 'fastify';

export interface HttpOptions {
  tls: { certPath: string; keyPath: string } | undefined;
  corsOrigins: readonly string[];
  version: string;
  /** Whether the server is ready to talk, and what serves it. */
  health(): { ready: boolean; detail: Record<string, unknown> };
}

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

  app.get('/health', (_request, reply) => {
    const { ready, detail } = options.health();
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ok' : 'starting', version: options.version, ...detail });
  });
  return app;
}
