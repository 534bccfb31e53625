// A Prompt as the rules read it: who said what, which function results wait to be told, what the assistant is called.
import type { Clock } from '../../lib/clock.ts';
import { isObject } from '../../lib/fields.ts';
import type { Prompt, PromptTurn } from '../../protocol/prompt.ts';
import { type Utterance, utterance } from './words.ts';

export interface Call {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface Conversation extends Prompt {
  /** What the user said, oldest first. */
  readonly user: readonly Utterance[];
  /** The newest of it, behind those before it at whose end nothing came, neither words nor calls. */
  readonly asking: readonly Utterance[];
  /** User and assistant as they took turns. */
  readonly lines: readonly { readonly who: 'user' | 'assistant'; readonly text: string }[];
  /** Calls whose results have not come. */
  readonly waiting: readonly Call[];
  /** Results that nobody has told the user yet. */
  readonly results: readonly { readonly name: string; readonly output: string }[];
  /** What the conversation waits for. */
  readonly open: 'start' | 'user' | 'results' | 'answered';
  /** A system message at the very end. */
  readonly note: string;
  /** What the user said before all that is in the conversation. */
  readonly remembered: readonly Utterance[];
  /** What the instructions call the assistant. */
  readonly name: string | undefined;
  /** The user turn to answer shows a picture. */
  readonly hasPicture: boolean;
}

/** Answers what it is made for, and passes on everything else. */
export type Skill = (context: Utterance & { readonly conversation: Conversation; readonly clock: Clock }) => string | undefined;

/** What a session tells instead of a result that has not come (session/conversation/prompt.ts). */
const noResult = /^\((?:no result yet|waiting for |allowed, but )/;

export function readConversation(prompt: Prompt): Conversation {
  const name = nameIn(prompt.instructions);
  const user: Utterance[] = [];
  const lines: { who: 'user' | 'assistant'; text: string }[] = [];
  const calls = new Map<string, Call>();
  const waiting = new Map<string, Call>();
  let asking: Utterance[] = [];
  let results: { name: string; output: string }[] = [];
  let open: Conversation['open'] = 'start';
  let isAnswered = false;
  let hasPicture = false;
  for (const turn of prompt.turns) {
    if (turn.role === 'user') {
      const words = utterance(textOf(turn), name);
      user.push(words);
      lines.push({ who: 'user', text: words.raw });
      asking = isAnswered ? [words] : [...asking, words];
      hasPicture = turn.parts.some((part) => part.type === 'image');
      [isAnswered, open, results] = [false, 'user', []];
    } else if (turn.role === 'assistant') {
      // Cut before a word was heard: for the user it was not said, so the question is still open.
      if (turn.text.trim() === '') continue;
      lines.push({ who: 'assistant', text: turn.text });
      [isAnswered, open, results] = [true, 'answered', []];
    } else if (turn.role === 'call') {
      const call = { name: turn.name, arguments: parseObject(turn.arguments) };
      calls.set(turn.callId, call);
      waiting.set(turn.callId, call);
      isAnswered = true;
    } else if (turn.role === 'result' && !noResult.test(turn.output)) {
      waiting.delete(turn.callId);
      results.push({ name: calls.get(turn.callId)?.name ?? '', output: turn.output });
      open = 'results';
    }
  }
  const last = prompt.turns.at(-1);
  const note = last?.role === 'system' ? textOf(last) : '';
  const remembered = (prompt.memory ?? '').split('\n').flatMap((line) => (line.startsWith('- ') ? [utterance(line.slice(2))] : []));
  return { ...prompt, user, asking, lines, waiting: [...waiting.values()], results, open, note, remembered, name, hasPicture };
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
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
