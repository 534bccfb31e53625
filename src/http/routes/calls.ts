// WebRTC's signalling: an offer comes in one of several bodies, one whole answer goes out.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { authorizationOf } from '../../protocol/api.ts';
import { errors } from '../../protocol/errors.ts';
import { isRecord } from '../../protocol/json.ts';
import { resumeWishOf } from '../../protocol/resume.ts';
import type { CallWish, RouteDeps } from './deps.ts';
import { principalOf, read, Refusal } from './family.ts';
import { formOf, takeForms, textOf } from './form.ts';

/** An offer is some kilobytes; a session with instructions and tools may be more. */
const bodyLimit = 2 * 1024 * 1024;

const session = z.record(z.string(), z.unknown());
const callBody = z.object({ sdp: z.string().min(1), session: session.nullish() });
/** As the telephony file has it in outbound.from. It becomes a header: nothing may stand in it that ends one. */
const caller = z
  .string()
  .max(1024, 'it is longer than 1,024 characters.')
  .regex(/^\+\d{8,15}$|^sips?:[^\s<>"@]+@[^\s<>"]+$/i, 'it must be a number like +15552345678, or a SIP address.');
const called = z.string().min(1, 'it is empty.').max(1024, 'it is longer than 1,024 characters.');
const placedBody = z.object({
  to: called,
  from: caller.nullish(),
  route: z.string().nullish(),
  session: session.nullish(),
  detect_machine: z.boolean().nullish(),
});
const webrtcBody = z.object({ sdp: z.string().min(1), sessionConfig: session.nullish() });

/** OpenAI's routes, and Inworld's JSON form of the first. */
export function callRoutes(scope: FastifyInstance, deps: RouteDeps): void {
  readSdpBodies(scope);
  scope.post('/v1/realtime/calls', { bodyLimit }, async (request, reply) => {
    const { body } = request;
    if (isRecord(body) && 'to' in body) {
      const by = principalOf(request);
      // A page may have a secret: it is for the page's own sound, and not for the telephone bill.
      if (by.kind === 'secret') throw new Refusal(403, 'key_needed', 'Calls are placed with an API key, not with an ephemeral secret.');
      const { to, from, route, session: wished, detect_machine: detectMachine } = read(placedBody, body);
      const wish = { to, from: from ?? undefined, route: route ?? undefined, session: wished ?? {}, detectMachine: detectMachine ?? false };
      const id = deps.phones.place(wish, by);
      return located(reply, id).send({ id, object: 'realtime.call', direction: 'outbound' });
    }
    // OpenAI takes no JSON here.
    const onlyInworld = !(body instanceof Uint8Array) && typeof body !== 'string';
    const wish = onlyInworld ? wishOf(read(callBody, body)) : await offered(request);
    const { id, sdp } = await deps.calls.open({ ...wish, ...arrivalOf(request), onlyInworld }, principalOf(request), request.headers);
    located(reply, id);
    if (!onlyInworld) return reply.type('application/sdp').send(sdp);
    return reply.send({ id, sdp, ice_servers: deps.calls.iceServers(id) });
  });
  // Where the beta took offers.
  scope.post('/v1/realtime', { bodyLimit }, async (request, reply) => {
    const wish = { ...(await offered(request)), ...arrivalOf(request), onlyInworld: false };
    const { id, sdp } = await deps.calls.open(wish, principalOf(request), request.headers);
    return located(reply, id).type('application/sdp').send(sdp);
  });
  scope.post<{ Params: { id: string } }>('/v1/realtime/calls/:id/hangup', (request, reply) => {
    const { id } = request.params;
    const by = principalOf(request);
    if (!deps.calls.hangUp(id, by) && !deps.phones.hangUp(id, by)) throw noCall(id);
    return reply.code(200).send();
  });
}

/** Inworld's routes beside the realtime ones. */
export function inworldCallRoutes(scope: FastifyInstance, deps: RouteDeps): void {
  scope.post('/v1/realtime/webrtc', { bodyLimit }, async (request, reply) => {
    const { sdp, sessionConfig } = read(webrtcBody, request.body);
    const wish = { sdp, session: sessionConfig ?? {}, ...arrivalOf(request), onlyInworld: true };
    const { sdp: answer, sessionId } = await deps.calls.open(wish, principalOf(request), request.headers);
    return reply.send({ sdp: answer, sessionId });
  });
  scope.get('/v1/realtime/ice-servers', (request) => ({ ice_servers: deps.calls.iceServers(principalOf(request).keyId) }));
}

function noCall(id: string): Refusal {
  return new Refusal(404, 'call_not_found', `There is no call '${id.slice(0, 128)}'.`, 'call_id');
}

function located(reply: FastifyReply, id: string): FastifyReply {
  return reply.code(201).header('Location', `/v1/realtime/calls/${id}`);
}

function wishOf({ sdp, session }: { sdp: string; session?: Record<string, unknown> | null | undefined }) {
  return { sdp, session: session ?? {} };
}

function arrivalOf(request: FastifyRequest): Pick<CallWish, 'model' | 'transcriptionOnly' | 'authorization' | 'resume'> {
  const query = new URL(request.url, 'http://parley').searchParams;
  return {
    model: query.get('model') || undefined,
    transcriptionOnly: query.get('intent') === 'transcription',
    authorization: authorizationOf(request.headers, query),
    resume: resumeWishOf(query, request.headers),
  };
}

function readSdpBodies(scope: FastifyInstance): void {
  scope.addContentTypeParser(['application/sdp', 'text/plain'], { parseAs: 'string' }, (_request, body, done) => done(null, body));
  takeForms(scope);
}

/** An offer as `application/sdp`, or as the form field `sdp` with the session in the field `session`. */
async function offered(request: FastifyRequest): Promise<{ sdp: string; session: Record<string, unknown> }> {
  const { body } = request;
  if (typeof body === 'string' && body.trim() !== '') return { sdp: body, session: {} };
  if (!(body instanceof Uint8Array))
    throw errors.invalid('sdp', 'The body must be an SDP offer (application/sdp), or a form with the field sdp.');
  const form = await formOf(request, body);
  const [sdp, session] = await Promise.all([textOf(form.get('sdp')), textOf(form.get('session'))]);
  if (sdp === undefined || sdp.trim() === '') throw errors.missing('sdp');
  return { sdp, session: session === undefined ? {} : read(z.object({ session: sessionText }), { session }).session };
}

const sessionText = z.string().transform((text, context): Record<string, unknown> => {
  // A field that is there and says nothing.
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    const parsed = session.safeParse(value ?? {});
    if (parsed.success) return parsed.data;
  } catch {
    // Said below.
  }
  context.addIssue({ code: 'custom', message: 'it must be one JSON object.' });
  return z.NEVER;
});
