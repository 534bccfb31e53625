// A body of multipart/form-data, as OpenAI's clients send files.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { errors } from '../../protocol/errors.ts';

/** From then on the scope's routes are handed such a body as bytes, at most so many. */
export function takeForms(scope: FastifyInstance, bodyLimit?: number): void {
  const options = { parseAs: 'buffer' as const, ...(bodyLimit === undefined ? {} : { bodyLimit }) };
  scope.addContentTypeParser('multipart/form-data', options, (_request, body, done) => done(null, body));
}

/** @throws RealtimeError when it is none. */
export async function formOf(request: FastifyRequest, body: Uint8Array): Promise<FormData> {
  try {
    return await new Response(body as Uint8Array<ArrayBuffer>, {
      headers: { 'content-type': request.headers['content-type'] ?? '' },
    }).formData();
  } catch {
    throw errors.invalid('body', 'The body is no multipart/form-data that can be read.');
  }
}

/** A field, or a file that is text. */
export async function textOf(value: ReturnType<FormData['get']>): Promise<string | undefined> {
  if (value === null) return undefined;
  return typeof value === 'string' ? value : await value.text();
}
