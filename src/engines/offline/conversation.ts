// A Prompt as the rules read it: who said what, which function results wait to be told, what the assistant is called.
import type { Prompt, PromptTool, PromptTurn } from '../../protocol/prompt.ts';
import { clean, coreOf } from './words.ts';

/** Rules look at every word many times; nobody says more than this in one breath. */
const UNDERSTOOD_CHARS = 4000;

export interface Utterance {
  /** As it stands in the conversation. */
  readonly raw: string;
  /** Without punctuation, case kept. */
  readonly said: string;
  /** Lower case, without politeness. */
  readonly core: string;
}

export interface ToolResult {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
  readonly output: string;
}

export interface Conversation {
  /** Oldest first; the last is the one to answer when `open` is `user`. */
  readonly user: readonly Utterance[];
  /** Those at its end of which nothing came, neither words nor calls, and the newest. */
  readonly asking: readonly Utterance[];
  readonly assistant: readonly string[];
  /** User and assistant as they took turns. */
  readonly exchange: readonly { who: 'user' | 'assistant'; text: string }[];
  /** Every call so far with its arguments. */
  readonly calls: readonly Omit<ToolResult, 'output'>[];
  /** Calls whose results have not come. */
  readonly waiting: readonly Omit<ToolResult, 'output'>[];
  /** Calls made since the user last spoke. */
  readonly callsNow: readonly Omit<ToolResult, 'output'>[];
  /** Results that nobody has told the user yet. */
  readonly results: readonly ToolResult[];
  /** What the conversation waits for. */
  readonly open: 'start' | 'user' | 'results' | 'answered';
  /** A system message at the very end. */
  readonly note: string | undefined;
  readonly instructions: string;
  /** What the user said before all that is in the conversation. */
  readonly remembered: readonly Utterance[];
  /** What the instructions call the assistant. */
  readonly name: string | undefined;
  readonly tools: readonly PromptTool[];
  /** The user turn to answer shows a picture. */
  readonly picture: boolean;
}

export function readConversation(prompt: Prompt): Conversation {
  const name = nameIn(prompt.instructions);
  const names = name ? [name] : [];
  const user: Utterance[] = [];
  let asking: Utterance[] = [];
  let answered = false;
  const assistant: string[] = [];
  const exchange: { who: 'user' | 'assistant'; text: string }[] = [];
  const calls = new Map<string, Omit<ToolResult, 'output'>>();
  const waiting = new Map<string, Omit<ToolResult, 'output'>>();
  let callsNow: Omit<ToolResult, 'output'>[] = [];
  let results: ToolResult[] = [];
  let open: Conversation['open'] = 'start';
  let picture = false;
  for (const turn of prompt.turns) {
    switch (turn.role) {
      case 'user': {
        const raw = textOf(turn);
        const words = utterance(raw, names);
        user.push(words);
        asking = answered ? [words] : [...asking, words];
        answered = false;
        exchange.push({ who: 'user', text: raw });
        picture = turn.parts.some((part) => part.type === 'image');
        open = 'user';
        results = [];
        callsNow = [];
        break;
      }
      case 'assistant':
        // Cut before a word was heard: for the user it was not said, so the question is still open.
        if (turn.text.trim() === '') break;
        answered = true;
        assistant.push(turn.text);
        exchange.push({ who: 'assistant', text: turn.text });
        open = 'answered';
        results = [];
        break;
      case 'call': {
        const call = { name: turn.name, arguments: parseObject(turn.arguments) };
        calls.set(turn.callId, call);
        waiting.set(turn.callId, call);
        answered = true;
        callsNow.push(call);
        // The call is the answer to what was said before it: that does not go on in what is said next.
        exchange.push({ who: 'assistant', text: '' });
        break;
      }
      case 'result':
        waiting.delete(turn.callId);
        results.push({ ...(calls.get(turn.callId) ?? { name: '', arguments: {} }), output: turn.output });
        open = 'results';
        break;
      case 'system':
        break;
    }
  }
  const last = prompt.turns.at(-1);
  return {
    user,
    asking,
    assistant,
    exchange,
    calls: [...calls.values()],
    waiting: [...waiting.values()],
    callsNow,
    results,
    open,
    note: last?.role === 'system' ? textOf(last) : undefined,
    instructions: prompt.instructions,
    remembered: (prompt.memory ?? '').split('\n').flatMap((line) => (line.startsWith('- ') ? [utterance(line.slice(2), names)] : [])),
    name,
    tools: prompt.tools,
    picture,
  };
}

export function utterance(raw: string, names: readonly string[] = []): Utterance {
  const said = clean(raw.slice(0, UNDERSTOOD_CHARS));
  return { raw: raw.trim(), said, core: coreOf(said, names) };
}

function textOf(turn: Extract<PromptTurn, { role: 'user' | 'system' }>): string {
  return turn.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join(' ');
}

/** `You are Ada, …`, `Your name is Ada`, `an assistant called Ada`. A name begins with a capital letter. */
function nameIn(instructions: string): string | undefined {
  const pattern =
    /(?:\b[Yy]our name is|\b[Yy]ou(?: are|'re|’re)(?: an? [^.\n]{0,60}?(?:named|called))?|\b(?:named|called)|\b[Cc]all yourself) +["“']?([A-Z][\p{L}'-]*(?: [A-Z][\p{L}'-]*){0,2})/u;
  const name = instructions.match(pattern)?.[1];
  return name && !/^(?:A|An|The|Not|Now|Always|Never|I|AI|In|On|To)$/.test(name) ? name : undefined;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
