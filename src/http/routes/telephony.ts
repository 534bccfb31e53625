// What telephone providers ask of this server, what is to be done with a call, and tell it: what becomes of one. They bring no key; each signs what it sends.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ProviderQuestion, RouteDeps } from './deps.ts';
import { Refusal } from './family.ts';

/** A form of a few dozen fields. */
const bodyLimit = 64 * 1024;

export function telephonyRoutes(scope: FastifyInstance, { telephony }: RouteDeps): void {
  // Signatures are about the bytes as they came.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  for (const [name, what] of [
    ['voice', 'answer'],
    ['events', 'tell'],
  ] as const) {
    scope.route<{ Params: { readonly carrier: string } }>({
      method: ['GET', 'POST'],
      url: `/v1/realtime/:carrier/${name}`,
      bodyLimit,
      async handler(request, reply) {
        const { carrier } = request.params;
        const answered = await telephony[what](carrier, questionOf(request));
        if (answered.outcome === 'answered') return reply.type(answered.document.contentType).send(answered.document.body);
        if (answered.outcome === 'unsigned')
          throw new Refusal(403, 'invalid_signature', `This is not signed as ${carrier} signs its requests to this address.`);
        throw new Refusal(404, 'not_found', `No telephone provider '${carrier.slice(0, 32)}' is configured.`);
      },
    });
  }
  scope.get<{ Params: { readonly name: string } }>('/v1/realtime/telephony/documents/:name', (request, reply) => {
    const document = telephony.document(request.params.name);
    if (!document) throw new Refusal(404, 'not_found', 'There is no such document, or not any more.');
    return reply.type(document.contentType).send(document.body);
  });
}

function questionOf(request: FastifyRequest): ProviderQuestion {
  const { body, headers, method, url } = request;
  return {
    method: method === 'GET' ? 'GET' : 'POST',
    path: url,
    contentType: headers['content-type'],
    header: (name) => [headers[name] ?? []].flat()[0],
    body: body instanceof Uint8Array ? body : new Uint8Array(0),
  };
}
