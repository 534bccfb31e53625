// Real MCP servers, made with the official SDK on loopback, that do what a test tells them; and a session's McpServers to ask them.
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { type EventStore, StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  type JSONRPCMessage,
  ListToolsRequestSchema,
  type Tool,
} from '@modelcontextprotocol/sdk/types.js';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { GuardedFetch } from '../../src/lib/guarded-fetch.ts';
import type { Log } from '../../src/lib/log.ts';
import { McpCache } from '../../src/tools/mcp-cache.ts';
import { McpServers } from '../../src/tools/mcp-servers.ts';
import type { McpServerConfig } from '../../src/tools/mcp-types.ts';

export interface ToolCall {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
  readonly signal: AbortSignal;
  progress(progress: number, total?: number, message?: string): Promise<void>;
  /** The answer is left for the client to come back for. */
  closeStream(): void;
}

export interface FarOptions {
  readonly kind?: 'streamable' | 'sse';
  /** Answers as JSON instead of a stream of events. */
  readonly json?: boolean;
  /** Keeps events, so that a client can come back for what it missed. */
  readonly resumable?: boolean;
  /** Tools of a page. */
  readonly pageSize?: number;
  /** Looks at a request first; true when it has answered it. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

const tool = (name: string, readOnly?: boolean): Tool => ({
  name,
  description: `Does ${name}`,
  inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
  ...(readOnly === undefined ? {} : { annotations: { readOnlyHint: readOnly } }),
});

class Events implements EventStore {
  readonly #events: { readonly stream: string; readonly message: JSONRPCMessage }[] = [];

  async storeEvent(stream: string, message: JSONRPCMessage): Promise<string> {
    this.#events.push({ stream, message });
    return String(this.#events.length);
  }

  async replayEventsAfter(id: string, { send }: { send: (id: string, message: JSONRPCMessage) => Promise<void> }): Promise<string> {
    const stream = this.#events[Number(id) - 1]?.stream ?? '';
    for (const [index, event] of this.#events.entries()) {
      if (index >= Number(id) && event.stream === stream && 'jsonrpc' in event.message) await send(String(index + 1), event.message);
    }
    return stream;
  }
}

export class FarServer {
  readonly requests: IncomingMessage[] = [];
  readonly calls: ToolCall[] = [];
  tools: Tool[] = [tool('echo', true), tool('write', false), tool('plain')];
  /** What a call gives; the default repeats its `text`. */
  handle: (call: ToolCall) => Promise<CallToolResult> | CallToolResult = (call) => ({
    content: [{ type: 'text', text: String(call.arguments['text']) }],
  });
  lists = 0;
  readonly #options: FarOptions;
  #http: HttpServer | undefined;
  #transports = new Map<string, StreamableHTTPServerTransport | SSEServerTransport>();
  #port = 0;
  #sessions = 0;

  constructor(options: FarOptions = {}) {
    this.#options = options;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/mcp`;
  }

  get openSessions(): number {
    return this.#transports.size;
  }

  /** Listens, on the same port as before if there was one. */
  async start(): Promise<this> {
    const http = createServer((request, response) => {
      this.requests.push(request);
      if (this.#options.intercept?.(request, response)) return;
      void (this.#options.kind === 'sse' ? this.#sse(request, response) : this.#streamable(request, response));
    });
    await new Promise<void>((resolve) => http.listen(this.#port, '127.0.0.1', resolve));
    this.#http = http;
    this.#port = (http.address() as AddressInfo).port;
    return this;
  }

  /** Dies: no goodbye to anybody, and nothing remembered. */
  async die(): Promise<void> {
    const http = this.#http;
    this.#http = undefined;
    this.#transports = new Map();
    http?.closeAllConnections();
    await new Promise<void>((resolve) => (http ? http.close(() => resolve()) : resolve()));
  }

  async #streamable(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? this.#transports.get(id) : undefined;
    if (known instanceof StreamableHTTPServerTransport) {
      await known.handleRequest(request, response);
      return;
    }
    if (id !== undefined) {
      response
        .writeHead(404, { 'content-type': 'application/json' })
        .end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}');
      return;
    }
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => `session-${++this.#sessions}`,
      enableJsonResponse: this.#options.json ?? false,
      ...(this.#options.resumable ? { eventStore: new Events() } : {}),
      onsessioninitialized: (session) => void this.#transports.set(session, transport),
      onsessionclosed: (session) => void this.#transports.delete(session),
    });
    await this.#server().connect(transport);
    await transport.handleRequest(request, response);
  }

  async #sse(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'GET' && url.pathname === '/mcp') {
      const transport = new SSEServerTransport('/messages', response);
      this.#transports.set(transport.sessionId, transport);
      response.on('close', () => this.#transports.delete(transport.sessionId));
      await this.#server().connect(transport);
      return;
    }
    const transport = this.#transports.get(url.searchParams.get('sessionId') ?? '');
    if (url.pathname === '/messages' && transport instanceof SSEServerTransport) await transport.handlePostMessage(request, response);
    else response.writeHead(url.pathname === '/mcp' ? 405 : 404).end();
  }

  #server(): Server {
    const server = new Server({ name: 'far', version: '1' }, { capabilities: { tools: {} } });
    server.setRequestHandler(ListToolsRequestSchema, ({ params }) => {
      this.lists++;
      const size = this.#options.pageSize ?? Infinity;
      const start = Number(params?.cursor ?? 0);
      const more = start + size < this.tools.length;
      return { tools: this.tools.slice(start, start + size), ...(more ? { nextCursor: String(start + size) } : {}) };
    });
    server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) => {
      const progressToken = params._meta?.progressToken;
      const call: ToolCall = {
        name: params.name,
        arguments: params.arguments ?? {},
        signal: extra.signal,
        progress: async (progress, total, message) => {
          if (progressToken === undefined) throw new Error('nobody asked for progress');
          const progressed = {
            progressToken,
            progress,
            ...(total === undefined ? {} : { total }),
            ...(message === undefined ? {} : { message }),
          };
          await extra.sendNotification({ method: 'notifications/progress', params: progressed });
        },
        closeStream: () => extra.closeSSEStream?.(),
      };
      this.calls.push(call);
      return this.handle(call);
    });
    return server;
  }
}

export interface Logged {
  readonly fields: object;
  readonly message: string;
}

/** One session's servers, with what they share with other sessions. */
export class McpRig {
  readonly clock: Clock;
  readonly cache: McpCache;
  readonly logged: Logged[] = [];
  readonly fetch: GuardedFetch;
  readonly #sessions: McpServers[] = [];
  readonly #far: FarServer[] = [];

  constructor(options: { clock?: Clock; allowHosts?: readonly string[] } = {}) {
    this.clock = options.clock ?? systemClock;
    this.cache = new McpCache(this.clock);
    this.fetch = new GuardedFetch({ clock: this.clock, allowHosts: options.allowHosts ?? ['127.0.0.1'] });
  }

  async far(options: FarOptions = {}): Promise<FarServer> {
    const server = await new FarServer(options).start();
    this.#far.push(server);
    return server;
  }

  session(...servers: McpServerConfig[]): McpServers {
    const note = (fields: object, message: string) => void this.logged.push({ fields, message });
    const log: Log = { debug: note, info: note, warn: note, error: note, child: () => log };
    const session = new McpServers({ clock: this.clock, fetch: this.fetch, cache: this.cache, log, version: '0.0.0' });
    this.#sessions.push(session);
    session.configure(servers);
    return session;
  }

  async close(): Promise<void> {
    // First the servers, so that no farewell is waited for with a clock that stands still.
    await Promise.all(this.#far.map((server) => server.die()));
    await Promise.all(this.#sessions.map((session) => session.close()));
    await this.fetch.close();
  }
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Lets what is on its way over loopback arrive. */
export async function breathe(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
