// Inworld's token route (protocol 7.5): a signed request against a short-lived token. The signature is the authentication.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { unstored } from './client-secrets.ts';
import type { RouteDeps } from './deps.ts';
import { read, Refusal } from './family.ts';

/** Strangers may send this body. */
const bodyLimit = 16 * 1024;
const tokenBody = z.object({ key: z.string().max(256).nullish(), resources: z.array(z.string().max(256)).max(64).nullish() });

export function tokenRoutes(scope: FastifyInstance, deps: RouteDeps): void {
  // A doubled colon is how the router writes a plain one.
  scope.post('/auth/v1/tokens/token::generate', { bodyLimit }, async (request, reply) => {
    const body = read(tokenBody, request.body ?? {});
    const grant = await deps.access.exchange({
      authorization: request.headers.authorization,
      host: request.headers.host,
      key: body.key ?? undefined,
      resources: body.resources ?? [],
    });
    if (grant.outcome === 'forbidden') throw new Refusal(403, null, `this key has no access to ${grant.resource}`);
    if (grant.outcome === 'exhausted') throw new Refusal(429, null, 'this key has asked for too many tokens; try again in some minutes');
    if (grant.outcome !== 'granted') throw new Refusal(403, null, 'invalid authorization signature');
    return unstored(reply).send({
      token: grant.token,
      type: 'Bearer',
      expirationTime: new Date(grant.expiresMs).toISOString().replace('.000Z', 'Z'),
      sessionId: grant.sessionId,
    });
  });
}
