// A prompt as messages in the shape of Chat Completions: all of them for a dry run, and what conditions see of them.
import type { Prompt, PromptTurn } from '../../../protocol/prompt.ts';

/** A condition sees no more of one message, no more of them, and no more text of all but the instructions: the newest are seen. */
const mostCharacters = 4000;
const mostMessages = 1000;
const mostText = 16_000;

export interface ConditionMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  /** The text; images are left out. */
  readonly content: string;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly type: 'function';
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
  readonly tool_call_id?: string;
}

type Told = Pick<Prompt, 'instructions' | 'turns'>;

export function messagesOf({ instructions, turns }: Told): ConditionMessage[] {
  return [...instructionsOf(instructions), ...turns.map(messageOf)];
}

export function visibleMessages({ instructions, turns }: Told): ConditionMessage[] {
  let left = mostText;
  const seen = (text: string) => {
    const part = text.slice(0, Math.min(mostCharacters, left));
    left -= part.length;
    return part;
  };
  const newestFirst = turns.slice(-mostMessages).toReversed();
  const messages = newestFirst.map((turn): ConditionMessage => {
    const { content, tool_calls: calls, ...message } = messageOf(turn);
    const cut = calls?.map((call) => ({ ...call, function: { ...call.function, arguments: seen(call.function.arguments) } }));
    return { ...message, content: seen(content), ...(cut ? { tool_calls: cut } : {}) };
  });
  return [...instructionsOf(instructions.slice(0, mostCharacters)), ...messages.toReversed()];
}

function instructionsOf(instructions: string): ConditionMessage[] {
  return instructions === '' ? [] : [{ role: 'system', content: instructions }];
}

function messageOf(turn: PromptTurn): ConditionMessage {
  switch (turn.role) {
    case 'system':
    case 'user':
      return { role: turn.role, content: turn.parts.map((part) => (part.type === 'text' ? part.text : '')).join('') };
    case 'assistant':
      return { role: 'assistant', content: turn.text };
    case 'call': {
      const call = { name: turn.name, arguments: turn.arguments };
      return { role: 'assistant', content: '', tool_calls: [{ id: turn.callId, type: 'function', function: call }] };
    }
    case 'result':
      return { role: 'tool', content: turn.output, tool_call_id: turn.callId };
  }
}
