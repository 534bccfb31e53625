// An answer as the events of OpenAI's /responses (https://platform.openai.com/docs/api-reference/responses-streaming): what a response consists of so far, and
// which event tells of each step. The last event of an answer holds the whole response.
import type { Ids } from '../../lib/ids.ts';
import type { ResponseRequest } from '../../protocol/response-request.ts';
import type { ChatPart, ChatUsage } from './deps.ts';

/** `sequence_number` counts them from 0. Those of the response itself have it in `response`. */
export type ResponseEvent = Readonly<Record<string, unknown>> & {
  readonly type: string;
  readonly sequence_number: number;
  readonly response?: object;
};

type Status = 'in_progress' | 'completed' | 'incomplete';

/** An item of the output that is being made. */
type OpenItem =
  | { readonly kind: 'message'; readonly id: string; text: string }
  | { readonly kind: 'call'; readonly id: string; readonly callId: string; readonly name: string; arguments: string };

type End = Extract<ChatPart, { type: 'end' }>;

const cutShort: Partial<Record<End['reason'], string>> = { length: 'max_output_tokens', content_filter: 'content_filter' };

export interface ResponseWriterParts {
  readonly body: ResponseRequest;
  readonly ids: Ids;
  /** Seconds since the Unix epoch. */
  readonly now: () => number;
  /** Who was asked, as far as it has been told: it stands in the `metadata` of the response once that has ended. */
  readonly told: () => object | undefined;
}

export class ResponseWriter {
  readonly #parts: ResponseWriterParts;
  readonly #head: object;
  /** What is whole. */
  readonly #output: object[] = [];
  #open: OpenItem | undefined;
  #events = 0;

  constructor(parts: ResponseWriterParts) {
    this.#parts = parts;
    this.#head = { id: parts.ids('resp'), object: 'response', created_at: parts.now() };
  }

  begin(): ResponseEvent[] {
    const begun = () => ({ response: this.#response('in_progress', {}) });
    return [this.#event('response.created', begun()), this.#event('response.in_progress', begun())];
  }

  /** What a part of the answer adds. */
  add(part: ChatPart): ResponseEvent[] {
    switch (part.type) {
      case 'text':
        return part.text === '' ? [] : this.#say(part.text);
      case 'call':
        return [
          ...this.#close('completed'),
          ...this.#begin({ kind: 'call', id: this.#parts.ids('fc'), callId: part.callId, name: part.name, arguments: '' }),
        ];
      case 'arguments': {
        const call = this.#open;
        // An engine completes the arguments of a call before anything else.
        if (call?.kind !== 'call') return [];
        call.arguments += part.delta;
        return [this.#event('response.function_call_arguments.delta', { ...this.#place(call), delta: part.delta })];
      }
      case 'end':
        return this.#end(part);
    }
  }

  /** It broke off. */
  fail(error: { readonly code: string; readonly message: string }): ResponseEvent[] {
    const closing = this.#close('incomplete');
    return [...closing, this.#event('response.failed', { response: this.#response('failed', { error, metadata: this.#metadata() }) })];
  }

  #end({ reason, usage }: End): ResponseEvent[] {
    const why = cutShort[reason];
    const status = why === undefined ? 'completed' : 'incomplete';
    const closing = this.#close(status);
    const outcome = {
      metadata: this.#metadata(),
      usage: usageObject(usage),
      ...(why === undefined ? { completed_at: this.#parts.now() } : { incomplete_details: { reason: why } }),
    };
    return [...closing, this.#event(`response.${status}`, { response: this.#response(status, outcome) })];
  }

  #say(delta: string): ResponseEvent[] {
    const opening =
      this.#open?.kind === 'message'
        ? []
        : [...this.#close('completed'), ...this.#begin({ kind: 'message', id: this.#parts.ids('msg'), text: '' })];
    const message = this.#open as Extract<OpenItem, { kind: 'message' }>;
    message.text += delta;
    return [...opening, this.#event('response.output_text.delta', { ...this.#place(message), content_index: 0, delta, logprobs: [] })];
  }

  #begin(item: OpenItem): ResponseEvent[] {
    this.#open = item;
    const added = this.#event('response.output_item.added', { output_index: this.#output.length, item: itemOf(item, 'in_progress') });
    if (item.kind === 'call') return [added];
    return [added, this.#event('response.content_part.added', { ...this.#place(item), content_index: 0, part: outputText('') })];
  }

  #close(status: 'completed' | 'incomplete'): ResponseEvent[] {
    const open = this.#open;
    if (!open) return [];
    const place = this.#place(open);
    const whole =
      open.kind === 'call'
        ? [this.#event('response.function_call_arguments.done', { ...place, name: open.name, arguments: open.arguments })]
        : [
            this.#event('response.output_text.done', { ...place, content_index: 0, text: open.text, logprobs: [] }),
            this.#event('response.content_part.done', { ...place, content_index: 0, part: outputText(open.text) }),
          ];
    const item = itemOf(open, status);
    const done = this.#event('response.output_item.done', { output_index: this.#output.length, item });
    this.#output.push(item);
    this.#open = undefined;
    return [...whole, done];
  }

  /** Of the item that is being made. */
  #place({ id }: OpenItem): object {
    return { item_id: id, output_index: this.#output.length };
  }

  #event(type: string, fields: object): ResponseEvent {
    return { type, sequence_number: this.#events++, ...fields };
  }

  #response(status: Status | 'failed', outcome: object): object {
    const whole = {
      error: null,
      incomplete_details: null,
      metadata: textsOf(this.#parts.body.metadata ?? {}),
      usage: null,
      completed_at: null,
    };
    return { ...this.#head, status, ...settingsOf(this.#parts.body), ...whole, output: [...this.#output], ...outcome };
  }

  /** The client's own pairs stay as they are. */
  #metadata(): Record<string, string> {
    return textsOf({ ...this.#parts.told(), ...this.#parts.body.metadata });
  }
}

/** What was asked for, as a response says it again. */
function settingsOf(body: ResponseRequest): object {
  return {
    model: body.model,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    temperature: body.temperature ?? null,
    top_p: body.top_p ?? null,
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    tool_choice: body.tool_choice ?? 'auto',
    // That arguments obey the schema is nothing that every engine can promise.
    tools: (body.tools ?? []).map(({ type, name, description = null, parameters = null }) => ({
      type,
      name,
      description,
      parameters,
      strict: false,
    })),
    reasoning: { effort: body.reasoning?.effort ?? null, summary: null },
    text: { format: { type: 'text' } },
    ...(body.user == null ? {} : { user: body.user }),
    background: false,
    store: false,
    previous_response_id: null,
    truncation: 'disabled',
  };
}

function itemOf(item: OpenItem, status: Status): object {
  const { id } = item;
  if (item.kind === 'call') return { id, type: 'function_call', status, call_id: item.callId, name: item.name, arguments: item.arguments };
  const content = status === 'in_progress' ? [] : [outputText(item.text)];
  return { id, type: 'message', status, role: 'assistant', content };
}

function outputText(text: string): object {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

/** Values of metadata are texts in this API; what is none is JSON. */
function textsOf(metadata: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

function usageObject({ inputTokens, outputTokens, cachedTokens }: ChatUsage): object {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedTokens },
    output_tokens: outputTokens,
    // How many of them were thoughts, no engine tells.
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
}
