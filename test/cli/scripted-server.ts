// A Realtime server as small as can be: it hears by loudness, answers by script, and writes down what it was sent.
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { parseClientEvent } from '../../src/protocol/client-events.ts';
import { isFields, type Fields } from '../../src/cli/talk-events.ts';

export interface Script {
  /** Serve over TLS with this certificate. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** The `authorization` header that is let in; everybody when left out. */
  readonly authorization?: string;
  /** Milliseconds of silence that end a turn. */
  readonly silenceMs?: number;
  /** What the nth response (from 0) does after response.created. Default: says `answer n` with 100 ms of sound. */
  readonly respond?: (call: Call, n: number) => void;
  /** Instead of the default handling, when it returns true. */
  readonly on?: (call: Call, event: Fields) => boolean;
  /** Sent when a turn is committed. */
  readonly transcript?: string;
}

class Call {
  readonly received: Fields[] = [];
  readonly socket: WebSocket;
  closeCode: number | undefined;
  responses = 0;
  /** Milliseconds from the last loud sound that came to the commit of the latest turn. */
  quietBeforeCommitMs = Number.NaN;
  readonly #sent: { readonly type: unknown; readonly at: number }[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
  }

  send(event: Fields): void {
    this.#sent.push({ type: event['type'], at: performance.now() });
    this.socket.send(JSON.stringify({ event_id: 'event_x', ...event }));
  }

  /** When the `n`th event (from 0) of this type was sent, in milliseconds of `performance.now()`. */
  sentAt(type: string, n: number): number {
    return this.#sent.filter((event) => event.type === type)[n]?.at ?? Number.NaN;
  }

  /** Words and sound of response `n`, up to but without response.done. */
  say(n: number, words: string, soundMs: number): void {
    const part = { response_id: `resp_${n}`, item_id: `item_a${n}`, output_index: 0, content_index: 0 };
    this.send({ type: 'response.output_audio_transcript.delta', ...part, delta: words });
    this.send({ type: 'response.output_audio.delta', ...part, delta: Buffer.alloc(soundMs * 48, 1).toString('base64') });
    this.send({ type: 'response.output_item.done', ...part, item: { id: part.item_id, type: 'message', role: 'assistant' } });
  }

  done(n: number, response: Fields = { status: 'completed' }): void {
    this.send({ type: 'response.done', response: { id: `resp_${n}`, output: [], ...response } });
  }

  /** Types of what was received, runs of the same type written once. */
  get story(): string[] {
    return this.received.map((event) => String(event['type'])).filter((type, at, all) => type !== all[at - 1]);
  }
}

export interface ScriptedServer {
  readonly url: string;
  readonly calls: Call[];
  close(): Promise<void>;
}

export async function startScriptedServer(script: Script = {}): Promise<ScriptedServer> {
  const calls: Call[] = [];
  const http = script.tls ? createTlsServer(script.tls) : createServer();
  const sockets = new WebSocketServer({ noServer: true });
  http.on('upgrade', (request, socket, head) => {
    if (script.authorization !== undefined && request.headers.authorization !== script.authorization) {
      const body = '{"error":{"message":"Incorrect API key provided.","code":"invalid_api_key"}}';
      socket.end(`HTTP/1.1 401 Unauthorized\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const call = new Call(webSocket);
      calls.push(call);
      serve(call, script);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `${script.tls ? 'wss' : 'ws'}://127.0.0.1:${(http.address() as AddressInfo).port}`,
    calls,
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate();
        http.close(() => resolve());
      }),
  };
}

function serve(call: Call, script: Script): void {
  const respond = script.respond ?? answer;
  let speaking = false;
  let quietMs = 0;
  let items = 0;
  let lastLoudAt = Number.NaN;
  const session = { type: 'realtime', model: 'parrot', audio: { input: {}, output: { voice: 'polly' } } };

  const start = () => {
    const n = call.responses++;
    call.send({ type: 'response.created', response: { id: `resp_${n}`, status: 'in_progress' } });
    respond(call, n);
  };
  const commit = () => {
    speaking = false;
    call.quietBeforeCommitMs = performance.now() - lastLoudAt;
    const item_id = `item_u${items}`;
    call.send({ type: 'input_audio_buffer.committed', item_id });
    const transcript = script.transcript ?? 'polly wants a cracker';
    call.send({ type: 'conversation.item.input_audio_transcription.delta', item_id, delta: transcript.slice(0, 5) });
    call.send({ type: 'conversation.item.input_audio_transcription.completed', item_id, transcript });
    items++;
  };
  const hear = (audio: Buffer, ends: boolean) => {
    const loud = audio.some((byte, at) => at % 2 === 1 && byte > 2 && byte < 253);
    if (loud) lastLoudAt = performance.now();
    if (loud && !speaking) {
      speaking = true;
      call.send({ type: 'input_audio_buffer.speech_started', item_id: `item_u${items}`, audio_start_ms: 0 });
    }
    quietMs = loud ? 0 : quietMs + audio.length / 48;
    if (!ends || !speaking || quietMs < (script.silenceMs ?? 200)) return;
    commit();
    start();
  };
  let ends = true;

  call.socket.on('close', (code) => {
    call.closeCode = code;
  });
  call.socket.on('message', (data) => {
    const event: unknown = JSON.parse((data as Buffer).toString('utf8'));
    if (!isFields(event)) return;
    // A client of ours sends nothing that the protocol does not know: this throws, and the run of tests fails.
    parseClientEvent(event);
    call.received.push(event);
    if (script.on?.(call, event)) return;
    if (event['type'] === 'session.update') {
      ends = !JSON.stringify(event).includes('"turn_detection":null');
      call.send({ type: 'session.updated', session });
    } else if (event['type'] === 'input_audio_buffer.append') hear(Buffer.from(String(event['audio']), 'base64'), ends);
    else if (event['type'] === 'input_audio_buffer.commit') commit();
    else if (event['type'] === 'response.create') start();
  });
  call.send({ type: 'session.created', session });
}

function answer(call: Call, n: number): void {
  call.say(n, `answer ${n}`, 100);
  call.done(n);
}
