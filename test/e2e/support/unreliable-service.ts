// A service with OpenAI's three endpoints on loopback that fails by chance, in every way a service can: it refuses, is full, knows no key, hangs, breaks
// off in the middle, or answers with something that is not its protocol.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export const faults = ['refused', 'unauthorized', 'full', 'hung', 'dropped', 'cut', 'garbage', 'empty'] as const;
export type Fault = (typeof faults)[number];

export type Endpoint = 'llm' | 'stt' | 'tts';

/** What it says, hears and speaks when nothing is wrong. */
export const answerText = 'All is well. The kettle is on.';
export const heardText = 'heard by the service';
/** A tenth of a second at 24 kHz. */
const chunk = Buffer.alloc(4800, 1);

export class UnreliableService {
  /** Asked before each request: how it fails, if so. */
  fate: (endpoint: Endpoint) => Fault | undefined = () => undefined;
  readonly met: { endpoint: Endpoint; fault: Fault | undefined }[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server = createServer((request, response) => void this.#serve(request, response));

  async listen(): Promise<string> {
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for await (const _ of request);
    const { url = '' } = request;
    if (request.method === 'GET') {
      const ids = ['whisper-1', 'tts-1', 'small'];
      return void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ data: ids.map((id) => ({ id, object: 'model' })) }));
    }
    const endpoint: Endpoint = url.includes('transcriptions') ? 'stt' : url.includes('speech') ? 'tts' : 'llm';
    const fault = this.fate(endpoint);
    this.met.push({ endpoint, fault });
    switch (fault) {
      case 'refused':
        return void response.writeHead(500).end('{"error":{"message":"something broke"}}');
      case 'unauthorized':
        return void response.writeHead(401).end('{"error":{"message":"no such key"}}');
      case 'full':
        return void response.writeHead(429, { 'retry-after': '0' }).end('{"error":{"message":"too many requests"}}');
      case 'hung':
        return;
      case 'dropped':
        return void response.socket?.destroy();
      case 'garbage':
        return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Bad gateway</html>');
      case 'empty':
        return void response.writeHead(200, { 'content-type': typeOf(endpoint) }).end();
      case 'cut':
      case undefined:
        return this.#answer(endpoint, response, fault === 'cut');
    }
  }

  #answer(endpoint: Endpoint, response: ServerResponse, isCut: boolean): void {
    response.writeHead(200, { 'content-type': typeOf(endpoint) });
    const pieces =
      endpoint === 'llm'
        ? answerText.split(/(?<= )/).map(delta)
        : endpoint === 'tts'
          ? [chunk, chunk, chunk]
          : [JSON.stringify({ text: heardText })];
    const given = isCut ? pieces.slice(0, endpoint === 'stt' ? 0 : 1) : pieces;
    for (const piece of given) response.write(piece);
    if (isCut) return void setTimeout(() => response.socket?.destroy(), 5);
    response.end(
      endpoint === 'llm'
        ? 'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":7}}\n\ndata: [DONE]\n\n'
        : undefined,
    );
  }
}

function typeOf(endpoint: Endpoint): string {
  return { llm: 'text/event-stream', stt: 'application/json', tts: 'audio/pcm' }[endpoint];
}

function delta(content: string): string {
  return `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
}
