// A prompt as the messages that conditions see, in the shape of Chat Completions.
import type { Prompt, PromptTurn } from '../../../protocol/prompt.ts';

/** A condition sees no more of one message, and no more messages than these: the instructions, and the last of the others. */
const mostCharacters = 4000;
const mostMessages = 1000;

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

export function messagesOf({ instructions, turns }: Pick<Prompt, 'instructions' | 'turns'>): ConditionMessage[] {
  const first: ConditionMessage[] = instructions === '' ? [] : [{ role: 'system', content: short(instructions) }];
  return [...first, ...turns.slice(-mostMessages).map(messageOf)];
}

function messageOf(turn: PromptTurn): ConditionMessage {
  switch (turn.role) {
    case 'system':
    case 'user':
      return { role: turn.role, content: short(turn.parts.map((part) => (part.type === 'text' ? part.text : '')).join('')) };
    case 'assistant':
      return { role: 'assistant', content: short(turn.text) };
    case 'call': {
      const call = { name: turn.name, arguments: short(turn.arguments) };
      return { role: 'assistant', content: '', tool_calls: [{ id: turn.callId, type: 'function', function: call }] };
    }
    case 'result':
      return { role: 'tool', content: short(turn.output), tool_call_id: turn.callId };
  }
}

function short(text: string): string {
  return text.slice(0, mostCharacters);
}
