// What a client was told, in order, with a way to wait for what is still to come.
import { record, type Spoken } from './recorder.ts';

/** One server event, read without trust. */
export interface WireEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

export type Match = string | ((event: WireEvent) => boolean);

/** Long, because a loaded machine is no failure. */
const patienceMs = 25_000;

export class EventLog {
  readonly all: WireEvent[] = [];
  readonly #spoken: Spoken | 'untyped';
  #watchers = new Set<() => void>();

  /** `untyped`: for events that no type of the package is there for. */
  constructor(spoken: Spoken | 'untyped' = 'ga') {
    this.#spoken = spoken;
  }

  /** Takes an event in; it is recorded for the check of types as well. */
  add(event: unknown): void {
    const seen = event as WireEvent;
    if (this.#spoken !== 'untyped') record(seen, this.#spoken);
    this.all.push(seen);
    for (const watcher of [...this.#watchers]) watcher();
  }

  of(type: string): WireEvent[] {
    return this.all.filter((event) => event.type === type);
  }

  /** The first match among the events from number `from` on, which may be still to come. */
  wait(match: Match, from = 0): Promise<WireEvent> {
    const matches = typeof match === 'string' ? (event: WireEvent) => event.type === match : match;
    return new Promise((resolve, reject) => {
      let at = from;
      const look = () => {
        for (; at < this.all.length; at++) {
          const event = this.all[at];
          if (!event || !matches(event)) continue;
          leave();
          resolve(event);
          return;
        }
      };
      const leave = () => {
        clearTimeout(timer);
        this.#watchers.delete(look);
      };
      const timer = setTimeout(() => {
        leave();
        reject(new Error(`Nothing matched ${String(match)} in ${patienceMs / 1000} s. Seen: ${this.story(from)}`));
      }, patienceMs);
      this.#watchers.add(look);
      look();
    });
  }

  /** Where to wait from for something new. */
  get mark(): number {
    return this.all.length;
  }

  /** All text that deltas of this type told of an item. */
  text(type: string, itemId?: unknown): string {
    return this.of(type)
      .filter((event) => itemId === undefined || event['item_id'] === itemId)
      .map((event) => String(event['delta']))
      .join('');
  }

  /** The types in order, with runs of the same type written once and errors spelled out. */
  story(from = 0): string {
    return this.all
      .slice(from)
      .map((event) => (event.type === 'error' ? JSON.stringify(event) : event.type))
      .filter((type, index, types) => type !== types[index - 1])
      .join(', ');
  }
}

/** `event.a.b.c`, of an event read without trust; numbers walk arrays. */
export function field(event: WireEvent, path: string): unknown {
  return path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], event);
}
