// The fetch that the SDK's transports are given: guarded, with the secrets put in at the last moment, and with answers made readable.
// The SDK never sees a secret, so none of its errors can hold one.
import { type FetchFunction, type GuardedFetch, GuardedFetchError } from '../lib/guarded-fetch.ts';
import { readableAnswer } from './mcp-answer.ts';
import { HttpFailure } from './mcp-failure.ts';
import type { McpTarget } from './mcp-target.ts';

/** Of one answer to one request, its progress events included. */
const ANSWER_BYTES = 16 * 1024 * 1024;

/** A call has its own clock, which ends it sooner; this is for what belongs to no call. */
const HEAD_MS = 90_000;

export class McpWire {
  readonly #origin: string;
  readonly #headers: ReadonlyMap<string, string>;
  readonly #answers: FetchFunction;
  readonly #streams: FetchFunction;
  /** The last thing that went wrong here: the transports wrap it beyond recognition. */
  failure: Error | undefined;

  constructor(target: McpTarget, guarded: GuardedFetch) {
    this.#origin = new URL(target.url).origin;
    this.#headers = target.headers;
    const patient = { headMs: HEAD_MS, idleMs: Infinity, totalMs: Infinity };
    this.#answers = guarded.fetch({ ...patient, maxBytes: ANSWER_BYTES });
    this.#streams = guarded.fetch({ ...patient, maxBytes: Infinity });
  }

  /** For the older transport, whose answers all come in one stream that it opens with GET. */
  readonly events: FetchFunction = (url, init = {}) => this.#exchange(url, init, isGet(init) ? this.#streams : this.#answers);

  /**
   * For streamable HTTP. Its GET without a position in a stream asks for news that nobody here waits for: it is answered as by a server
   * that has none, which saves every session a connection.
   */
  readonly streamable: FetchFunction = (url, init = {}) => {
    if (isGet(init) && !new Headers(init.headers).has('last-event-id')) return Promise.resolve(new Response(null, { status: 405 }));
    return this.#exchange(url, init, this.#answers);
  };

  async #exchange(url: string | URL, init: RequestInit, fetch: FetchFunction): Promise<Response> {
    try {
      // The older transport is told by the server where to send its requests.
      if (new URL(url).origin !== this.#origin) throw new GuardedFetchError('address', 'The MCP server pointed to another host');
      const headers = new Headers(init.headers);
      for (const [name, value] of this.#headers) headers.set(name, value);
      const response = await fetch(url, { ...init, headers });
      if (response.ok) return await readableAnswer(response, init.body);
      await response.body?.cancel();
      throw new HttpFailure(response.status);
    } catch (error) {
      if (error instanceof Error) this.failure = error;
      throw error;
    }
  }
}

function isGet(init: RequestInit): boolean {
  return (init.method ?? 'GET') === 'GET';
}
