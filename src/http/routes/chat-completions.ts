// Answers in text, as OpenAI's /chat/completions gives them: the models, routers, keys and limits of this server for programs that know nothing of sessions.
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { randomIds } from '../../lib/ids.ts';
import { chatRequest, chatRequestOf } from '../../protocol/chat-request.ts';
import type { ChatPart, ChatUsage, RouteDeps } from './deps.ts';
import { mostConversationBytes, principalOf, read, type Refusal, refusing, untilGone } from './family.ts';

export function chatRoutes(scope: FastifyInstance, { chat, clock, log }: RouteDeps): void {
  scope.post('/v1/chat/completions', { bodyLimit: mostConversationBytes }, async (request, reply) => {
    const body = read(chatRequest, request.body);
    const asked = chatRequestOf(body);
    const { parts, metadata } = await chat.answer(asked, principalOf(request), untilGone(reply));
    const head = { id: randomIds('chatcmpl'), created: Math.floor(clock.wallMs() / 1000), model: asked.model };
    if (body.stream) {
      const refusalOf = (error: unknown) => refusing(error, request, log);
      const chunks = asChunks(parts, head, { metadata, usage: body.stream_options?.include_usage === true, refusalOf });
      return reply.type('text/event-stream').send(Readable.from(chunks));
    }
    return whole(parts, head, metadata);
  });
}

interface Head {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

async function whole(parts: AsyncIterable<ChatPart>, head: Head, metadata: () => object | undefined): Promise<object> {
  let content = '';
  const calls: { id: string; type: 'function'; function: { name: string; arguments: string } }[] = [];
  for await (const part of parts) {
    if (part.type === 'text') content += part.text;
    else if (part.type === 'call') calls.push({ id: part.callId, type: 'function', function: { name: part.name, arguments: '' } });
    else if (part.type === 'arguments') {
      const called = calls.find(({ id }) => id === part.callId);
      if (called) called.function.arguments += part.delta;
    } else {
      const message = { role: 'assistant', content: content === '' && calls.length > 0 ? null : content, refusal: null };
      const choice = { index: 0, message: calls.length === 0 ? message : { ...message, tool_calls: calls }, logprobs: null };
      const told = metadata();
      return {
        ...head,
        object: 'chat.completion',
        choices: [{ ...choice, finish_reason: calls.length > 0 ? 'tool_calls' : part.reason }],
        usage: usageObject(part.usage),
        ...(told ? { metadata: told } : {}),
      };
    }
  }
  throw new Error('An answer had no end.');
}

async function* asChunks(
  parts: AsyncIterable<ChatPart>,
  head: Head,
  { metadata, usage, refusalOf }: { metadata: () => object | undefined; usage: boolean; refusalOf: (error: unknown) => Refusal },
): AsyncGenerator<string> {
  const chunk = (delta: object, finish: string | null = null, more: object = {}) =>
    line({ ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }], ...more });
  const calls: string[] = [];
  yield chunk({ role: 'assistant', content: '' });
  try {
    for await (const part of parts) {
      if (part.type === 'text') yield chunk({ content: part.text });
      else if (part.type === 'call') {
        calls.push(part.callId);
        const called = { index: calls.length - 1, id: part.callId, type: 'function', function: { name: part.name, arguments: '' } };
        yield chunk({ tool_calls: [called] });
      } else if (part.type === 'arguments') {
        yield chunk({ tool_calls: [{ index: calls.indexOf(part.callId), function: { arguments: part.delta } }] });
      } else {
        const told = metadata();
        yield chunk({}, calls.length > 0 ? 'tool_calls' : part.reason, told ? { metadata: told } : {});
        if (usage) yield line({ ...head, object: 'chat.completion.chunk', choices: [], usage: usageObject(part.usage) });
      }
    }
    yield 'data: [DONE]\n\n';
  } catch (error) {
    // The status has gone out: what went wrong is said as an event, which OpenAI's SDKs throw.
    yield line({ error: { message: refusalOf(error).message, type: 'server_error', param: null, code: null } });
  }
}

function line(chunk: object): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

function usageObject({ inputTokens, outputTokens, cachedTokens }: ChatUsage): object {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}
