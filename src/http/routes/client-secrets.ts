// Ephemeral secrets for browsers and other clients that must not hold a key (protocol 5): OpenAI's present route and its two older ones. The
// session given is checked now and applies when the secret is used.
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { RealtimeError } from '../../protocol/errors.ts';
import type { Principal, SecretDialect } from '../../store/principal.ts';
import type { RouteDeps, SessionType } from './deps.ts';
import { principalOf, read, Refusal } from './family.ts';

/** A session of a million characters of instructions and its tools. */
const bodyLimit = 4 * 1024 * 1024;
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
    const { value, expiresAt } = await mint(deps, principalOf(request), patch, 'ga', body.expires_after?.seconds ?? defaultSeconds);
    return unstored(reply).send({ value, expires_at: expiresAt, session });
  });

  const legacy = (path: string, type: SessionType) => {
    scope.post(path, { bodyLimit }, async (request, reply) => {
      const { client_secret: life, ...flat } = read(flatBody, request.body ?? {});
      const patch = deps.beta.toGa(flat, type);
      const session = deps.beta.toBeta(checkFlat(deps, patch));
      const seconds = (life?.expires_after ?? life?.expires_at)?.seconds ?? defaultSeconds;
      const { value, expiresAt } = await mint(deps, principalOf(request), patch, 'beta', seconds);
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

async function mint(deps: RouteDeps, by: Principal, session: Record<string, unknown>, dialect: SecretDialect, seconds: number) {
  const minted = await deps.access.mintSecret(by, { session, dialect, seconds });
  if (!minted)
    throw new Refusal(429, 'rate_limit_exceeded', 'This key has too many client secrets that have not expired yet; try again later.');
  return minted;
}

/** A credential in an answer is for the one who asked, not for a cache between. */
export function unstored(reply: FastifyReply): FastifyReply {
  return reply.header('Cache-Control', 'no-store');
}
