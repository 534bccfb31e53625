// A Prompt as chat messages, in the sequence that a server accepts. A voice conversation has every order of turns: interrupted answers, results
// without their call, calls without a result, two turns of the user's in a row, none at all. Nothing of it is left out but what is empty.
import type { Prompt, PromptPart, PromptTurn } from '../../protocol/prompt.ts';
import { argumentsObject, CallIds, functionName } from './call-fields.ts';
import type { MessageForm } from './message-form.ts';

export interface ToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
}

export type ContentPart = { type: 'text'; text: string } | { type: 'image_url'; image_url: { url: string; detail: string } };

type UserMessage = { role: 'user'; content: string | ContentPart[] };
type AssistantMessage = { role: 'assistant'; content: string | null; tool_calls?: ToolCall[] };
export type ChatMessage =
  | { role: 'system'; content: string }
  | UserMessage
  | AssistantMessage
  | { role: 'tool'; tool_call_id: string; name?: string; content: string };

/** Said for the user where a server demands a user message and there is none. */
const silence = '(silence)';
/** Said for the assistant where a server demands an assistant message and it was interrupted before its first word. */
const cutOff = '—';

export function chatMessages(prompt: Prompt, form: MessageForm): ChatMessage[] {
  const writer = new Writer(form);
  writer.system([prompt.instructions, prompt.memory ?? ''].filter((text) => text.trim() !== '').join('\n\n'));
  const inWords = form.calls === 'never' || (form.calls === 'beside tools' && prompt.tools.length === 0);
  const results = new Results(prompt.turns);
  for (let at = 0; at < prompt.turns.length; at++) {
    const turn = prompt.turns[at] as PromptTurn;
    switch (turn.role) {
      case 'system':
        writer.system(plainText(turn.parts));
        break;
      case 'user':
        writer.user(turn.parts);
        break;
      case 'assistant':
        // If nothing was heard of it, for the listener it was never said.
        if (turn.text.trim() !== '') writer.assistant(turn.interrupted ? `${turn.text} ${cutOff}` : turn.text.trimEnd());
        break;
      case 'call': {
        const calls: Call[] = [];
        for (let next: PromptTurn | undefined = turn; next?.role === 'call'; next = prompt.turns[++at]) {
          calls.push({ ...next, output: results.of(next) });
        }
        at--;
        if (inWords) writer.aside(calls.map(inWordsOf).join('\n'));
        else writer.calls(calls);
        break;
      }
      case 'result':
        // Its place is directly behind its call, wherever it stands in the conversation.
        if (!results.hasCall(turn)) writer.aside(`A function returned: ${turn.output}`);
        break;
    }
  }
  return writer.end();
}

interface Call {
  readonly callId: string;
  readonly name: string;
  readonly arguments: string;
  readonly output: string;
}

type ResultTurn = Extract<PromptTurn, { role: 'result' }>;

/** Which result belongs to which call: by id, and where an id occurs more than once, in the order of the conversation. */
class Results {
  readonly #waiting = new Map<string, ResultTurn[]>();
  readonly #taken = new Set<ResultTurn>();

  constructor(turns: readonly PromptTurn[]) {
    const calls = new Map<string, number>();
    for (const turn of turns) if (turn.role === 'call') calls.set(turn.callId, (calls.get(turn.callId) ?? 0) + 1);
    for (const turn of turns) {
      if (turn.role !== 'result') continue;
      const before = this.#waiting.get(turn.callId) ?? [];
      if (before.length >= (calls.get(turn.callId) ?? 0)) continue;
      this.#waiting.set(turn.callId, [...before, turn]);
      this.#taken.add(turn);
    }
  }

  of({ callId }: { callId: string }): string {
    const result = this.#waiting.get(callId)?.shift();
    if (!result) return '(no result yet)';
    return result.output.trim() === '' ? '(no output)' : result.output;
  }

  hasCall(turn: ResultTurn): boolean {
    return this.#taken.has(turn);
  }
}

/** Appends messages one after the other, each in the place where the form allows it. */
class Writer {
  readonly #form: MessageForm;
  readonly #ids: CallIds;
  readonly #messages: ChatMessage[] = [];
  /** What the system says at the front. */
  readonly #front: string[] = [];

  constructor(form: MessageForm) {
    this.#form = form;
    this.#ids = new CallIds(form.callIds);
  }

  system(text: string): void {
    if (text.trim() === '') return;
    if (this.#form.system === 'anywhere') this.#messages.push({ role: 'system', content: text });
    else if (this.#messages.length === 0) this.#front.push(text);
    else this.#userContent([{ type: 'text', text: `[System message: ${text}]` }]);
  }

  /** Something that happened beside what the two said. */
  aside(text: string): void {
    if (this.#form.system === 'anywhere') this.system(text);
    else this.#userContent([{ type: 'text', text: `[${text}]` }]);
  }

  user(parts: readonly PromptPart[]): void {
    const content = parts.flatMap((part): ContentPart[] => {
      if (part.type === 'image') return [{ type: 'image_url', image_url: { url: part.url, detail: part.detail } }];
      return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text }];
    });
    if (content.length > 0) this.#userContent(content);
  }

  assistant(text: string): void {
    this.#begin();
    const last = this.#messages.at(-1);
    if (this.#alternating && last?.role === 'assistant') last.content = `${last.content}\n${text}`;
    else this.#messages.push({ role: 'assistant', content: text });
  }

  calls(calls: readonly Call[]): void {
    this.#begin();
    const groups = this.#form.callsPerMessage === 'one' ? calls.map((call) => [call]) : [calls];
    for (const group of groups) {
      const toolCalls = group.map((call) => this.#toolCall(call));
      const last = this.#messages.at(-1);
      const message: AssistantMessage = last?.role === 'assistant' && !last.tool_calls ? last : { role: 'assistant', content: null };
      if (message !== last) this.#messages.push(message);
      Object.assign(message, { tool_calls: toolCalls }, this.#form.callMessageFields);
      group.forEach(({ output }, index) => this.#messages.push(this.#result(toolCalls[index] as ToolCall, output)));
    }
  }

  end(): ChatMessage[] {
    const last = this.#messages.at(-1);
    const endsWithUser = last !== undefined && last.role !== 'assistant';
    if (this.#alternating ? !endsWithUser : !last) this.#userContent([{ type: 'text', text: silence }]);
    const front = this.#front.join('\n\n');
    if (front === '') return this.#messages;
    if (this.#form.system === 'front') return [{ role: 'system', content: front }, ...this.#messages];
    const [first, ...others] = this.#messages;
    return first?.role === 'user'
      ? [{ role: 'user', content: joined([{ type: 'text', text: `${front}\n` }], first.content) }, ...others]
      : [{ role: 'user', content: front }, ...this.#messages];
  }

  get #alternating(): boolean {
    return this.#form.order === 'alternating';
  }

  /** The user has the first word. */
  #begin(): void {
    if (this.#alternating && this.#messages.length === 0) this.#userContent([{ type: 'text', text: silence }]);
  }

  #userContent(parts: readonly ContentPart[]): void {
    const last = this.#messages.at(-1);
    if (this.#alternating && last?.role === 'user') {
      last.content = joined(last.content, parts);
      return;
    }
    if (this.#form.userAfterResults === 'refused' && last?.role === 'tool') this.#messages.push({ role: 'assistant', content: cutOff });
    this.#messages.push({ role: 'user', content: joined([], parts) });
  }

  #result({ id, function: { name } }: ToolCall, output: string): ChatMessage {
    return { role: 'tool', tool_call_id: id, ...(this.#form.resultNames === 'demanded' ? { name } : {}), content: output };
  }

  #toolCall({ callId, name, arguments: given }: Call): ToolCall {
    return {
      id: this.#ids.next(callId),
      type: 'function',
      function: { name: functionName(name), arguments: argumentsObject(given) },
      ...this.#form.callFields,
    };
  }
}

/** A plain string wherever it can be: many local servers know nothing else. */
function joined(before: UserMessage['content'], after: UserMessage['content'] | readonly ContentPart[]): UserMessage['content'] {
  const parts = [before, after].flatMap((content): readonly ContentPart[] =>
    typeof content === 'string' ? [{ type: 'text', text: content }] : content,
  );
  return parts.every((part) => part.type === 'text') ? parts.map((part) => part.text).join('\n') : parts;
}

function inWordsOf({ name, arguments: given, output }: Call): string {
  return `The assistant called ${functionName(name)} with ${argumentsObject(given)}, which returned: ${output}`;
}

function plainText(parts: readonly PromptPart[]): string {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}
