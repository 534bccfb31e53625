// An MCP server of no SDK's: over any of the three ways it sends word for word what a test wants to have sent.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly cursor?: string; readonly name?: string; readonly _meta?: { readonly progressToken?: number } };
}

/** What goes out for one request: messages, or text that is none. */
export type Answer = (asked: Asked, url: URL) => readonly unknown[];

export type Way = 'json' | 'events' | 'sse';

export const initialized = {
  protocolVersion: '2025-06-18',
  capabilities: { tools: { listChanged: true } },
  serverInfo: { name: 'raw', version: '1' },
};

/** The messages of a server that behaves, but for these results. */
export function results(more: { list?: unknown; call?: unknown; initialize?: unknown }): Answer {
  return ({ id, method }) => {
    const result =
      method === 'initialize'
        ? (more.initialize ?? initialized)
        : method === 'tools/list'
          ? more.list
          : method === 'tools/call'
            ? more.call
            : {};
    return [{ jsonrpc: '2.0', id, result }];
  };
}

export class RawServer {
  answer: Answer = () => [];
  /** Whether the streams of answers, over events, stay open behind the answer. */
  keepsOpen = false;
  readonly asked: Asked[] = [];
  readonly #way: Way;
  readonly #server: Server;
  readonly #streams = new Map<string, ServerResponse>();

  constructor(way: Way) {
    this.#way = way;
    this.#server = createServer((request, response) => void this.#handle(request, response));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mcp`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    if (request.method === 'GET' && this.#way === 'sse') {
      const stream = String(this.#streams.size);
      this.#streams.set(stream, response);
      url.pathname = '/messages';
      url.searchParams.set('stream', stream);
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(`event: endpoint\ndata: ${url.pathname}${url.search}\n\n`);
      return;
    }
    if (request.method !== 'POST' || (this.#way === 'sse' && url.pathname === '/mcp')) {
      response.writeHead(405).end();
      return;
    }
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const asked = JSON.parse(text) as Asked;
    this.asked.push(asked);
    if (asked.id === undefined) {
      response.writeHead(202).end();
      return;
    }
    const messages = this.answer(asked, url).map((message) => (typeof message === 'string' ? message : JSON.stringify(message)));
    if (this.#way === 'json') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(messages.join('\n'));
      return;
    }
    const events = messages.map((message) => `event: message\ndata: ${message}\n\n`).join('');
    if (this.#way === 'events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(events);
      if (!this.keepsOpen) response.end();
    } else {
      response.writeHead(202).end();
      this.#streams.get(url.searchParams.get('stream') ?? '')?.write(events);
    }
  }
}
