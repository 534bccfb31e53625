// The two families of routes, OpenAI's and Inworld's: how each says what went wrong, and that nobody comes in unknown.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Log } from '../../lib/log.ts';
import { errors, RealtimeError } from '../../protocol/errors.ts';
import type { Principal } from '../../store/principal.ts';
import type { Gate } from './deps.ts';

/** A refusal with its HTTP status; each family words it in its own envelope. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;

  constructor(status: number, code: string | null, message: string, param: string | null = null) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
    this.param = param;
  }
}

export type Family = 'openai' | 'inworld';

const openAiTypes: Readonly<Record<number, string>> = { 429: 'rate_limit_error' };

/** gRPC's status codes, by the HTTP status that stands for each. */
const grpcCodes: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 404: 5, 413: 3, 415: 3, 429: 8, 503: 14 };

const envelopes: Readonly<Record<Family, (refusal: Refusal) => object>> = {
  openai: ({ status, code, message, param }) => ({
    error: { message, type: status >= 500 ? 'server_error' : (openAiTypes[status] ?? 'invalid_request_error'), param, code },
  }),
  inworld: ({ status, message }) => ({ code: grpcCodes[status] ?? (status >= 500 ? 13 : 2), message, details: [] }),
};

const statuses: Readonly<Record<RealtimeError['type'], number>> = { invalid_request_error: 400, rate_limit_error: 429, server_error: 500 };

/** Whatever a route threw, as a refusal; undefined when it is our own fault. */
function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (error instanceof RealtimeError) return new Refusal(statuses[error.type], error.code, error.message, error.param);
  const status = (error as { statusCode?: unknown }).statusCode;
  // Fastify's own refusals: a body that is no JSON, or too long.
  if (error instanceof Error && typeof status === 'number' && status < 500) return new Refusal(status, null, error.message);
  return undefined;
}

/** Routes registered on this scope refuse in the words of the family. */
export function speakAs(scope: FastifyInstance, family: Family, log: Log): void {
  scope.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error) ?? new Refusal(500, null, 'The server had an error.');
    if (refusal.status >= 500) log.error({ err: error, method: request.method, path: pathOf(request) }, 'a request failed');
    if (refusal.status === 401) void reply.header('WWW-Authenticate', 'Bearer');
    if (refusal.status === 503) void reply.header('Retry-After', '5');
    return reply.code(refusal.status).send(envelopes[family](refusal));
  });
}

const decorator = 'principal';

/** Routes registered on this scope are for those with a key or a token, or a secret where a session begins. Bodies of others are not even read. */
export function requireKey(scope: FastifyInstance, access: Gate, purpose: 'realtime' | 'api' = 'api'): void {
  scope.decorateRequest(decorator);
  scope.addHook('onRequest', async (request) => {
    const principal = await access.authenticate(request.headers, new URL(request.url, 'http://parley').searchParams, purpose);
    if (!principal) {
      throw new Refusal(401, 'invalid_api_key', 'Incorrect or missing API key. Send it as "Authorization: Bearer <key>".');
    }
    request.setDecorator(decorator, principal);
  });
}

/** Who sends a request that came past `requireKey`. */
export function principalOf(request: FastifyRequest): Principal {
  return request.getDecorator<Principal>(decorator);
}

/** The value as the schema reads it. @throws RealtimeError naming the field that is wrong. */
export function read<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const param = issue?.path.map(String).join('.') ?? '';
  if (!issue || param === '') throw errors.invalid(null, 'The body must be one JSON object.');
  if (issue.code === 'invalid_type') throw errors.wrongType(param, issue.expected, issue.input);
  throw errors.invalid(param, `Invalid value for '${param}': ${issue.message}`);
}

function pathOf(request: FastifyRequest): string {
  // Without the query, which may carry a credential.
  return request.url.split('?', 1)[0] ?? '';
}
