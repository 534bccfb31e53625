// Ephemeral secrets for browsers and other clients that must not hold a key (protocol 5): OpenAI's present route and its two older ones. The
// session given is checked now and applies when the secret is used.
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { errors, RealtimeError } from '../../protocol/errors.ts';
import type { Principal } from '../../store/principal.ts';
import type { Gate, RouteDeps, SessionType } from './deps.ts';
import { principalOf, read, Refusal } from './family.ts';

/** A session may have 1 MiB as we write it; as others do, it may be longer. */
const bodyLimit = 2 * 1024 * 1024;
/** Until a few of them may have expired. */
const crowdedSeconds = 30;
const defaultSeconds = 600;

const expiresAfter = z
  .object({ anchor: z.literal('created_at').nullish(), seconds: z.number().int().min(10).max(7200).nullish() })
  .nullish();
const anyObject = z.record(z.string(), z.unknown());
const secretBody = z.object({ expires_after: expiresAfter, session: anyObject.nullish() });
// Two spellings of the life are about: `expires_after`, and `expires_at` of the transcription sessions.
const flatBody = z.looseObject({ client_secret: z.object({ expires_after: expiresAfter, expires_at: expiresAfter }).nullish() });

export function clientSecretRoutes(scope: FastifyInstance, deps: RouteDeps): void {
  scope.post('/v1/realtime/client_secrets', { bodyLimit }, async (request, reply) => {
    const body = read(secretBody, request.body ?? {});
    const patch = body.session ?? {};
    const session = deps.checkSession(patch);
    const wish = { session: patch, dialect: 'ga', seconds: body.expires_after?.seconds ?? defaultSeconds } as const;
    const { value, expiresAt } = await mintSecret(deps.access, principalOf(request), wish, 'session');
    return unstored(reply).send({ value, expires_at: expiresAt, session });
  });

  const legacy = (path: string, type: SessionType) => {
    scope.post(path, { bodyLimit }, async (request, reply) => {
      const { client_secret: life, ...flat } = read(flatBody, request.body ?? {});
      const patch = deps.beta.toGa(flat, type);
      const session = deps.beta.toBeta(checkFlat(deps, patch));
      const seconds = (life?.expires_after ?? life?.expires_at)?.seconds ?? defaultSeconds;
      const { value, expiresAt } = await mintSecret(deps.access, principalOf(request), { session: patch, dialect: 'beta', seconds }, null);
      return unstored(reply).send({ ...session, client_secret: { value, expires_at: expiresAt } });
    });
  };
  legacy('/v1/realtime/sessions', 'realtime');
  legacy('/v1/realtime/transcription_sessions', 'transcription');
}

/** The body is the session itself here: a fault is named by the field the client wrote. */
function checkFlat(deps: RouteDeps, patch: Record<string, unknown>): object {
  try {
    return deps.checkSession(patch);
  } catch (error) {
    if (!(error instanceof RealtimeError) || error.param === null) throw error;
    throw new RealtimeError(error.code, error.message, deps.beta.toBetaParam(error.param).replace(/^session\./, ''), error.type);
  }
}

/**
 * A secret and when it expires, in seconds since the Unix epoch.
 * @param param the field that the session was given in; null when it was the body.
 * @throws Refusal when the key has too much of them out, or the session is too large to be kept; RealtimeError when it mints too often.
 */
export async function mintSecret(
  access: Gate,
  by: Principal,
  wish: Parameters<Gate['mintSecret']>[1],
  param: string | null,
): Promise<{ value: string; expiresAt: number }> {
  const granted = await access.mintSecret(by, wish);
  if (granted.outcome === 'minted') return granted;
  if (granted.outcome === 'too_large') {
    const { bytes, mostBytes } = granted;
    throw new Refusal(
      413,
      'session_too_large',
      `The session has ${bytes} bytes as JSON; a client secret keeps ${mostBytes} at most.`,
      param,
    );
  }
  if (granted.outcome === 'too_often') throw errors.limited(granted.excess);
  const what = granted.outcome === 'too_many' ? 'are too many' : 'keep too many bytes of sessions';
  throw new Refusal(
    429,
    'rate_limit_exceeded',
    `The client secrets of this key that have not expired yet ${what}; try again later.`,
    null,
    crowdedSeconds,
  );
}

/** A credential in an answer is for the one who asked, not for a cache between. */
export function unstored(reply: FastifyReply): FastifyReply {
  return reply.header('Cache-Control', 'no-store');
}
