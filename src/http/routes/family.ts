// The two families of routes, OpenAI's and Inworld's: how each says what went wrong, and that nobody comes in unknown.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Log } from '../../lib/log.ts';
import { errors, RealtimeError, tooManyWaiting, tooManyWrongKeys, unavailableRetrySeconds } from '../../protocol/errors.ts';
import type { Admission, Principal } from '../../store/principal.ts';
import { StoreError } from '../../store/store.ts';
import type { Count, Doors, Turns, Violation } from './deps.ts';

/** A refusal with its HTTP status; each family words it in its own envelope. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;
  /** When it is worth trying again. */
  readonly retryAfterSeconds: number | undefined;
  /** Field by field, where more than one may be wrong. */
  readonly violations: readonly Violation[];

  constructor(
    status: number,
    code: string | null,
    message: string,
    param: string | null = null,
    retryAfterSeconds?: number,
    violations: readonly Violation[] = [],
  ) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
    this.param = param;
    this.retryAfterSeconds = retryAfterSeconds ?? (status === 503 ? unavailableRetrySeconds : undefined);
    this.violations = violations;
  }
}

export type Family = 'openai' | 'inworld';

const openAiTypes: Readonly<Record<number, string>> = { 429: 'rate_limit_error' };

/** gRPC's status codes, by the HTTP status that stands for each. */
const grpcCodes: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 413: 3, 415: 3, 429: 8, 503: 14 };

const envelopes: Readonly<Record<Family, (refusal: Refusal) => object>> = {
  openai: ({ status, code, message, param }) => ({
    error: { message, type: status >= 500 ? 'server_error' : (openAiTypes[status] ?? 'invalid_request_error'), param, code },
  }),
  inworld: ({ status, message, violations }) => ({
    code: grpcCodes[status] ?? (status >= 500 ? 13 : 2),
    message,
    details: violations.length === 0 ? [] : [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: violations }],
  }),
};

const statuses: Readonly<Record<RealtimeError['type'], number>> = { invalid_request_error: 400, rate_limit_error: 429, server_error: 500 };

/** Whatever a route threw, as a refusal; undefined when it is our own fault. */
function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (error instanceof StoreError) return new Refusal(503, 'store_unavailable', error.message);
  if (error instanceof RealtimeError) {
    const { type, code, message, param, retryAfterMs } = error;
    return new Refusal(statuses[type], code, message, param, retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000));
  }
  const status = (error as { statusCode?: unknown }).statusCode;
  // Fastify's own refusals: a body that is no JSON, or too long.
  if (error instanceof Error && typeof status === 'number' && status < 500) return new Refusal(status, null, error.message);
  return undefined;
}

/** Whatever went wrong with a request, as its client may know it; what is not the client's fault is logged. */
export function refusing(error: unknown, request: FastifyRequest, log: Log): Refusal {
  const refusal = refusalOf(error) ?? new Refusal(500, null, 'The server had an error.');
  // Of its faults the store has told already, once for many requests.
  if (refusal.status >= 500 && !(error instanceof StoreError))
    log.error({ err: error, method: request.method, path: pathOf(request) }, 'a request failed');
  return refusal;
}

/** Fires when nobody waits for the answer any more. */
export function untilGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}

/** Routes registered on this scope refuse in the words of the family. */
export function speakAs(scope: FastifyInstance, family: Family, log: Log): void {
  scope.setErrorHandler((error, request, reply) => {
    const refusal = refusing(error, request, log);
    if (refusal.status === 401) void reply.header('WWW-Authenticate', 'Bearer');
    if (refusal.retryAfterSeconds !== undefined) void reply.header('Retry-After', refusal.retryAfterSeconds);
    return reply.code(refusal.status).send(envelopes[family](refusal));
  });
}

const decorator = 'principal';

/** A longer body is refused. */
const mostBodyBytes = 2 * 1024 * 1024;
const unknownBodyBytes = 64 * 1024;
/** Of a request that brings a conversation: a long one with images in it. */
export const mostConversationBytes = 32 * 1024 * 1024;

/** Routes registered on this scope are for those with a key or a token, or a secret where a session begins. */
export function requireKey(
  scope: FastifyInstance,
  { access, reception, usage, shares }: Doors & Counted,
  purpose: 'realtime' | 'api' = 'api',
): void {
  requireLeave(scope, async (request) => {
    const query = new URL(request.url, 'http://parley').searchParams;
    const admission = await reception.admit(request.raw, () => access.authenticate(request.headers, query, purpose));
    if (admission.outcome === 'unknown') {
      throw new Refusal(401, 'invalid_api_key', 'Incorrect or missing API key. Send it as "Authorization: Bearer <key>".');
    }
    const principal = welcome(admission);
    await takeTurn(request, principal, { usage, shares });
    return principal;
  });
}

interface Counted {
  readonly usage: Count;
  readonly shares: Turns;
}

/** Counts a request of this key, and waits until it may be seen to. @throws RealtimeError or Refusal where the key asks for too much. */
export async function takeTurn(request: FastifyRequest, { keyId }: Principal, { usage, shares }: Counted): Promise<void> {
  const excess = usage.request(keyId);
  if (excess) throw errors.limited(excess);
  if (shares.isCrowded(keyId)) throw new Refusal(429, 'rate_limit_exceeded', tooManyWaiting, null, 1);
  await shares.request(keyId, bodyBytes(request));
}

/** Routes registered on this scope are for those whom `admit` does not refuse. Bodies of others are not even read. */
export function requireLeave(scope: FastifyInstance, admit: (request: FastifyRequest) => Promise<Principal>): void {
  scope.decorateRequest(decorator);
  scope.addHook('onRequest', async (request) => {
    request.setDecorator(decorator, await admit(request));
  });
}

/** @throws Refusal when too many wrong keys came from there. */
export function welcome<T>(admission: Exclude<Admission<T>, { outcome: 'unknown' }>): T {
  if (admission.outcome === 'welcome') return admission.who;
  const { retryAfterSeconds } = admission;
  throw new Refusal(429, 'rate_limit_exceeded', tooManyWrongKeys, null, retryAfterSeconds);
}

/** Who sends a request that came past `requireKey` or `requireLeave`. */
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

/** As its head says; of a body that comes in chunks nobody knows. */
function bodyBytes({ headers }: FastifyRequest): number {
  const length = headers['content-length'];
  if (length === undefined) return headers['transfer-encoding'] === undefined ? 0 : unknownBodyBytes;
  return Math.min(Number(length), mostBodyBytes);
}

function pathOf(request: FastifyRequest): string {
  // Without the query, which may carry a credential.
  return request.url.split('?', 1)[0] ?? '';
}
