// What was said, in order: the items of one conversation with what only we know about each.
import type { Item, ItemStatus } from '../../protocol/items.ts';
import { heardText, type Speech } from './spoken.ts';

/** An item of the conversation with what only we know about it. */
export interface Entry {
  item: Item;
  /** Words of the user that are still being recognised hold back the responses that need them. */
  transcript: { state: 'none' } | { state: 'pending' } | { state: 'known' } | { state: 'failed'; message: string; told: boolean };
  /** The response that made it, if it was one of ours. */
  response: string | undefined;
  /** The sound of an assistant's message, as far as it was made. */
  speech: Speech | undefined;
  /** Sound that its client put into it and that is not words yet. */
  soundBytes: number;
  /** Counts up with each entry that comes, whatever its place; 0 for one that is none of the conversation's. */
  serial: number;
  /** What it holds, as last measured. */
  bytes: number;
  /** Prompts do without it, because the conversation has outgrown the model. */
  leftOut: boolean;
}

/** A conversation as it is written down. */
export interface History {
  /** What was said, in order. */
  readonly entries: Entry[];
  /** What live responses have made that is not there: beside the conversation, or deleted from it since. */
  readonly besides: Entry[];
  /** How many items came from outside a response: what "something new was said" is measured by. */
  itemsGiven: number;
  lastSerial: number;
}

export function newHistory(): History {
  return { entries: [], besides: [], itemsGiven: 0, lastSerial: 0 };
}

/** A history, whose entries are found by their ids. */
export class Conversation {
  readonly #history: History;
  readonly #byId: Map<string, Entry>;
  readonly #besides: Map<string, Entry>;
  #bytes = 0;

  constructor(history: History) {
    this.#history = history;
    this.#byId = new Map(history.entries.map((entry) => [entry.item.id, entry]));
    this.#besides = new Map(history.besides.map((entry) => [entry.item.id, entry]));
    for (const { bytes } of history.entries) this.#bytes += bytes;
  }

  get entries(): readonly Entry[] {
    return this.#history.entries;
  }

  get itemsGiven(): number {
    return this.#history.itemsGiven;
  }

  get lastSerial(): number {
    return this.#history.lastSerial;
  }

  /** The entry of the conversation with that id. */
  get(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  /** The same, or one that is kept beside the conversation. */
  find(id: string): Entry | undefined {
    return this.#byId.get(id) ?? this.#besides.get(id);
  }

  callOf(callId: string): Entry | undefined {
    return this.entries.find(({ item }) => item.type === 'function_call' && item.call_id === callId);
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
    const history = this.#history;
    history.lastSerial += 1;
    entry.serial = history.lastSerial;
    history.entries.splice(at, 0, entry);
    this.#byId.set(entry.item.id, entry);
    this.measure(entry);
  }

  /** Something new was said. */
  countGiven(): void {
    this.#history.itemsGiven += 1;
  }

  /** To be called when an item has got its words: what it holds has changed. Nothing, when it is none of the conversation's. */
  measure(entry: Entry): void {
    if (this.#byId.get(entry.item.id) !== entry) return;
    const bytes = bytesOf(entry);
    this.#bytes += bytes - entry.bytes;
    entry.bytes = bytes;
  }

  remove(entry: Entry): void {
    this.#history.entries.splice(this.entries.indexOf(entry), 1);
    this.#byId.delete(entry.item.id);
    this.#bytes -= entry.bytes;
    entry.bytes = 0;
  }

  keepBeside(entry: Entry): void {
    this.#history.besides.push(entry);
    this.#besides.set(entry.item.id, entry);
  }

  /** The response is over: nobody asks any more for what it made beside the conversation. */
  dropBesides(response: string): void {
    const { besides } = this.#history;
    for (let at = besides.length - 1; at >= 0; at -= 1) {
      const entry = besides[at] as Entry;
      if (entry.response !== response) continue;
      besides.splice(at, 1);
      this.#besides.delete(entry.item.id);
    }
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
function imagesOf(item: Item): string[] {
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

/** An item as it is at this moment: events must not change after they were sent. Of an answer, the words that were heard. */
export function snapshot({ item, speech }: Entry): Item {
  if (item.type === 'mcp_list_tools') return { ...item, tools: [...item.tools] };
  if (item.type !== 'message') return { ...item };
  if (item.role === 'user') return { ...item, content: item.content.map((part) => ({ ...part })) };
  if (item.role === 'system') return { ...item, content: item.content.map((part) => ({ ...part })) };
  const content = item.content.map((part) =>
    part.type === 'output_audio' && speech ? { ...part, transcript: heardText(speech) } : { ...part },
  );
  return { ...item, content };
}

/** Items about MCP servers have no status: they are what they are. */
export function statusOf(item: Item): ItemStatus {
  return 'status' in item ? item.status : 'completed';
}

export function newEntry(item: Item, response?: string): Entry {
  return { item, transcript: { state: 'none' }, response, speech: undefined, soundBytes: 0, serial: 0, bytes: 0, leftOut: false };
}
