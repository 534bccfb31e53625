// The bodies of MCP servers' answers on their way to the SDK: each message made readable (mcp-message.ts), and no event without an end.
import { GuardedFetchError } from '../lib/guarded-fetch.ts';
import { McpEnded } from './mcp-failure.ts';
import { readableMessage } from './mcp-message.ts';
import { codes } from './mcp-types.ts';

/** Of one event of a stream: a result with its images. */
const EVENT_BYTES = 4 * 1024 * 1024;

/** The line that ends an event, and the line before it. */
const EVENT_END = /(?:\r\n|\n|\r(?!\n)){2}/g;

/**
 * @param request what was sent, as JSON
 * @throws McpEnded when the body should be JSON and is not, or is no answer to the request; and whatever reading it throws.
 */
export async function readableAnswer(response: Response, request: unknown): Promise<Response> {
  const type = response.headers.get('content-type')?.toLowerCase() ?? '';
  if (type.startsWith('text/event-stream')) return new Response(response.body?.pipeThrough(readableEvents()) ?? null, response);
  if (!type.startsWith('application/json')) return response;
  const text = await response.text();
  if (text.trim() === '') return new Response(null, response);
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    throw new McpEnded(codes.internal, 'The MCP server sent something that is not JSON');
  }
  const asked = typeof request === 'string' ? idIn(JSON.parse(request)) : undefined;
  const messages = [readableMessage(message)].flat().map((one) => addressed(one, asked));
  // The SDK would wait for another.
  if (asked !== undefined && !messages.some((one) => isAnswer(one) && idIn(one) === asked)) {
    throw new McpEnded(codes.internal, 'The MCP server sent something that is no answer to what it was asked');
  }
  return new Response(JSON.stringify(messages), response);
}

/** An answer that does not say to what is one to what was asked. */
function addressed(message: unknown, asked: unknown): unknown {
  return isAnswer(message) && idIn(message) === undefined ? { ...message, id: asked } : message;
}

function isAnswer(message: unknown): message is object {
  return typeof message === 'object' && message !== null && !('method' in message) && ('result' in message || 'error' in message);
}

function idIn(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'id' in message ? message.id : undefined;
}

function readableEvents(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let waiting = '';
  let bytes = 0;
  return new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      // An end may begin in the chunk before.
      EVENT_END.lastIndex = Math.max(0, waiting.length - 3);
      waiting += decoder.decode(chunk, { stream: true });
      bytes += chunk.byteLength;
      let start = 0;
      for (let end = EVENT_END.exec(waiting); end; end = EVENT_END.exec(waiting)) {
        controller.enqueue(encoder.encode(readableEvent(waiting.slice(start, EVENT_END.lastIndex))));
        start = EVENT_END.lastIndex;
        bytes = 0;
      }
      waiting = waiting.slice(start);
      if (Math.max(bytes, waiting.length) > EVENT_BYTES) {
        controller.error(new GuardedFetchError('too_large', `The MCP server sent an event of more than ${EVENT_BYTES} bytes`));
      }
    },
    flush(controller) {
      controller.enqueue(encoder.encode(waiting));
    },
  });
}

/** One event with its end. What is no JSON in it is left as it is. */
function readableEvent(event: string): string {
  const lines = event.split(/\r\n|\n|\r/);
  const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5));
  if (data.length === 0) return event;
  let message: unknown;
  try {
    message = JSON.parse(data.join('\n'));
  } catch {
    return event;
  }
  const others = lines.filter((line) => line !== '' && !line.startsWith('data:'));
  return [...others, `data: ${JSON.stringify(readableMessage(message))}`, '', ''].join('\n');
}
