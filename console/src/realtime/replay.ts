// A conversation told to a new session, after the one it was held in was lost.
import type { Conversation } from './conversation.ts';
import type { ClientEvent } from './events.ts';

/** The newest messages; a model needs no more to go on. */
const mostMessages = 40;

export function replayOf({ entries }: Conversation): ClientEvent[] {
  const messages = entries.flatMap((entry): ClientEvent[] => {
    if (entry.kind !== 'message' || entry.state === 'listening' || entry.state === 'failed') return [];
    const text = (entry.kept ?? entry.text).trim();
    if (text === '') return [];
    const content = [{ type: entry.role === 'assistant' ? 'output_text' : 'input_text', text }];
    // With its own id, so that what is shown stays where it is.
    return [{ type: 'conversation.item.create', item: { type: 'message', id: entry.id, role: entry.role, content } }];
  });
  return messages.slice(-mostMessages);
}
