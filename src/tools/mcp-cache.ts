// Tool lists that one session read and the next need not ask for again. Shared by all sessions of the server.
import { createHash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { McpTools } from './mcp-types.ts';

const FRESH_MS = 60_000;

/** Lists kept, the least recently read going first. A list is of half a megabyte at most. */
const LISTS = 64;

export class McpCache {
  readonly #clock: Clock;
  readonly #lists = new Map<string, { readonly tools: McpTools; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: string): McpTools | undefined {
    const list = this.#lists.get(key);
    if (!list) return undefined;
    this.#lists.delete(key);
    if (list.until <= this.#clock.now()) return undefined;
    this.#lists.set(key, list);
    return list.tools;
  }

  set(key: string, tools: McpTools): void {
    this.#lists.delete(key);
    this.#lists.set(key, { tools, until: this.#clock.now() + FRESH_MS });
    const [oldest] = this.#lists.keys();
    if (this.#lists.size > LISTS && oldest !== undefined) this.#lists.delete(oldest);
  }
}

/** One server as one holder of these headers sees it. The headers are in it as a hash only. */
export function cacheKey(url: string, headers: ReadonlyMap<string, string>): string {
  const held = [...headers].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([url, held]))
    .digest('base64');
}
