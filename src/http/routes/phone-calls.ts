// Telephone calls as OpenAI's API has them: whoever was told of one accepts it, rejects it, or hands the caller over.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { errors } from '../../protocol/errors.ts';
import { isRecord } from '../../protocol/json.ts';
import { callPage } from './call-page.ts';
import type { RouteDeps } from './deps.ts';
import { principalOf, read, Refusal } from './family.ts';

/** A session with instructions and tools. */
const bodyLimit = 2 * 1024 * 1024;

const acceptBody = z.record(z.string(), z.unknown());
/** A final response that is no success (RFC 3261, 7.2); 603 is "Decline". */
const rejectBody = z
  .object({ status_code: z.int().min(300, 'it must be from 300 to 699.').max(699, 'it must be from 300 to 699.').nullish() })
  .nullish();
const target = z
  .string()
  .max(1024, 'it is longer than 1,024 characters.')
  .regex(/^(?:tel:\+?[\d\-.()*#]+|sips?:\S+)(?:;\S*)?$/i, 'it must be a URI like tel:+15552345678 or sip:agent@example.com.');
const referBody = z.object({ target_uri: target });
/** The far sides of two calls are left to each other. */
const connectBody = z.object({ target_call_id: z.string().max(128, 'it is longer than 128 characters.') });

interface OneCall {
  readonly Params: { readonly id: string };
}

export function phoneCallRoutes(scope: FastifyInstance, { calls, phones }: RouteDeps): void {
  scope.get('/v1/realtime/calls', (request) => {
    const by = principalOf(request);
    return callPage([...phones.ended(by), ...phones.list(by), ...calls.list(by)].map(presented), request.query);
  });
  scope.get<OneCall>('/v1/realtime/calls/:id', (request) => {
    const { id } = request.params;
    const by = principalOf(request);
    const call = phones.find(id, by) ?? calls.list(by).find((each) => each.id === id);
    if (!call) throw new Refusal(404, 'call_not_found', `There is no telephone call '${id.slice(0, 128)}', or not any more.`, 'call_id');
    return presented(call);
  });
  scope.post<OneCall>('/v1/realtime/calls/:id/accept', { bodyLimit }, async (request, reply) => {
    const { id } = request.params;
    if (!(await phones.accept(id, principalOf(request), read(acceptBody, request.body)))) throw noPhoneCall(id);
    return reply.code(200).send();
  });
  scope.post<OneCall>('/v1/realtime/calls/:id/reject', (request, reply) => {
    const { id } = request.params;
    const status = read(rejectBody, request.body ?? null)?.status_code ?? 603;
    if (!phones.reject(id, principalOf(request), status)) throw noPhoneCall(id);
    return reply.code(200).send();
  });
  scope.post<OneCall>('/v1/realtime/calls/:id/refer', async (request, reply) => {
    const { id } = request.params;
    const by = principalOf(request);
    const field = isRecord(request.body) && 'target_call_id' in request.body ? 'target_call_id' : 'target_uri';
    const outcome =
      field === 'target_uri'
        ? await phones.transfer(id, by, read(referBody, request.body).target_uri)
        : await phones.connect(id, by, read(connectBody, request.body).target_call_id);
    if (!outcome) throw noPhoneCall(id);
    if (outcome.outcome === 'refused') throw new Refusal(409, 'transfer_refused', outcome.reason, field);
    return reply.code(200).send();
  });
}

function presented<T extends { readonly id: string }>(call: T): T & { readonly object: 'realtime.call' } {
  return { object: 'realtime.call', ...call };
}

function noPhoneCall(id: string): Error {
  if (id.length > 128) return errors.invalid('call_id', "Invalid value for 'call_id': it is longer than 128 characters.");
  return new Refusal(404, 'call_not_found', `There is no telephone call '${id}' that can do this now.`, 'call_id');
}
