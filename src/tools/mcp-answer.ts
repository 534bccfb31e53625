// The bodies of MCP servers' answers on their way to the SDK: each message made readable (mcp-message.ts), and no event without an end.
import { isObject } from '../lib/fields.ts';
import { GuardedFetchError } from '../lib/guarded-fetch.ts';
import { wellFormedJson } from '../lib/well-formed-json.ts';
import { McpEnded } from './mcp-failure.ts';
import { readableMessage } from './mcp-message.ts';
import { codes } from './mcp-types.ts';

/** Of one event of a stream: a result with its images. */
const EVENT_BYTES = 4 * 1024 * 1024;

const NO_ANSWER = 'The MCP server sent something that is no answer to what it was asked';

/** The line that ends an event, and the line before it. */
const EVENT_END = /(?:\r\n|\n|\r(?!\n)){2}/g;

/**
 * @param request what was sent, as JSON
 * @throws McpEnded when the body should be JSON and is not, or is no answer to the request; and whatever reading it throws.
 */
export async function readableAnswer(response: Response, request: unknown): Promise<Response> {
  const asked = idAsked(request);
  const type = response.headers.get('content-type')?.toLowerCase() ?? '';
  if (type.startsWith('text/event-stream')) return new Response(response.body?.pipeThrough(readableEvents(asked)) ?? null, response);
  if (!type.startsWith('application/json')) return response;
  const text = await response.text();
  if (text.trim() === '') return new Response(null, response);
  let message: unknown;
  try {
    message = JSON.parse(wellFormedJson(text));
  } catch {
    throw new McpEnded(codes.internal, 'The MCP server sent something that is not JSON');
  }
  const messages = [readableMessage(message)].flat().map((one) => addressed(one, asked));
  // The SDK would wait for another.
  if (asked !== undefined && !messages.some((one) => isAnswer(one) && idIn(one) === asked)) throw new McpEnded(codes.internal, NO_ANSWER);
  return new Response(JSON.stringify(messages), response);
}

/** The id of the request that a body is the answer to; undefined where it may belong to any, as in the one stream of the older transport. */
function idAsked(request: unknown): unknown {
  if (typeof request !== 'string') return undefined;
  const message: unknown = JSON.parse(request);
  return isObject(message) && 'method' in message ? idIn(message) : undefined;
}

/** An answer that does not say to what is one to what was asked. */
function addressed(message: unknown, asked: unknown): unknown {
  return isAnswer(message) && idIn(message) === undefined ? { ...message, id: asked } : message;
}

function isAnswer(message: unknown): message is Record<string, unknown> {
  return isObject(message) && !('method' in message) && ('result' in message || 'error' in message);
}

function idIn(message: unknown): unknown {
  return isObject(message) ? message['id'] : undefined;
}

/** @param asked the id of the request that the stream was opened for; what comes in it can answer no other. */
function readableEvents(asked: unknown): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  /** Pieces of the event that comes in: joined once it ends, or one that comes in crumbs would be copied for each. */
  let pieces: string[] = [];
  /** The last of what came, where an end may have begun. */
  let before = '';
  let bytes = 0;
  return new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      const piece = decoder.decode(chunk, { stream: true });
      bytes += chunk.byteLength;
      pieces.push(piece);
      const recent = before + piece;
      before = recent.slice(-3);
      EVENT_END.lastIndex = 0;
      if (EVENT_END.test(recent)) {
        const whole = pieces.join('');
        EVENT_END.lastIndex = 0;
        let start = 0;
        for (let end = EVENT_END.exec(whole); end; end = EVENT_END.exec(whole)) {
          controller.enqueue(encoder.encode(readableEvent(whole.slice(start, EVENT_END.lastIndex), asked)));
          start = EVENT_END.lastIndex;
          bytes = 0;
        }
        const rest = whole.slice(start);
        pieces = [rest];
        before = rest.slice(-3);
        bytes = Math.max(bytes, rest.length);
      }
      if (bytes > EVENT_BYTES) {
        controller.error(new GuardedFetchError('too_large', `The MCP server sent an event of more than ${EVENT_BYTES} bytes`));
      }
    },
    flush(controller) {
      controller.enqueue(encoder.encode(pieces.join('')));
    },
  });
}

/** One event with its end; a batch becomes an event for each of its messages. What is no JSON is left as it is: some keep a stream alive with it. */
function readableEvent(event: string, asked: unknown): string {
  const lines = event.split(/\r\n|\n|\r/);
  const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5));
  if (data.length === 0) return event;
  let message: unknown;
  try {
    message = JSON.parse(wellFormedJson(data.join('\n')));
  } catch {
    return event;
  }
  const others = lines.filter((line) => line !== '' && !line.startsWith('data:'));
  const messages = [readableMessage(message)].flat().map((one) => answering(one, asked));
  return messages.map((one) => [...others, `data: ${JSON.stringify(one)}`, '', ''].join('\n')).join('');
}

/** An answer to something else is the end of what was asked: whoever waits would wait for as long as the stream is open. */
function answering(message: unknown, asked: unknown): unknown {
  const one = addressed(message, asked);
  if (asked === undefined || !isAnswer(one) || idIn(one) === asked) return one;
  return { jsonrpc: '2.0', id: asked, error: { code: codes.internal, message: NO_ANSWER } };
}
