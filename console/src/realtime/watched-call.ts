// A call that is looked at, from the server's events alone: what was said, when, and how long it took. It is the same reading as that of the page's
// own conversation. Pure.
import { converse, type Conversation, emptyConversation, remark } from './conversation.ts';
import type { CallEntry } from './call-feed.ts';
import { type CallStrip, drawn, emptyStrip, type LifeEvent } from './call-strip.ts';
import type { ServerEvent } from './events.ts';
import { wordsUntil } from './heard.ts';
import { follow, noTurns, type Turn, type Turns } from './turns.ts';

export interface WatchedCall {
  readonly conversation: Conversation;
  readonly turns: Turns;
  readonly strip: CallStrip;
  /** Entries that the server had not kept any more. */
  readonly lost: number;
  readonly count: number;
}

export const unwatched: WatchedCall = { conversation: emptyConversation, turns: noTurns, strip: emptyStrip, lost: 0, count: 0 };

export function watched(call: WatchedCall, entry: CallEntry): WatchedCall {
  const event = entry.event as ServerEvent | LifeEvent;
  const count = call.count + 1;
  const { from, to } = entry.heard ?? {};
  const fact = { kind: 'event', event: event as ServerEvent, voice: { startMs: from, lastMs: to } } as const;
  // What the operator tells the agent is a turn as well, unless the answer to the caller's heeds it.
  const before =
    isTold(event) && actingOn(call.conversation) !== 'by-itself' ? follow(call.turns, { kind: 'typed' }, entry.at) : call.turns;
  const turns = follow(before, fact, entry.at);
  return { ...call, count, turns, strip: drawn(call.strip, entry), conversation: said(call.conversation, event, count) };
}

function isTold(event: ServerEvent | LifeEvent): boolean {
  return event.type === 'conversation.item.added' && event.item.type === 'message' && event.item.role === 'system';
}

function said(before: Conversation, event: ServerEvent | LifeEvent, count: number): Conversation {
  const note = (text: string) => remark(before, `note-${count}`, text);
  switch (event.type) {
    case 'input_audio_buffer.dtmf_event_received':
      return pressed(before, event.event, count);
    case 'realtime.call.transferred':
      return note(`Handed over to ${event.target}.`);
    case 'realtime.call.transfer_failed':
      return note(`Not handed over to ${event.target}: ${event.reason}`);
    case 'realtime.call.party_changed':
      return note(`At the far side is now ${event.party}.`);
    case 'realtime.call.machine_detected':
      return note(event.answered_by === 'fax' ? 'A fax has answered.' : 'A machine has answered.');
    case 'conversation.item.truncated':
      return cut(converse(before, event), event);
    default:
      return converse(before, event);
  }
}

const keysNote = 'The caller pressed ';

/** Keys that are pressed one after the other are one line. */
function pressed(before: Conversation, key: string, count: number): Conversation {
  const last = before.entries.at(-1);
  if (last?.kind !== 'notice' || !last.text.startsWith(keysNote)) return remark(before, `keys-${count}`, `${keysNote}${key}`);
  return { ...before, entries: [...before.entries.slice(0, -1), { ...last, text: `${last.text} ${key}` }] };
}

/** Of an answer that was whole, the server says only how much of its sound was heard: how many words that is, is reckoned. */
function cut(conversation: Conversation, event: { item_id: string; audio_end_ms: number; made_ms?: number }): Conversation {
  const index = conversation.entries.findLastIndex(({ id }) => id === event.item_id);
  const message = conversation.entries[index];
  // One that is still being written is told of with its response's end, word by word.
  if (message?.kind !== 'message' || message.responseId === conversation.responseId || !event.made_ms) return conversation;
  const kept = wordsUntil(message.text, event.audio_end_ms / event.made_ms);
  return { ...conversation, entries: conversation.entries.with(index, { ...message, kept }) };
}

/** The turns of the caller, whom it is about how long they wait. */
export function turnsOfCaller({ turns }: WatchedCall): readonly Turn[] {
  return turns.list.filter(({ said: how }) => how === 'speech').map((turn, index) => ({ ...turn, number: index + 1 }));
}

/** When the agent acts on what the operator tells it. */
export type Acting =
  /** It is asked to at once. */
  | 'now'
  /** Once the answer has been made that is under way. */
  | 'after-answer'
  /** By itself: the caller speaks, and the answer to that will heed it. */
  | 'by-itself';

export function actingOn({ speakingItem, responseId }: Conversation): Acting {
  if (speakingItem !== undefined) return 'by-itself';
  return responseId === undefined ? 'now' : 'after-answer';
}
