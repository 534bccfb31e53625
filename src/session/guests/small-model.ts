// What small models are asked: a few words that fit the moment, from the tail of the conversation.
import type { Prompt } from '../../protocol/prompt.ts';
import { buildPrompt } from '../conversation/prompt.ts';
import type { Core } from '../core.ts';

/** The last messages of the conversation, and then what the user is saying now, if anything is known of it. */
export function smallPrompt(core: Core, instructions: string, tailItems: number, saying: string): Prompt {
  const messages = core.conversation.entries.filter(({ item, transcript }) => item.type === 'message' && transcript.state !== 'pending');
  const tail = tailItems === 0 ? [] : messages.slice(-tailItems);
  const { turns, ...prompt } = buildPrompt(tail, { instructions, tools: [], toolChoice: 'none' }, []);
  if (saying === '' && turns.at(-1)?.role === 'user') return { ...prompt, turns };
  return { ...prompt, turns: [...turns, { role: 'user', parts: [{ type: 'text', text: saying === '' ? '(…)' : saying }] }] };
}

/** A template with its `{{names}}` filled in; other names are left as they are. */
export function filled(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? whole) : whole,
  );
}
