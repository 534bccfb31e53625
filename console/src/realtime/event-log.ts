// Every event in both directions, the newest kept and sound left out, so that it can be searched and read at leisure.
import { isRecord } from '../../../src/protocol/json.ts';

export interface LogEntry {
  readonly number: number;
  readonly direction: 'sent' | 'received';
  readonly type: string;
  readonly at: number;
  /** The event without its sound. */
  readonly body: unknown;
  /** The same in one line, in lower case, for the search. */
  readonly text: string;
  /** How many such events in a row this stands for: sound comes in very many. */
  readonly times: number;
}

export const mostEntries = 2000;
/** Longer strings of base64 are sound or images. */
const longestData = 512;

export class EventLog {
  #entries: LogEntry[] = [];
  #count = 0;
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  add(direction: LogEntry['direction'], event: { type: string }, at: number): void {
    const run = this.#runOf(direction, event);
    const previous = run === undefined ? undefined : this.#entries[run];
    if (run !== undefined && previous) {
      this.#entries[run] = { ...previous, times: previous.times + 1 };
    } else {
      const body = withoutSound(event);
      this.#count += 1;
      this.#entries.push({
        number: this.#count,
        direction,
        type: event.type,
        at,
        body,
        text: JSON.stringify(body).toLowerCase(),
        times: 1,
      });
      if (this.#entries.length > mostEntries) this.#entries = this.#entries.slice(-mostEntries);
    }
    this.#changed();
  }

  clear(): void {
    this.#entries = [];
    this.#changed();
  }

  /** Sound that follows sound of the same kind, whatever went the other way meanwhile. */
  #runOf(direction: LogEntry['direction'], event: { type: string }): number | undefined {
    if (event.type !== 'input_audio_buffer.append' && event.type !== 'response.output_audio.delta') return undefined;
    const floor = Math.max(0, this.#entries.length - 20);
    for (let index = this.#entries.length - 1; index >= floor; index--) {
      const entry = this.#entries[index];
      if (entry?.type === event.type) return itemOf(entry.body) === itemOf(event) ? index : undefined;
      const textBeside = entry?.type === 'response.output_audio_transcript.delta';
      if (entry?.direction === direction && !textBeside) return undefined;
    }
    return undefined;
  }
}

function itemOf(event: unknown): unknown {
  return isRecord(event) ? event.item_id : undefined;
}

/** Entries that hold all words of the search, in type or content, and are of the wanted kind. */
export function findEntries(
  entries: readonly LogEntry[],
  search: string,
  kind: 'all' | 'sent' | 'received' | 'errors',
): readonly LogEntry[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter(
    (entry) =>
      (kind === 'all' || (kind === 'errors' ? /error|failed/.test(entry.type) : entry.direction === kind)) &&
      words.every((word) => entry.text.includes(word)),
  );
}

/** The same event with every long run of base64 replaced by its size. */
export function withoutSound(value: unknown): unknown {
  if (typeof value === 'string') {
    if (value.length <= longestData || !/^(?:data:[\w/+.-]+;base64,)?[A-Za-z0-9+/=]+$/.test(value)) return value;
    return `… ${Math.round((value.length * 3) / 4 / 1024)} KiB of base64 …`;
  }
  if (Array.isArray(value)) return value.map(withoutSound);
  if (!isRecord(value)) return value;
  // Appends are sound however short they are.
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const sound = (key === 'audio' || (key === 'delta' && value.type === 'response.output_audio.delta')) && typeof inner === 'string';
      return [key, sound ? `… ${Math.round((inner.length * 3) / 4)} bytes of sound …` : withoutSound(inner)];
    }),
  );
}
