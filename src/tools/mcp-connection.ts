// One open conversation with an MCP server: streamable HTTP, or the older HTTP with events where a server knows no other. The only file that
// loads the SDK, and only when somebody connects: that costs a tenth of a second.
import type { Client, Transport } from '@modelcontextprotocol/client';
import type { Clock } from '../lib/clock.ts';
import type { GuardedFetch } from '../lib/guarded-fetch.ts';
import { HttpFailure, McpEnded } from './mcp-failure.ts';
import { Lifeline, lost } from './mcp-lifeline.ts';
import type { McpTarget } from './mcp-target.ts';
import { codes, type McpCallOptions } from './mcp-types.ts';
import { McpWire } from './mcp-wire.ts';

/** How long a server may take to hear that we go. */
const FAREWELL_MS = 1000;

/** The SDK's own timers are set out of the way: what is waited for is decided by the caller's clock and signal. */
const timeout = 2 ** 31 - 1;

/** These say that there is such a server and it does not want us; with any other refusal it may be one of the older kind. */
const final = new Set([401, 402, 403, 407, 408, 429]);

export interface McpLink {
  readonly target: McpTarget;
  readonly fetch: GuardedFetch;
  readonly clock: Clock;
  /** What the server is told of who calls. */
  readonly version: string;
}

/** Answers are read leniently, field by field, by who wants the field (mcp-list.ts, mcp-result.ts), not by the SDK's closed schemas. */
const anyResult = { '~standard': { version: 1 as const, vendor: 'parley', validate: (value: unknown) => ({ value }) } };

interface Ways {
  readonly transport: Transport;
  /** Before closing: what the server is still to be told. */
  readonly farewell: () => Promise<void>;
}

export class McpConnection {
  readonly #client: Client;
  readonly #ways: Ways;
  readonly #clock: Clock;
  #asked = 0;
  #retired = false;

  private constructor(client: Client, ways: Ways, clock: Clock) {
    this.#client = client;
    this.#ways = ways;
    this.#clock = clock;
  }

  /** @throws HttpFailure, GuardedFetchError, the signal's reason, or an error of the SDK. */
  static async open(link: McpLink, signal: AbortSignal): Promise<McpConnection> {
    const { Client, SSEClientTransport, SseError, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
    const url = new URL(link.target.url);
    const wire = new McpWire(link.target, link.fetch);
    const connect = async (ways: Ways): Promise<McpConnection> => {
      const client = new Client({ name: 'parley', version: link.version });
      wire.failure = undefined;
      try {
        signal.throwIfAborted();
        await unless(signal, client.connect(ways.transport, { signal, timeout }));
        return new McpConnection(client, ways, link.clock);
      } catch (error) {
        await ways.transport.close().catch(() => {});
        if (signal.aborted) throw signal.reason;
        throw wire.failure ?? error;
      }
    };
    try {
      const transport = new StreamableHTTPClientTransport(url, {
        fetch: wire.streamable,
        reconnectionScheduler: (reconnect, delayMs) => {
          const timer = link.clock.after(delayMs, reconnect);
          return () => timer.cancel();
        },
      });
      const lifeline = new Lifeline(transport);
      const farewell = async () => {
        await lifeline.settled();
        await transport.terminateSession();
      };
      return await connect({ transport, farewell });
    } catch (error) {
      if (!(error instanceof HttpFailure) || error.status < 400 || error.status > 499 || final.has(error.status)) throw error;
      const transport = new SSEClientTransport(url, { fetch: wire.events });
      const connection = await connect({ transport, farewell: () => Promise.resolve() });
      // Its stream carries every answer: without it none can come, and what the SDK would open instead is another session.
      // oxlint-disable-next-line unicorn/prefer-add-event-listener
      connection.#client.onerror = (error) => {
        if (error instanceof SseError) connection.drop();
      };
      return connection;
    }
  }

  /** Nothing more can be asked: the server closed it, or we did. */
  get ended(): boolean {
    return this.#client.transport === undefined;
  }

  /** A page of the list as the server sent it; the cursor of the next is in it. */
  async listTools(cursor: string | undefined, signal: AbortSignal): Promise<unknown> {
    // Asking a server that offers none is an error.
    if (!this.#client.getServerCapabilities()?.tools) return { tools: [] };
    const params = cursor === undefined ? {} : { cursor };
    return this.#asking(this.#client.request({ method: 'tools/list', params }, anyResult, { signal, timeout }));
  }

  async callTool(
    name: string,
    args: Record<string, unknown>,
    signal: AbortSignal,
    onProgress: NonNullable<McpCallOptions['onProgress']>,
  ): Promise<unknown> {
    // Not the SDK's callTool, which compiles the server's own output schemas, patterns and all, to check its answers against them.
    const request = { method: 'tools/call' as const, params: { name, arguments: args } };
    return this.#asking(this.#client.request(request, anyResult, { signal, timeout, onprogress: onProgress }));
  }

  async close(): Promise<void> {
    if (this.ended) return;
    const patience = new AbortController();
    const timer = this.#clock.after(FAREWELL_MS, () => patience.abort());
    await unless(patience.signal, this.#ways.farewell()).catch(() => {});
    timer.cancel();
    await this.#client.close().catch(() => {});
  }

  /** For a server that is not there any more. */
  drop(): void {
    this.#client.close().catch(() => {});
  }

  /** Not to be asked any more: it goes when the last that asked has its answer. */
  retire(): void {
    this.#retired = true;
    if (this.#asked === 0) this.drop();
  }

  async #asking<T>(answer: Promise<T>): Promise<T> {
    this.#asked++;
    try {
      return await answer;
    } catch (error) {
      if (error instanceof Error && 'data' in error && error.data === lost) throw new McpEnded(codes.connection, error.message);
      throw error;
    } finally {
      this.#asked--;
      if (this.#retired && this.#asked === 0) this.drop();
    }
  }
}

/** The promise, or the signal's reason if that comes first. */
export function unless<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const give = () => reject(signal.reason as Error);
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  });
}
