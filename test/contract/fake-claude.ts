// Anthropic's Messages API on loopback for tests: refuses what their documentation says is refused, and answers like a small model, or word for word
// what a test scripted.
import { FakeChatServer, refuse, type Script } from './fake-chat-server.ts';

export interface ClaudeEvent {
  type: string;
  [field: string]: unknown;
}

export interface Block {
  type: string;
  text?: string;
  id?: string;
  name?: string;
  input?: unknown;
  tool_use_id?: string;
  content?: string;
  source?: Record<string, unknown>;
  cache_control?: { type: string };
}

export interface ClaudeBody {
  model: string;
  max_tokens: number;
  messages: { role: string; content: Block[] }[];
  system?: Block[];
  tools?: { name: string; description?: string; input_schema: Record<string, unknown>; cache_control?: { type: string } }[];
  tool_choice?: { type: string; name?: string; disable_parallel_tool_use?: boolean };
  [field: string]: unknown;
}

/** Events of a stream, each under its own name; strings go out as they are. */
export function claudeEvents(...events: (ClaudeEvent | string)[]): Script {
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events) response.write(written(event));
    response.end();
  };
}

export function written(event: ClaudeEvent | string): string {
  return typeof event === 'string' ? event : `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

export const startEvent = (usage: object = { input_tokens: 12, output_tokens: 1 }) => ({
  type: 'message_start',
  message: { id: 'msg_1', type: 'message', role: 'assistant', content: [], stop_reason: null, usage },
});
export const blockEvent = (index: number, content_block: object) => ({ type: 'content_block_start', index, content_block });
export const deltaEvent = (index: number, delta: object) => ({ type: 'content_block_delta', index, delta });
export const textEvent = (text: string, index = 0) => deltaEvent(index, { type: 'text_delta', text });
export const stopEvent = (stop_reason: string, usage: object = { output_tokens: 5 }) => ({
  type: 'message_delta',
  delta: { stop_reason, stop_sequence: null },
  usage,
});
export const endEvent = { type: 'message_stop' };

/** The error of a refusal, and of an `error` event. */
export const claudeError = (type: string, message: string) => ({ type: 'error', error: { type, message } });

const fields = new Set(
  'model max_tokens messages system tools tool_choice stream temperature top_p stop_sequences metadata thinking output_config'.split(' '),
);

/** Why the API would refuse a request, by its documentation; undefined: it takes it. */
export function refusalOf(body: ClaudeBody): string | undefined {
  const unknown = Object.keys(body).find((field) => !fields.has(field));
  if (unknown) return `${unknown}: Extra inputs are not permitted`;
  if (!Number.isInteger(body.max_tokens)) return 'max_tokens: Field required';
  if (body.messages[0]?.role !== 'user') return 'messages: first message must use the "user" role';
  if (body.messages.at(-1)?.role !== 'user') return 'This model does not support assistant message prefill';
  if (body.messages.some(({ role }, at) => body.messages[at - 1]?.role === role)) return 'messages: roles must alternate';
  const blocks = [...(body.system ?? []), ...body.messages.flatMap(({ content }) => content)];
  if (body.messages.some(({ content }) => content.length === 0)) return 'messages: must have non-empty content';
  if (blocks.some(({ type, text }) => type === 'text' && (text ?? '').trim() === '')) return 'text content blocks must be non-empty';
  const calls = blocks.filter(({ type }) => type === 'tool_use');
  if (calls.length > 0 && !body.tools) return 'tools: Field required where there are tool_use blocks';
  if (new Set(calls.map(({ id }) => id)).size < calls.length) return '`tool_use` ids must be unique';
  if (calls.some(({ id = '', name = '' }) => !/^[a-zA-Z0-9_-]+$/.test(id) || !/^[a-zA-Z0-9_-]{1,128}$/.test(name))) return 'tool_use.id';
  for (const [at, { content }] of body.messages.entries()) {
    const ids = content.flatMap(({ type, id }) => (type === 'tool_use' ? [id] : []));
    const results = (body.messages[at + 1]?.content ?? []).slice(0, ids.length).map(({ tool_use_id }) => tool_use_id);
    if (ids.join() !== results.join()) return '`tool_use` ids were found without `tool_result` blocks immediately after';
  }
  const marked = [...blocks, ...(body.tools ?? [])].filter(({ cache_control }) => cache_control);
  if (marked.length > 4) return 'A maximum of 4 blocks with cache_control may be provided';
  const isNew = /(?:haiku|sonnet|opus)-5|fable|mythos|opus-4-[78]/.test(body.model);
  if (isNew && (body['temperature'] !== undefined || body['top_p'] !== undefined)) return '`temperature` is deprecated for this model';
  if (body['temperature'] !== undefined && body['top_p'] !== undefined) return '`temperature` and `top_p` cannot both be specified';
  if (Number(body['temperature'] ?? 0) > 1) return 'temperature: range: 0..1';
  return undefined;
}

/** Behaves: counts slowly when asked to count, calls the first tool when it must, tells a tool's result, respects max_tokens. */
const smallClaude: Script = async (sent, response, request) => {
  const body = sent as unknown as ClaudeBody;
  const refusal = refusalOf(body);
  if (request.headers['x-api-key'] === undefined || request.headers['anthropic-version'] !== '2023-06-01') {
    return refuse(401, claudeError('authentication_error', 'x-api-key header is required'))(sent, response, request);
  }
  if (refusal) {
    return refuse(400, claudeError('invalid_request_error', refusal))(sent, response, request);
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (event: ClaudeEvent) => response.write(written(event));
  const content = body.messages.at(-1)?.content ?? [];
  const result = content.find(({ type }) => type === 'tool_result')?.content;
  const said = result ?? content.map(({ text = '' }) => text).join(' ');
  const tool = body.tools?.[0];
  let reason = 'end_turn';
  send(startEvent({ input_tokens: 8, cache_read_input_tokens: 4, cache_creation_input_tokens: 0, output_tokens: 1 }));
  send({ type: 'ping' });
  if (tool && body.tool_choice?.type !== 'none' && result === undefined && /weather/.test(said)) {
    send(blockEvent(0, { type: 'tool_use', id: `toolu_${body.messages.length}`, name: tool.name, input: {} }));
    for (const partial_json of ['', '{"loca', 'tion": "Par', 'is"}']) send(deltaEvent(0, { type: 'input_json_delta', partial_json }));
    reason = 'tool_use';
  } else {
    send(blockEvent(0, { type: 'text', text: '' }));
    const counting = /count/.test(said);
    const words = counting ? Array.from({ length: 200 }, (_, index) => `${index + 1} `) : `You said ${said}`.split(/(?<= )/);
    for (const [index, word] of words.entries()) {
      if (response.destroyed) return;
      if (index >= body.max_tokens) {
        reason = 'max_tokens';
        break;
      }
      send(textEvent(word));
      if (counting) await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
  send({ type: 'content_block_stop', index: 0 });
  send(stopEvent(reason));
  response.end(written(endEvent));
};

export function claudeServer(): FakeChatServer {
  return new FakeChatServer('/messages', smallClaude);
}
