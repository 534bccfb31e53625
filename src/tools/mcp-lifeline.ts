// What the SDK's streamable HTTP transport leaves open: a request whose stream ends without an answer would wait for ever, and the stream of
// a request that was cancelled would stay open for as long as the server likes. Here both end.
import type { JSONRPCMessage, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { codes } from './mcp-types.ts';

/** The data of the error that stands for an answer that can no longer come. */
export const lost = Symbol('lost');

export class Lifeline {
  readonly #transport: StreamableHTTPClientTransport;
  readonly #waiting = new Map<string | number, AbortController>();
  readonly #notices = new Set<Promise<void>>();

  /** Before the transport is given to a client. */
  constructor(transport: StreamableHTTPClientTransport) {
    this.#transport = transport;
    // The client calls on what it finds here before it looks at a message itself. There are no listeners to add.
    // oxlint-disable-next-line unicorn/prefer-add-event-listener
    transport.onmessage = (message) => {
      if (!('method' in message) && message.id !== undefined) this.#waiting.delete(message.id);
    };
    const send = transport.send.bind(transport);
    transport.send = (message, options) => {
      if (Array.isArray(message) || !('method' in message)) return send(message, options);
      if ('id' in message) return this.#request(message.id, (extra) => send(message, { ...options, ...extra }));
      return this.#notice(message, send(message, options));
    };
  }

  /** Until the server has been told what it is to be told: cancelled requests above all. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#notices);
  }

  #request(
    id: string | number,
    send: (extra: { requestSignal: AbortSignal; onRequestStreamEnd: () => void }) => Promise<void>,
  ): Promise<void> {
    const stream = new AbortController();
    this.#waiting.set(id, stream);
    const onRequestStreamEnd = () => {
      if (!this.#waiting.delete(id)) return;
      const error = { code: codes.connection, message: 'The MCP server broke off before its answer was complete', data: lost };
      this.#transport.onmessage?.({ jsonrpc: '2.0', id, error });
    };
    return send({ requestSignal: stream.signal, onRequestStreamEnd }).catch((error: unknown) => {
      this.#waiting.delete(id);
      throw error;
    });
  }

  async #notice(
    message: JSONRPCMessage & { method: string; params?: Readonly<Record<string, unknown>> | undefined },
    sent: Promise<void>,
  ): Promise<void> {
    this.#notices.add(sent);
    try {
      await sent;
    } finally {
      this.#notices.delete(sent);
      const id = message.method === 'notifications/cancelled' ? message.params?.['requestId'] : undefined;
      if (typeof id === 'string' || typeof id === 'number') {
        this.#waiting.get(id)?.abort();
        this.#waiting.delete(id);
      }
    }
  }
}
