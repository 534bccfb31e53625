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
  /** Sound that its client put into it and that is not words yet. */
  soundBytes: number;
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
  readonly #measured = new Map<Entry, number>();
  #bytes = 0;
  /** How many items came from outside a response: what "something new was said" is measured by. */
  itemsGiven = 0;

  get(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  /** What all of it holds, as last measured. */
  get bytes(): number {
    return this.#bytes;
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
    this.measure(entry);
  }

  /** To be called when an item has got its words: what it holds has changed. Nothing, when it is none of the conversation's. */
  measure(entry: Entry): void {
    if (this.#byId.get(entry.item.id) !== entry) return;
    const bytes = bytesOf(entry);
    this.#bytes += bytes - (this.#measured.get(entry) ?? 0);
    this.#measured.set(entry, bytes);
  }

  remove(entry: Entry): void {
    this.entries.splice(this.entries.indexOf(entry), 1);
    this.#byId.delete(entry.item.id);
    this.#bytes -= this.#measured.get(entry) ?? 0;
    this.#measured.delete(entry);
  }
}

/** An item without its parts, a part without its text, and a word with its times. */
const itemBytes = 512;
const partBytes = 128;
const wordBytes = 64;

/** What an item holds: its parts and their text as UTF-8, its images, its sound as long as that is not words yet. */
export function bytesOf({ item, speech, soundBytes }: Pick<Entry, 'item' | 'speech' | 'soundBytes'>): number {
  const spoken = speech ? Buffer.byteLength(speech.text) + wordBytes * speech.words.length : 0;
  const texts = textsOf(item).reduce((sum, text) => sum + partBytes + Buffer.byteLength(text), 0);
  return itemBytes + soundBytes + spoken + texts + imagesOf(item).reduce((sum, url) => sum + url.length, 0);
}

/** The URLs of its images: megabytes of base64 are not gone through to be counted. */
export function imagesOf(item: Item): string[] {
  return item.type === 'message' ? item.content.flatMap((part) => ('image_url' in part ? part.image_url : [])) : [];
}

function textsOf(item: Item): string[] {
  switch (item.type) {
    case 'message':
      return item.content.map((part) => {
        if ('text' in part) return part.text;
        return ('transcript' in part ? part.transcript : undefined) ?? '';
      });
    case 'function_call':
    case 'mcp_approval_request':
      return [item.arguments];
    case 'function_call_output':
      return [item.output];
    case 'mcp_call':
      return [item.arguments, item.output ?? '', item.error?.message ?? ''];
    case 'mcp_approval_response':
      return [item.reason ?? ''];
    case 'mcp_list_tools':
      return [JSON.stringify(item.tools), JSON.stringify(item.left_out ?? [])];
  }
}

/** An item as it is at this moment: events must not change after they were sent. */
export function snapshot(item: Item): Item {
  if (item.type === 'mcp_list_tools') return { ...item, tools: [...item.tools] };
  if (item.type !== 'message') return { ...item };
  if (item.role === 'user') return { ...item, content: item.content.map((part) => ({ ...part })) };
  if (item.role === 'assistant') return { ...item, content: item.content.map((part) => ({ ...part })) };
  return { ...item, content: item.content.map((part) => ({ ...part })) };
}

/** Items about MCP servers have no status: they are what they are. */
export function statusOf(item: Item): ItemStatus {
  return 'status' in item ? item.status : 'completed';
}

export function newEntry(item: Item, response?: string): Entry {
  return { item, transcript: { state: 'none' }, response, speech: undefined, soundBytes: 0 };
}
