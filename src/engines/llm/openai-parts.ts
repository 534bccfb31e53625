// The chunks of a chat completion as LlmParts. Forgives what servers get wrong: no ids, no index, arguments as an object, a
// whole message instead of deltas, `stop` after a call, no finish_reason at all.
import type { Ids } from '../../lib/ids.ts';
import type { LlmPart, LlmUsage } from '../engine.ts';
import { ThinkingSplitter } from './thinking.ts';

interface ToolCallDelta {
  index?: number;
  id?: string | null;
  function?: { name?: string | null; arguments?: string | object | null };
}

interface Delta {
  content?: string | { type?: string; text?: string }[] | null;
  reasoning_content?: string | null;
  reasoning?: string | null;
  refusal?: string | null;
  tool_calls?: ToolCallDelta[] | null;
}

interface Usage {
  prompt_tokens?: number;
  completion_tokens?: number;
  prompt_tokens_details?: { cached_tokens?: number | null } | null;
  prompt_cache_hit_tokens?: number;
}

/** One chunk, as far as anything here depends on it. */
export interface ChatChunk {
  choices?: { delta?: Delta | null; message?: Delta | null; finish_reason?: string | null }[] | null;
  usage?: Usage | null;
}

interface OpenCall {
  readonly callId: string;
  readonly index: number | undefined;
  readonly sentId: string | undefined;
  hasArguments: boolean;
}

export class ChatParts {
  readonly #ids: Ids;
  readonly #thinking = new ThinkingSplitter();
  #calls: OpenCall[] = [];
  #finish: string | undefined;
  #usage: LlmUsage | undefined;
  #spoke = false;

  constructor(ids: Ids) {
    this.#ids = ids;
  }

  /** Whether the model has said why it stopped. */
  get finished(): boolean {
    return this.#finish !== undefined;
  }

  push(chunk: ChatChunk): LlmPart[] {
    if (chunk.usage) this.#usage = readUsage(chunk.usage);
    const choice = chunk.choices?.[0];
    if (!choice) return [];
    const parts: LlmPart[] = [];
    const delta = choice.delta ?? choice.message;
    if (delta) {
      const reasoning = delta.reasoning_content ?? delta.reasoning;
      if (typeof reasoning === 'string' && reasoning !== '') parts.push({ type: 'reasoning', text: reasoning });
      parts.push(...this.#thinking.push(contentOf(delta)));
      for (const call of delta.tool_calls ?? []) parts.push(...this.#call(call));
    }
    if (parts.some((part) => part.type !== 'reasoning')) this.#spoke = true;
    if (choice.finish_reason) this.#finish = choice.finish_reason;
    return parts;
  }

  /** The parts that close the reply, or undefined when nothing was said and nothing says that this was meant. */
  end(): LlmPart[] | undefined {
    const parts: LlmPart[] = this.#thinking.end();
    if (parts.length > 0) this.#spoke = true;
    if (!this.#spoke && this.#finish === undefined) return undefined;
    for (const call of this.#calls) {
      if (!call.hasArguments) parts.push({ type: 'arguments', callId: call.callId, delta: '{}' });
    }
    if (this.#usage) parts.push({ type: 'usage', usage: this.#usage });
    parts.push({ type: 'end', reason: this.#reason() });
    return parts;
  }

  #reason(): Extract<LlmPart, { type: 'end' }>['reason'] {
    if (this.#finish === 'length' || this.#finish === 'content_filter') return this.#finish;
    return this.#calls.length > 0 ? 'tool_calls' : 'stop';
  }

  #call(delta: ToolCallDelta): LlmPart[] {
    const parts: LlmPart[] = [];
    const name = delta.function?.name || undefined;
    let call = this.#openCall(delta, name);
    if (!call) {
      if (name === undefined) return [];
      call = { callId: delta.id || this.#ids('call'), index: delta.index, sentId: delta.id || undefined, hasArguments: false };
      this.#calls.push(call);
      parts.push({ type: 'call', callId: call.callId, name });
    }
    const given = delta.function?.arguments;
    const text = typeof given === 'string' ? given : given ? JSON.stringify(given) : '';
    if (text !== '') {
      call.hasArguments = true;
      parts.push({ type: 'arguments', callId: call.callId, delta: text });
    }
    return parts;
  }

  #openCall(delta: ToolCallDelta, name: string | undefined): OpenCall | undefined {
    if (delta.index === undefined) {
      if (delta.id) return this.#calls.find((call) => call.sentId === delta.id);
      return name === undefined ? this.#calls.at(-1) : undefined;
    }
    const call = this.#calls.findLast((open) => open.index === delta.index);
    // Some servers number every call 0; a new id together with a name is then a new call.
    const renumbered = call && name !== undefined && delta.id && call.sentId !== undefined && call.sentId !== delta.id;
    return renumbered ? undefined : call;
  }
}

function contentOf(delta: Delta): string {
  // A refusal is what the model says to the user.
  const content = delta.content ?? delta.refusal ?? '';
  if (typeof content === 'string') return content;
  return content.map((part) => part.text ?? '').join('');
}

function readUsage(usage: Usage): LlmUsage {
  return {
    inputTokens: usage.prompt_tokens ?? 0,
    outputTokens: usage.completion_tokens ?? 0,
    cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? usage.prompt_cache_hit_tokens ?? 0,
  };
}
