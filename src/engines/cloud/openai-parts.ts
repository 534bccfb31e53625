// The chunks of a chat completion as LlmParts. Forgives what servers get wrong: no ids, no index, arguments as an object, a
// whole message instead of deltas, `stop` after a call, no finish_reason at all.
import type { Ids } from '../../lib/ids.ts';
import type { LlmPart, LlmUsage } from '../engine.ts';
import { CallOrder } from './call-order.ts';
import type { ToolNames } from './call-fields.ts';
import { ThinkingSplitter } from './thinking.ts';

/** The longest `call_id` that a client can answer. */
const ID_CHARS = 128;

interface ToolCallDelta {
  index?: number | null;
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
}

export class ChatParts {
  readonly #ids: Ids;
  readonly #names: ToolNames;
  readonly #thinking = new ThinkingSplitter();
  readonly #order = new CallOrder();
  #calls: OpenCall[] = [];
  #finish: string | undefined;
  #usage: LlmUsage | undefined;
  #spoke = false;

  constructor(ids: Ids, names: ToolNames) {
    this.#ids = ids;
    this.#names = names;
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
    return this.#order.push(parts);
  }

  /** The parts that close the reply, or undefined when nothing was said and nothing says that this was meant. */
  end(): LlmPart[] | undefined {
    const thoughts = this.#thinking.end();
    if (thoughts.length > 0) this.#spoke = true;
    if (!this.#spoke && this.#finish === undefined) return undefined;
    const parts = [...this.#order.push(thoughts), ...this.#order.end()];
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
      // Some servers give every call of an answer one id, and clients cannot answer one that is too long for their events.
      const usable = delta.id && delta.id.length <= ID_CHARS && !this.#calls.some((open) => open.callId === delta.id);
      const fresh = usable && delta.id ? delta.id : this.#ids('call');
      call = { callId: fresh, index: delta.index ?? undefined, sentId: delta.id || undefined };
      this.#calls.push(call);
      parts.push({ type: 'call', callId: call.callId, name: this.#names.own(name) });
    }
    const given = delta.function?.arguments;
    const text = typeof given === 'string' ? given : given ? JSON.stringify(given) : '';
    if (text !== '') parts.push({ type: 'arguments', callId: call.callId, delta: text });
    return parts;
  }

  #openCall(delta: ToolCallDelta, name: string | undefined): OpenCall | undefined {
    if (typeof delta.index !== 'number') {
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
