// The conversation as it is shown, from the server's events alone. Pure: the same events give the same picture, which is how it is tested.
import type { Item, McpItem } from '../../../src/protocol/items.ts';
import type { ResponseObject } from '../../../src/protocol/server-events.ts';
import type { ServerEvent } from './events.ts';

interface Common {
  /** The item's id. */
  readonly id: string;
}
export interface Message extends Common {
  readonly kind: 'message';
  readonly role: 'user' | 'assistant' | 'system';
  readonly text: string;
  /** The words that were heard, once an interruption has cut the rest. */
  readonly kept: string | undefined;
  readonly state: 'listening' | 'partial' | 'done' | 'interrupted' | 'failed';
  /** Why it failed. */
  readonly problem: string | undefined;
  readonly responseId: string | undefined;
}
export interface FunctionCalled extends Common {
  readonly kind: 'call';
  readonly callId: string;
  readonly name: string;
  readonly args: string;
  readonly state: 'writing' | 'waiting' | 'answered' | 'interrupted';
  readonly output: string | undefined;
}
export interface McpCalled extends Common {
  readonly kind: 'mcp_call';
  readonly server: string;
  readonly name: string;
  readonly args: string;
  readonly state: 'writing' | 'running' | 'done' | 'failed';
  readonly output: string | undefined;
}
export interface Approval extends Common {
  readonly kind: 'approval';
  readonly server: string;
  readonly name: string;
  readonly args: string;
  /** Lapsed: the session that asked is gone. */
  readonly state: 'open' | 'allowed' | 'refused' | 'lapsed';
}
export interface ToolList extends Common {
  readonly kind: 'tools';
  readonly server: string;
  readonly state: 'listing' | 'done' | 'failed';
  readonly tools: readonly string[];
}
/** Something that happened to the conversation rather than in it: a connection lost, a new session. */
export interface Notice extends Common {
  readonly kind: 'notice';
  readonly text: string;
}
export type Entry = Message | FunctionCalled | McpCalled | Approval | ToolList | Notice;

export interface Conversation {
  readonly entries: readonly Entry[];
  /** The answer under way on the conversation. */
  readonly responseId: string | undefined;
  /** Where the user's speech stands: the item it will become. */
  readonly speakingItem: string | undefined;
}

export const emptyConversation: Conversation = { entries: [], responseId: undefined, speakingItem: undefined };

export function converse(state: Conversation, event: ServerEvent): Conversation {
  switch (event.type) {
    case 'input_audio_buffer.speech_started':
      return { ...listening(state, event.item_id), speakingItem: event.item_id };
    case 'input_audio_buffer.speech_stopped':
      return { ...state, speakingItem: undefined };
    case 'input_audio_buffer.cleared':
      return { ...state, speakingItem: undefined, entries: state.entries.filter((entry) => !isListening(entry)) };
    case 'conversation.item.added':
      return added(state, event.item, event.previous_item_id);
    case 'conversation.item.done':
      return edit(state, event.item.id, (entry) => finished(entry, event.item));
    case 'conversation.item.deleted':
      return { ...state, entries: state.entries.filter(({ id }) => id !== event.item_id) };
    case 'conversation.item.truncated':
      return editMessage(state, event.item_id, (message) => ({ ...message, state: 'interrupted' }));
    case 'conversation.item.retrieved':
      return editMessage(state, event.item.id, (message) =>
        message.state === 'interrupted' ? { ...message, kept: textOf(event.item) } : message,
      );
    case 'conversation.item.input_audio_transcription.delta':
      return editMessage(state, event.item_id, (message) => ({ ...message, state: 'partial', text: message.text + event.delta }));
    case 'conversation.item.input_audio_transcription.completed':
      return editMessage(state, event.item_id, (message) => ({ ...message, state: 'done', text: event.transcript.trim() }));
    case 'conversation.item.input_audio_transcription.failed':
      return editMessage(state, event.item_id, (message) => ({ ...message, state: 'failed', problem: event.error.message }));
    case 'response.output_text.delta':
    case 'response.output_audio_transcript.delta':
      return editMessage(state, event.item_id, (message) => ({
        ...message,
        state: 'partial',
        text: message.text + event.delta,
        responseId: event.response_id,
      }));
    case 'response.function_call_arguments.delta':
    case 'response.mcp_call_arguments.delta':
      return edit(state, event.item_id, (entry) => ('args' in entry ? { ...entry, args: entry.args + event.delta } : entry));
    case 'response.function_call_arguments.done':
    case 'response.mcp_call_arguments.done':
      return edit(state, event.item_id, (entry) => ('args' in entry ? { ...entry, args: event.arguments } : entry));
    case 'response.mcp_call.in_progress':
      return edit(state, event.item_id, (entry) => (entry.kind === 'mcp_call' ? { ...entry, state: 'running' } : entry));
    case 'mcp_list_tools.failed':
      return edit(state, event.item_id, (entry) => (entry.kind === 'tools' ? { ...entry, state: 'failed' } : entry));
    case 'response.created':
      return event.response.conversation_id === null ? state : { ...state, responseId: event.response.id };
    case 'response.done':
      return responded(state, event.response);
    default:
      return state;
  }
}

/** A line of the page's own in the conversation. */
export function remark(state: Conversation, id: string, text: string): Conversation {
  return { ...state, entries: [...state.entries, { kind: 'notice', id, text }] };
}

/** The session is gone, and with it whatever was under way in it. */
export function cutOff(state: Conversation): Conversation {
  const entries = state.entries.filter((entry) => !isListening(entry)).map(ended);
  return { entries, responseId: undefined, speakingItem: undefined };
}

/** What can come to nothing any more, since whoever waited for it is gone. */
function ended(entry: Entry): Entry {
  switch (entry.kind) {
    case 'message':
      return entry.state === 'partial' ? { ...entry, state: 'interrupted' } : entry;
    case 'call':
      return entry.state === 'answered' ? entry : { ...entry, state: 'interrupted' };
    case 'mcp_call':
      return entry.state === 'done' || entry.state === 'failed' ? entry : { ...entry, state: 'failed' };
    case 'approval':
      return entry.state === 'open' ? { ...entry, state: 'lapsed' } : entry;
    case 'tools':
      return entry.state === 'listing' ? { ...entry, state: 'failed' } : entry;
    case 'notice':
      return entry;
  }
}

function isListening(entry: Entry): boolean {
  return entry.kind === 'message' && entry.state === 'listening' && entry.text === '';
}

/** Room for words that are coming: speech has begun, but what it will be is not known. Of such rooms there is one. */
function listening(state: Conversation, id: string): Conversation {
  const entries = state.entries.filter((entry) => entry.id === id || !isListening(entry));
  if (entries.some((entry) => entry.id === id)) return { ...state, entries };
  return { ...state, entries: [...entries, message(id, 'user', '', 'listening')] };
}

function message(id: string, role: Message['role'], text: string, state: Message['state']): Message {
  return { kind: 'message', id, role, text, state, kept: undefined, problem: undefined, responseId: undefined };
}

function edit(state: Conversation, id: string, change: (entry: Entry) => Entry): Conversation {
  const index = state.entries.findLastIndex((entry) => entry.id === id);
  const entry = state.entries[index];
  if (!entry) return state;
  const next = change(entry);
  return next === entry ? state : { ...state, entries: state.entries.with(index, next) };
}

function editMessage(state: Conversation, id: string, change: (message: Message) => Message): Conversation {
  return edit(state, id, (entry) => (entry.kind === 'message' ? change(entry) : entry));
}

function added(state: Conversation, item: Item, previousId: string | null): Conversation {
  if (item.type === 'function_call_output') {
    return answered(state, item.call_id, item.output);
  }
  if (item.type === 'mcp_approval_response') {
    return edit(state, item.approval_request_id, (entry) =>
      entry.kind === 'approval' ? { ...entry, state: item.approve ? 'allowed' : 'refused' } : entry,
    );
  }
  if (state.entries.some(({ id }) => id === item.id)) return state;
  const entry = entryOf(item);
  const before = previousId === null ? -1 : state.entries.findLastIndex(({ id }) => id === previousId);
  // Remarks and lists stand in no chain: what follows an item follows those behind it, too.
  let at = before < 0 ? state.entries.length : before + 1;
  while (state.entries[at]?.kind === 'notice') at += 1;
  return { ...state, entries: state.entries.toSpliced(at, 0, entry) };
}

function answered(state: Conversation, callId: string, output: string): Conversation {
  const call = state.entries.findLast((entry) => entry.kind === 'call' && entry.callId === callId);
  return call ? edit(state, call.id, (entry) => (entry.kind === 'call' ? { ...entry, state: 'answered', output } : entry)) : state;
}

function entryOf(item: Exclude<Item, { type: 'function_call_output' | 'mcp_approval_response' }>): Entry {
  switch (item.type) {
    case 'message': {
      const sound = item.content.some(({ type }) => type === 'input_audio');
      const unfinished = item.status === 'in_progress' || (sound && textOf(item) === '');
      return message(item.id, item.role, textOf(item), unfinished ? 'listening' : 'done');
    }
    case 'function_call':
      return {
        kind: 'call',
        id: item.id,
        callId: item.call_id,
        name: item.name,
        args: item.arguments,
        state: 'writing',
        output: undefined,
      };
    default:
      return mcpEntry(item);
  }
}

function mcpEntry(item: Exclude<McpItem, { type: 'mcp_approval_response' }>): Entry {
  const { id, server_label: server } = item;
  switch (item.type) {
    case 'mcp_list_tools':
      return { kind: 'tools', id, server, state: 'listing', tools: item.tools.map(({ name }) => name) };
    case 'mcp_approval_request':
      return { kind: 'approval', id, server, name: item.name, args: item.arguments, state: 'open' };
    case 'mcp_call':
      return { kind: 'mcp_call', id, server, name: item.name, args: item.arguments, state: 'writing', output: undefined };
  }
}

/** An item that is final, laid over what was shown of it. An answer keeps all of its words: those that go are struck, not taken away. */
function finished(entry: Entry, item: Item): Entry {
  if (entry.kind === 'message' && item.type === 'message') {
    if (entry.role === 'user') {
      const text = textOf(item);
      return text === '' ? entry : { ...entry, text, state: 'done' };
    }
    // Told to a new session, too, an answer stays what it was when it was heard.
    if (item.status === 'incomplete' || entry.kept !== undefined) return { ...entry, state: 'interrupted' };
    const text = textOf(item);
    return { ...entry, state: 'done', text: text.length > entry.text.length ? text : entry.text };
  }
  if (entry.kind === 'call' && item.type === 'function_call') {
    const state = entry.state === 'answered' ? 'answered' : item.status === 'completed' ? 'waiting' : 'interrupted';
    return { ...entry, name: item.name, args: item.arguments, state };
  }
  if (entry.kind === 'mcp_call' && item.type === 'mcp_call') {
    return {
      ...entry,
      args: item.arguments,
      state: item.error ? 'failed' : 'done',
      output: item.error ? item.error.message : (item.output ?? ''),
    };
  }
  if (entry.kind === 'tools' && item.type === 'mcp_list_tools') {
    return entry.state === 'failed' ? entry : { ...entry, state: 'done', tools: item.tools.map(({ name }) => name) };
  }
  if (entry.kind === 'approval' && item.type === 'mcp_approval_request') return { ...entry, args: item.arguments };
  return entry;
}

function responded(state: Conversation, response: ResponseObject): Conversation {
  let next: Conversation = state.responseId === response.id ? { ...state, responseId: undefined } : state;
  const details = response.status_details;
  const reason = details?.type === 'failed' ? details.error.message : undefined;
  for (const item of response.output) {
    next = editMessage(next, item.id, (entry) => {
      if (reason !== undefined) return { ...entry, state: 'failed', problem: reason };
      // What the server has kept of it; a later truncation may say less.
      if (response.status === 'cancelled' && entry.kept === undefined) return { ...entry, state: 'interrupted', kept: textOf(item) };
      return entry;
    });
  }
  if (reason !== undefined && response.output.length === 0) return remark(next, `failed-${response.id}`, `The answer failed: ${reason}`);
  return next;
}

/** The words of a message, as text or as the transcript of its sound. */
export function textOf(item: Item): string {
  if (item.type !== 'message') return '';
  return item.content
    .map((part) => ('text' in part ? part.text : 'transcript' in part ? (part.transcript ?? '') : ''))
    .filter((text) => text !== '')
    .join(' ')
    .trim();
}
