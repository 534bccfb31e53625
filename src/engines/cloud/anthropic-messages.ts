// Anthropic's Messages API, which unlike their layer for OpenAI's clients ("not considered a long-term or production-ready solution"; "prompt caching
// is not supported"; platform.claude.com, "OpenAI SDK compatibility") caches prompts and can be kept from thinking. The events: "Streaming messages".
import type { Llm, LlmPart, LlmUsage } from '../engine.ts';
import { messagesRequestJson } from './anthropic-request.ts';
import { CallOrder } from './call-order.ts';
import type { ToolNames } from './call-fields.ts';
import { type ReplyReader, StreamedChat, type StreamedChatOptions } from './streamed-chat.ts';

const version = '2023-06-01';

/** The headers that open it. */
export function anthropicHeaders(apiKey: string): Record<string, string> {
  return { 'x-api-key': apiKey, 'anthropic-version': version };
}

export function createAnthropicMessages(options: StreamedChatOptions): Llm {
  return new StreamedChat(options, {
    path: '/messages',
    headers: () => (options.apiKey ? anthropicHeaders(options.apiKey) : { 'anthropic-version': version }),
    body: messagesRequestJson,
    isLast: ({ event }) => event === 'message_stop',
    read: (names) => new MessageReader(names),
  });
}

interface Usage {
  readonly input_tokens?: number | null;
  readonly output_tokens?: number | null;
  readonly cache_creation_input_tokens?: number | null;
  readonly cache_read_input_tokens?: number | null;
}

/** One event, as far as anything here depends on it. */
interface StreamEvent {
  readonly type?: string;
  readonly index?: number;
  readonly message?: { readonly usage?: Usage | null };
  readonly content_block?: { readonly type?: string; readonly id?: string; readonly name?: string; readonly text?: string };
  readonly delta?: {
    readonly type?: string;
    readonly text?: string;
    readonly thinking?: string;
    readonly partial_json?: string;
    readonly stop_reason?: string | null;
  };
  readonly usage?: Usage | null;
}

const reasons: Readonly<Record<string, Extract<LlmPart, { type: 'end' }>['reason']>> = {
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'content_filter',
};

class MessageReader implements ReplyReader {
  readonly #names: ToolNames;
  readonly #order = new CallOrder();
  /** The ids of the calls by the blocks that they are. */
  readonly #calls = new Map<number | undefined, string>();
  /** Each count as it was told last: they are of all so far. */
  #usage: Usage = {};
  #stop: string | undefined;

  constructor(names: ToolNames) {
    this.#names = names;
  }

  push(event: unknown): LlmPart[] {
    const told = event as StreamEvent;
    this.#count(told.message?.usage ?? told.usage);
    if (told.delta?.stop_reason) this.#stop = told.delta.stop_reason;
    if (told.type === 'content_block_start') return this.#order.push(this.#begun(told));
    return told.type === 'content_block_delta' ? this.#order.push(this.#goneOn(told)) : [];
  }

  end(): LlmPart[] | undefined {
    if (this.#stop === undefined) return undefined;
    const usage: LlmPart = { type: 'usage', usage: usageOf(this.#usage) };
    return [...this.#order.end(), usage, { type: 'end', reason: reasons[this.#stop] ?? 'stop' }];
  }

  #begun({ index, content_block }: StreamEvent): LlmPart[] {
    const block = content_block ?? {};
    switch (block.type ?? '') {
      case 'text':
        return block.text ? [{ type: 'text', text: block.text }] : [];
      case 'tool_use': {
        const callId = block.id ?? '';
        this.#calls.set(index, callId);
        return [{ type: 'call', callId, name: this.#names.own(block.name ?? '') }];
      }
      // What a model thinks may be left out of the stream, however long it takes: that it thinks is a sign of life.
      case 'thinking':
      case 'redacted_thinking':
        return [{ type: 'reasoning', text: '' }];
      default:
        return [];
    }
  }

  #goneOn({ index, ...event }: StreamEvent): LlmPart[] {
    const delta = event.delta ?? {};
    switch (delta.type ?? '') {
      case 'text_delta':
        return delta.text ? [{ type: 'text', text: delta.text }] : [];
      case 'thinking_delta':
        return delta.thinking ? [{ type: 'reasoning', text: delta.thinking }] : [];
      case 'input_json_delta': {
        const callId = this.#calls.get(index);
        return callId !== undefined && delta.partial_json ? [{ type: 'arguments', callId, delta: delta.partial_json }] : [];
      }
      default:
        return [];
    }
  }

  #count(usage: Usage | null | undefined): void {
    const told = Object.entries(usage ?? {}).filter(([, count]) => typeof count === 'number');
    this.#usage = { ...this.#usage, ...Object.fromEntries(told) };
  }
}

/** What is read from the cache, and what is written to it, is told beside the other input. */
function usageOf(usage: Usage): LlmUsage {
  const cachedTokens = usage.cache_read_input_tokens ?? 0;
  const inputTokens = (usage.input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0) + cachedTokens;
  return { inputTokens, outputTokens: usage.output_tokens ?? 0, cachedTokens };
}
