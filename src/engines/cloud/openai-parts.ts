// The chunks of a chat completion as LlmParts. Forgives what servers get wrong: no ids, no index, arguments as an object, a
// whole message instead of deltas, `stop` after a call, no finish_reason at all.
import { isDeepStrictEqual } from 'node:util';
import type { Ids } from '../../lib/ids.ts';
import type { LlmPart, LlmUsage } from '../engine.ts';
import { CallOrder } from './call-order.ts';
import { isCompleteObject, type ToolNames } from './call-fields.ts';
import { ThinkingSplitter } from './thinking.ts';

/** The longest `call_id` that a client can answer. */
const ID_CHARS = 128;

interface ToolCallDelta {
  index?: number | null;
  id?: string | null;
  function?: { name?: string | null; arguments?: string | object | null };
}

/** Mistral's thinking is a part of the text, with parts of its own. */
interface ContentPiece {
  type?: string;
  text?: string;
  thinking?: { text?: string }[];
}

interface Delta {
  content?: string | ContentPiece[] | null;
  reasoning_content?: string | null;
  reasoning?: string | null;
  refusal?: string | null;
  tool_calls?: ToolCallDelta[] | null;
}

interface Usage {
  prompt_tokens?: number;
  completion_tokens?: number;
  prompt_tokens_details?: { cached_tokens?: number | null } | null;
  /** DeepSeek's. */
  prompt_cache_hit_tokens?: number;
  /** Of servers that have no details. */
  cached_tokens?: number | null;
}

/** One chunk, as far as anything here depends on it. */
export interface ChatChunk {
  choices?: { delta?: Delta | null; message?: Delta | null; finish_reason?: string | null }[] | null;
  usage?: Usage | null;
  /** Where Groq counts when it is not asked to. */
  x_groq?: { usage?: Usage | null } | null;
}

interface OpenCall {
  readonly callId: string;
  readonly index: number | undefined;
  readonly sentId: string | undefined;
  /** As it was sent; a call is told of when its name is there. */
  name: string | undefined;
  /** All that has come of them. */
  arguments: string;
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

  push(chunk: ChatChunk): LlmPart[] {
    const before = this.#usage;
    const told = chunk.usage ?? chunk.x_groq?.usage;
    if (told) this.#usage = readUsage(told);
    const choice = chunk.choices?.[0];
    if (!choice) return [];
    const parts: LlmPart[] = [];
    const delta = choice.delta ?? choice.message;
    if (delta) {
      const reasoning = delta.reasoning_content ?? delta.reasoning ?? thinkingIn(delta);
      if (typeof reasoning === 'string' && reasoning !== '') parts.push({ type: 'reasoning', text: reasoning });
      parts.push(...this.#thinking.push(contentOf(delta)));
      for (const call of delta.tool_calls ?? []) parts.push(...this.#call(call));
    }
    if (parts.some((part) => part.type !== 'reasoning')) this.#spoke = true;
    if (choice.finish_reason) this.#finish = choice.finish_reason;
    const ordered = this.#order.push(parts);
    // Some servers count as they go; what counts at the end is told there.
    const counts = this.#usage !== undefined && !isDeepStrictEqual(this.#usage, before) && this.#finish === undefined && this.#spoke;
    return counts ? [...ordered, { type: 'usage', usage: this.#usage as LlmUsage }] : ordered;
  }

  /** The parts that close the reply, or undefined when nothing says that it was meant to end here: nothing was said, or half of a call. */
  end(): LlmPart[] | undefined {
    const thoughts = this.#thinking.end();
    if (thoughts.length > 0) this.#spoke = true;
    const parts = [...this.#order.push(thoughts), ...this.#order.end()];
    if (this.#finish === undefined && (!this.#spoke || this.#order.cut)) return undefined;
    if (this.#usage) parts.push({ type: 'usage', usage: this.#usage });
    parts.push({ type: 'end', reason: this.#reason() });
    return parts;
  }

  #reason(): Extract<LlmPart, { type: 'end' }>['reason'] {
    if (this.#finish === 'length' || this.#finish === 'content_filter') return this.#finish;
    return this.#calls.some(({ name }) => name !== undefined) ? 'tool_calls' : 'stop';
  }

  #call(delta: ToolCallDelta): LlmPart[] {
    const parts: LlmPart[] = [];
    const name = delta.function?.name || undefined;
    // Mistral's way to say that there is none.
    const sentId = delta.id && delta.id !== 'null' ? delta.id : undefined;
    const text = argumentsOf(delta);
    const call = this.#goingOn(delta.index, sentId, name, text) ?? this.#begin(delta.index, sentId);
    call.arguments += text;
    if (call.name !== undefined) {
      if (text !== '') parts.push({ type: 'arguments', callId: call.callId, delta: text });
    } else if (name !== undefined) {
      call.name = name;
      parts.push({ type: 'call', callId: call.callId, name: this.#names.own(name) });
      if (call.arguments !== '') parts.push({ type: 'arguments', callId: call.callId, delta: call.arguments });
    }
    return parts;
  }

  #begin(index: number | null | undefined, sentId: string | undefined): OpenCall {
    // Some servers give every call of an answer one id, and clients cannot answer one that is too long for their events.
    const usable = sentId !== undefined && sentId.length <= ID_CHARS && !this.#calls.some((open) => open.callId === sentId);
    const callId = usable ? sentId : this.#ids('call');
    const call: OpenCall = { callId, index: index ?? undefined, sentId, name: undefined, arguments: '' };
    this.#calls.push(call);
    return call;
  }

  /** The call that this is a piece of; undefined: a new one. */
  #goingOn(index: number | null | undefined, sentId: string | undefined, name: string | undefined, text: string): OpenCall | undefined {
    const numbered = typeof index === 'number';
    const last = this.#calls.at(-1);
    const known = this.#calls.findLast((call) => (numbered ? call.index === index : sentId !== undefined && call.sentId === sentId));
    // A piece without a name is no new call, unless its number says so.
    if (name === undefined) return known ?? (numbered && last?.index !== undefined ? undefined : last);
    const call = known ?? (numbered ? undefined : last);
    if (!call || call.name === undefined) return call;
    if (call.name !== name) return undefined;
    // The name may stand in every piece, with the same id or ever another; or all calls have one number, or one id. Their arguments tell.
    if (call.arguments !== '') return isCompleteObject(call.arguments) ? undefined : call;
    return known && (call.sentId === sentId || text !== '') ? call : undefined;
  }
}

function argumentsOf({ function: called }: ToolCallDelta): string {
  const given = called?.arguments;
  if (typeof given === 'string') return given;
  return given ? JSON.stringify(given) : '';
}

function contentOf(delta: Delta): string {
  // A refusal is what the model says to the user.
  const content = delta.content ?? delta.refusal ?? '';
  if (typeof content === 'string') return content;
  return content.map((part) => part.text ?? '').join('');
}

function thinkingIn({ content }: Delta): string {
  if (typeof content === 'string' || !content) return '';
  return content.flatMap(({ thinking }) => (Array.isArray(thinking) ? thinking.map(({ text = '' }) => text) : [])).join('');
}

function readUsage(usage: Usage): LlmUsage {
  return {
    inputTokens: usage.prompt_tokens ?? 0,
    outputTokens: usage.completion_tokens ?? 0,
    cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? usage.prompt_cache_hit_tokens ?? usage.cached_tokens ?? 0,
  };
}
