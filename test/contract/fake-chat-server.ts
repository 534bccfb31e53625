// A chat completions server on loopback for tests: it reads the request and answers like a small model, or says word for word what a
// test scripted.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { systemClock } from '../../src/lib/clock.ts';

export interface ChatRequestBody {
  model: string;
  messages: { role: string; content: unknown; tool_calls?: { id: string }[]; tool_call_id?: string }[];
  tools?: { function: { name: string; parameters: { properties?: Record<string, unknown> } } }[];
  tool_choice?: unknown;
  max_tokens?: number;
  stream_options?: unknown;
  [field: string]: unknown;
}

/** Answers one request; `closed` resolves when the client has gone. */
export type Script = (body: ChatRequestBody, response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

export class FakeChatServer {
  readonly requests: { body: ChatRequestBody; text: string; headers: IncomingMessage['headers'] }[] = [];
  /** Answers everything that is no request for a reply, by path; status 404 otherwise. */
  readonly pages = new Map<string, { status?: number; body: string; headers?: Record<string, string> }>();
  script: Script;
  /** Connections that the client broke before the answer was complete. */
  dropped = 0;
  #sockets = new Map<Socket, number>();
  #server = createServer((request, response) => void this.#answer(request, response));
  readonly #path: string;

  /** `path`: where replies are asked for. */
  constructor(path = '/chat/completions', script: Script = smallModel) {
    this.#path = path;
    this.script = script;
  }

  async listen(port = 0): Promise<string> {
    this.#server.on('connection', (socket) => {
      this.#sockets.set(socket, systemClock.now());
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    return this.url;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** When the connection of a request was made: of the system's clock. */
  connectedMs({ socket }: IncomingMessage): number {
    return this.#sockets.get(socket) ?? Number.NaN;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.keys()) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('close', () => {
      if (!response.writableFinished) this.dropped++;
    });
    if (!request.url?.endsWith(this.#path)) {
      const page = this.pages.get(request.url ?? '');
      response
        .writeHead(page?.status ?? (page ? 200 : 404), { 'content-type': 'application/json', ...page?.headers })
        .end(page?.body ?? '{}');
      return;
    }
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const body = JSON.parse(text) as ChatRequestBody;
    this.requests.push({ body, text, headers: request.headers });
    await this.script(body, response, request);
  }
}

/** Sends chunks (objects become data lines, strings go out as they are) and ends the stream. */
export function stream(...chunks: (object | string)[]): Script {
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const chunk of chunks) response.write(typeof chunk === 'string' ? chunk : `data: ${JSON.stringify(chunk)}\n\n`);
    response.end();
  };
}

export function refuse(status: number, body: unknown, headers: Record<string, string> = {}): Script {
  return (_, response) => {
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

export const textChunk = (content: string) => ({ choices: [{ index: 0, delta: { content } }] });
export const finishChunk = (reason: string) => ({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });

/** Behaves: counts slowly when asked to count, calls the first tool when it must, tells a tool's result, respects max_tokens. */
const smallModel: Script = async (body, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (chunk: object) => response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  const last = body.messages.at(-1);
  const said = typeof last?.content === 'string' ? last.content : '';
  const tool = body.tools?.[0]?.function;
  let reason = 'stop';
  if (tool && body.tool_choice !== 'none' && last?.role !== 'tool' && /weather/.test(said)) {
    send({
      choices: [
        { delta: { tool_calls: [{ index: 0, id: `call_${body.messages.length}`, function: { name: tool.name, arguments: '' } }] } },
      ],
    });
    for (const piece of ['{"loca', 'tion":"Par', 'is"}'])
      send({ choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: piece } }] } }] });
    reason = 'tool_calls';
  } else {
    const counting = /count/.test(said);
    const words = counting ? Array.from({ length: 200 }, (_, index) => `${index + 1} `) : `You said ${said}`.split(/(?<= )/);
    for (const [index, word] of words.entries()) {
      if (response.destroyed) return;
      if (body.max_tokens !== undefined && index >= body.max_tokens) {
        reason = 'length';
        break;
      }
      send(textChunk(word));
      if (counting) await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
  send(finishChunk(reason));
  send({ choices: [], usage: { prompt_tokens: 12, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 } } });
  response.end('data: [DONE]\n\n');
};
