// What was said, in order: the items of one conversation with what only we know about each.
import type { Item, ItemStatus } from '../protocol/items.ts';
import type { SpokenWord } from './facts.ts';

/** An item of the conversation with what only we know about it. */
export interface Entry {
  item: Item;
  /** Words of the user that are still being recognised hold back the responses that need them. */
  transcript: { state: 'none' } | { state: 'pending' } | { state: 'known' } | { state: 'failed'; message: string };
  /** The response that made it, if it was one of ours. */
  response: string | undefined;
  /** The sound of an assistant's message, as far as it was made. */
  speech: Speech | undefined;
}

export interface Speech {
  /** All the words of the answer, heard or not. */
  text: string;
  words: SpokenWord[];
  /** The fillers it begins with, which are not the model's own words, and the length of their sound. */
  filler: string;
  leadMs: number;
  madeMs: number;
  /** Up to where it was heard; undefined while nothing says otherwise. */
  heardMs: number | undefined;
  /** What the client itself said was heard: our own reckoning does not overrule it. */
  clientCutMs: number | undefined;
}

export class Conversation {
  readonly entries: Entry[] = [];
  readonly #byId = new Map<string, Entry>();
  /** How many items came from outside a response: what "something new was said" is measured by. */
  itemsGiven = 0;

  get(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  get lastId(): string | null {
    return this.entries.at(-1)?.item.id ?? null;
  }

  previousId(entry: Entry): string | null {
    return this.entries[this.entries.indexOf(entry) - 1]?.item.id ?? null;
  }

  append(entry: Entry): void {
    this.insert(entry, this.entries.length);
  }

  insert(entry: Entry, at: number): void {
    this.entries.splice(at, 0, entry);
    this.#byId.set(entry.item.id, entry);
  }

  remove(entry: Entry): void {
    this.entries.splice(this.entries.indexOf(entry), 1);
    this.#byId.delete(entry.item.id);
  }
}

/** An item as it is at this moment: events must not change after they were sent. */
export function snapshot(item: Item): Item {
  if (item.type === 'mcp_list_tools') return { ...item, tools: [...item.tools] };
  if (item.type !== 'message') return { ...item };
  if (item.role === 'user') return { ...item, content: item.content.map(withoutSound) };
  if (item.role === 'assistant') return { ...item, content: item.content.map((part) => ({ ...part })) };
  return { ...item, content: item.content.map((part) => ({ ...part })) };
}

/** Items about MCP servers have no status: they are what they are. */
export function statusOf(item: Item): ItemStatus {
  return 'status' in item ? item.status : 'completed';
}

/** Only `retrieved` carries sound. */
function withoutSound<P extends { type: string; audio?: string }>(part: P): P {
  if (part.audio === undefined) return { ...part };
  const { audio: _, ...rest } = part;
  return rest as P;
}

export function newEntry(item: Item, response?: string): Entry {
  return { item, transcript: { state: 'none' }, response, speech: undefined };
}
