// Inworld's token routes (protocol 7.5): a signed request against a short-lived token. The signature is the authentication.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { errors } from '../../protocol/errors.ts';
import { unstored } from './client-secrets.ts';
import type { RouteDeps } from './deps.ts';
import { read, Refusal, welcome } from './family.ts';

const name = z.string().max(256);
const tokenBody = z.object({ key: name.nullish(), resources: z.array(name).max(64).nullish() });
/** gRPC's gateway reads either spelling. */
const sessionTokenBody = z.object({
  api_key: name.nullish(),
  apiKey: name.nullish(),
  resource_id: name.nullish(),
  resourceId: name.nullish(),
});

/** Both give the same token. */
export function tokenRoutes(scope: FastifyInstance, deps: RouteDeps): void {
  // A doubled colon is how the router writes a plain one.
  scope.post('/auth/v1/tokens/token::generate', (request, reply) => {
    const { key, resources } = read(tokenBody, request.body ?? {});
    return grant(deps, request, reply, { key: key ?? undefined, resources: resources ?? [], signedFor: 'token' });
  });
  scope.post('/v1/sessionTokens/token::generate', (request, reply) => {
    const { api_key, apiKey, resource_id, resourceId } = read(sessionTokenBody, request.body ?? {});
    const resource = resource_id ?? resourceId;
    const wish = { key: api_key ?? apiKey ?? undefined, resources: resource ? [resource] : [], signedFor: 'sessionToken' } as const;
    return grant(deps, request, reply, wish);
  });
}

type Exchange = RouteDeps['access']['exchange'];
type TokenWish = Pick<Parameters<Exchange>[0], 'key' | 'resources' | 'signedFor'>;

async function grant(
  { access, reception }: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  wish: TokenWish,
): Promise<FastifyReply> {
  const { authorization, host } = request.headers;
  const admission = await reception.admit(request.raw, async () => {
    const answered = await access.exchange({ authorization, host, ...wish });
    return answered.outcome === 'refused' ? undefined : answered;
  });
  if (admission.outcome === 'unknown') throw new Refusal(403, null, 'invalid authorization signature');
  const granted = welcome(admission);
  if (granted.outcome === 'forbidden') throw new Refusal(403, null, `this key has no access to ${granted.resource}`);
  if (granted.outcome === 'too_often') throw errors.limited(granted.excess);
  if (granted.outcome === 'exhausted') throw new Refusal(429, null, 'this key has asked for too many tokens; try again in some minutes');
  return unstored(reply).send({
    token: granted.token,
    type: 'Bearer',
    expirationTime: new Date(granted.expiresMs).toISOString().replace('.000Z', 'Z'),
    sessionId: granted.sessionId,
  });
}
