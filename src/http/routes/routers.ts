// Routers as Inworld's API makes, lists, changes and removes them (docs.inworld.ai/api-reference/routerAPI/routerservice), and a dry run, which is our own.
// What changes something is answered with an operation, which is done already.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { randomIds } from '../../lib/ids.ts';
import type { RouteDeps, RouterJson } from './deps.ts';
import { principalOf, read, Refusal } from './family.ts';
import { pageOf } from './voice-list.ts';

/** A router with long templates. */
const bodyLimit = 256 * 1024;
/** A conversation to try one with. */
const tryLimit = 2 * 1024 * 1024;

const json = z.record(z.string(), z.unknown());
const pageSize = z.coerce.number().int().min(0).max(1000).optional();
const pageToken = z.string().max(64).optional();
const listQuery = z.object({ page_size: pageSize, pageSize, page_token: pageToken, pageToken });
const mask = z.string().max(2000).optional();
const updateQuery = z.object({ update_mask: mask, updateMask: mask });
const tryBody = z.object({ router: json.optional(), request: json });

interface One {
  readonly Params: { readonly name: string };
}

/** Their templates are no business of a browser's, which has a token. @throws Refusal */
export function lookAtRouters(request: FastifyRequest): void {
  if (principalOf(request).kind !== 'key') throw new Refusal(403, null, 'routers are shown to API keys only');
}

export function routerRoutes(scope: FastifyInstance, { routers }: Pick<RouteDeps, 'routers'>): void {
  const change = (request: FastifyRequest) => {
    if (!routers.mayChange(principalOf(request))) throw new Refusal(403, null, 'this key may not change routers');
  };

  scope.get('/router/v1/routers', (request) => {
    lookAtRouters(request);
    const query = read(listQuery, request.query);
    const { values, ...page } = pageOf(
      routers.list(),
      query.page_size ?? query.pageSize,
      (query.page_token ?? query.pageToken) || undefined,
    );
    return { routers: values, ...page };
  });
  scope.get<One>('/router/v1/routers/:name', (request) => {
    lookAtRouters(request);
    return routers.get(request.params.name);
  });
  scope.post('/router/v1/routers', { bodyLimit }, (request) => {
    change(request);
    return operation('create', routers.create(read(json, request.body)));
  });
  scope.patch<One>('/router/v1/routers/:name', { bodyLimit }, (request) => {
    change(request);
    const query = read(updateQuery, request.query);
    const fields = query.update_mask ?? query.updateMask;
    const names = fields?.split(',').flatMap((field) => field.trim() || []);
    return operation('update', routers.update(request.params.name, read(json, request.body), names));
  });
  scope.delete<One>('/router/v1/routers/:name', (request) => {
    change(request);
    return operation('delete', routers.remove(request.params.name));
  });
  // A doubled colon is how the router writes a plain one.
  scope.post('/router/v1/routers::try', { bodyLimit: tryLimit }, (request) => {
    lookAtRouters(request);
    const { router, request: tried } = read(tryBody, request.body);
    return routers.try({ router, request: tried });
  });
}

/** A long-running operation of Google's API design, as Inworld answers. */
async function operation(verb: 'create' | 'update' | 'delete', change: Promise<RouterJson | void>): Promise<object> {
  const router = await change;
  const response = router
    ? { '@type': 'type.googleapis.com/ai.inworld.router.v1.Router', ...router }
    : { '@type': 'type.googleapis.com/google.protobuf.Empty' };
  return {
    name: `operations/${randomIds(verb)}`,
    metadata: { '@type': 'type.googleapis.com/google.protobuf.Empty' },
    done: true,
    response,
  };
}
