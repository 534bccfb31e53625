// `/metrics`, in the words of Prometheus: on the server's own port for those who may read it, or on a port of its own for everybody who can reach that.
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';

/** For those who can reach its port: programs that ask now and then. */
const mostSockets = 64;
/** Until a request is there, and what a socket may stay idle. */
const requestMs = 10_000;
const idleMs = 120_000;

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
}

export interface GuardedMetrics extends Metrics {
  admit(request: FastifyRequest): Promise<boolean>;
}

export function registerMetrics(app: FastifyInstance, metrics: GuardedMetrics): void {
  app.get('/metrics', async (request, reply) => {
    if (!(await metrics.admit(request))) {
      const message =
        'Metrics are for those who send an API key, as "Authorization: Bearer <key>". Only where PARLEY_API_KEY is not set they are for this machine, too.';
      const error = { message, type: 'invalid_request_error', param: null, code: 'invalid_api_key' };
      return reply.code(401).header('WWW-Authenticate', 'Bearer').send({ error });
    }
    return reply.type(metrics.contentType).send(await metrics.text());
  });
}

/** A server that has nothing but `/metrics`, not yet listening. */
export function metricsPage(metrics: Metrics): FastifyInstance {
  const app = fastify({ logger: false, forceCloseConnections: true, requestTimeout: requestMs, connectionTimeout: idleMs });
  app.server.maxConnections = mostSockets;
  // Nobody shows a key here: no body is read.
  app.removeAllContentTypeParsers();
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  return app;
}
