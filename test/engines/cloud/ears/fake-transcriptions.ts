// A server with OpenAI's /audio/transcriptions on loopback: understands tones, and answers in the ways that such servers do, or as a test says.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { systemClock } from '../../../../src/lib/clock.ts';
import { readWav } from '../../../../src/media/wav.ts';
import { timedWords } from '../../../pipeline/tones.ts';

export interface Transcribed {
  readonly fields: Readonly<Record<string, string[]>>;
  readonly headers: IncomingMessage['headers'];
  /** Of the sound that was sent. */
  readonly lengthMs: number;
  readonly words: readonly { text: string; startMs: number; endMs: number }[];
  /** When its connection was made, and when the last of it had come: of the system's clock. */
  readonly connectedMs: number;
  readonly receivedMs: number;
}

export type Answers = (response: ServerResponse, request: Transcribed) => void | Promise<void>;

export class FakeTranscriptions {
  readonly requests: Transcribed[] = [];
  /** Requests whose client left before the answer was complete. */
  dropped = 0;
  answers: Answers = json;
  /** Answers of GET, by path. */
  readonly pages = new Map<string, object>();
  readonly #looked = Promise.withResolvers<void>();
  readonly #sockets = new Map<Socket, number>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  /** TCP connections taken in all. */
  connections = 0;

  /** Resolves when a request without sound was answered. */
  get looked(): Promise<void> {
    return this.#looked.promise;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async listen(port = 0): Promise<void> {
    this.#server.on('connection', (socket) => {
      this.connections++;
      this.#sockets.set(socket, systemClock.now());
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.keys()) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') {
      const page = this.pages.get(request.url ?? '');
      response.writeHead(page ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(page ?? {}));
      this.#looked.resolve();
      return;
    }
    response.on('close', () => {
      if (!response.writableFinished) this.dropped++;
    });
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const receivedMs = systemClock.now();
    const connectedMs = this.#sockets.get(request.socket) ?? Number.NaN;
    const form = await new Response(Buffer.concat(pieces), {
      headers: { 'content-type': request.headers['content-type'] ?? '' },
    }).formData();
    const fields: Record<string, string[]> = {};
    let samples = new Int16Array();
    for (const [name, value] of form) {
      if (typeof value === 'string') (fields[name] ??= []).push(value);
      else samples = Int16Array.from(readWav(new Uint8Array(await value.arrayBuffer())).samples);
    }
    const heard = { lengthMs: samples.length / 16, words: timedWords(samples) };
    const transcribed = { fields, headers: request.headers, ...heard, connectedMs, receivedMs };
    this.requests.push(transcribed);
    await this.answers(response, transcribed);
  }
}

const textOf = ({ words }: Transcribed) => words.map(({ text }) => text).join(' ');

export function json(response: ServerResponse, request: Transcribed): void {
  const format = request.fields['response_format']?.[0];
  const words = request.words.map(({ text, startMs, endMs }) => ({ word: text, start: startMs / 1000, end: endMs / 1000 }));
  const body =
    format === 'verbose_json'
      ? { task: 'transcribe', language: 'english', duration: request.lengthMs / 1000, text: textOf(request), words }
      : { text: textOf(request), usage: { type: 'tokens', input_tokens: 14, output_tokens: 45, total_tokens: 59 } };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function events(response: ServerResponse, list: readonly object[], last = ''): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  for (const event of list) response.write(`data: ${JSON.stringify(event)}\n\n`);
  response.end(last);
}

/** OpenAI's. */
export function openAiEvents(response: ServerResponse, request: Transcribed): void {
  const deltas = request.words.map(({ text }, index) => ({ type: 'transcript.text.delta', delta: index === 0 ? text : ` ${text}` }));
  events(response, [...deltas, { type: 'transcript.text.done', text: textOf(request), languages: [{ code: 'en' }] }]);
}

/** Mistral's name the event as well. */
export function mistralEvents(response: ServerResponse, request: Transcribed): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (type: string, more: object) => response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`);
  send('transcription.language', { audio_language: 'en' });
  for (const [index, { text }] of request.words.entries()) send('transcription.text.delta', { text: index === 0 ? text : ` ${text}` });
  send('transcription.done', { model: 'voxtral-mini-2507', text: textOf(request), language: 'en', segments: [], usage: {} });
  response.end();
}

/** vLLM's are those of its chat. */
export function vllmEvents(response: ServerResponse, request: Transcribed): void {
  const chunk = (choices: object[]) => ({ id: 'trsc-1', object: 'transcription.chunk', created: 1, model: 'whisper', choices });
  const deltas = request.words.map(({ text }, index) => chunk([{ delta: { content: index === 0 ? text : ` ${text}` } }]));
  events(response, [...deltas, chunk([{ delta: { content: '' }, finish_reason: 'stop', stop_reason: null }])], 'data: [DONE]\n\n');
}

export const refusing =
  (status: number, body: object | string, headers: Readonly<Record<string, string>> = {}): Answers =>
  (response) => {
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' ? body : JSON.stringify(body));
  };
