// Answers in text, as OpenAI's /responses gives them: what /chat/completions does, for those who speak the later of the two APIs. Nothing is kept of them, so
// that there is nothing to retrieve, delete or cancel.
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { randomIds } from '../../lib/ids.ts';
import { responseRequest, responseRequestOf } from '../../protocol/response-request.ts';
import type { ChatPart, RouteDeps } from './deps.ts';
import { mostConversationBytes, principalOf, read, type Refusal, refusing, untilGone } from './family.ts';
import { type ResponseEvent, ResponseWriter } from './response-events.ts';

export function responseRoutes(scope: FastifyInstance, { chat, clock, log }: RouteDeps): void {
  scope.post('/v1/responses', { bodyLimit: mostConversationBytes }, async (request, reply) => {
    const body = read(responseRequest, request.body);
    const { parts, metadata } = await chat.answer(responseRequestOf(body), principalOf(request), untilGone(reply));
    const writer = new ResponseWriter({ body, ids: randomIds, now: () => Math.floor(clock.wallMs() / 1000), told: metadata });
    if (!body.stream) return whole(parts, writer);
    const events = streamed(parts, writer, (error) => refusing(error, request, log));
    return reply.type('text/event-stream').send(Readable.from(events));
  });
}

async function whole(parts: AsyncIterable<ChatPart>, writer: ResponseWriter): Promise<object> {
  for await (const part of parts) {
    const response = writer.add(part).at(-1)?.response;
    if (response) return response;
  }
  throw new Error('An answer had no end.');
}

async function* streamed(
  parts: AsyncIterable<ChatPart>,
  writer: ResponseWriter,
  refusalOf: (error: unknown) => Refusal,
): AsyncGenerator<string> {
  yield* writer.begin().map(line);
  try {
    for await (const part of parts) yield* writer.add(part).map(line);
  } catch (error) {
    // The status has gone out: what went wrong is said in the last event.
    const { status, message } = refusalOf(error);
    yield* writer.fail({ code: status === 429 ? 'rate_limit_exceeded' : 'server_error', message }).map(line);
  }
}

function line(event: ResponseEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
