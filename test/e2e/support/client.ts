// A Realtime client as plain as can be, for what the packages' own clients cannot be made to do.
import { WebSocket } from 'ws';
import { EventLog } from './events.ts';
import { apiKey } from './server.ts';
import { base64, Microphone } from './speech.ts';

export const openaiPath = '/v1/realtime?model=gpt-realtime';

export class Client {
  readonly log = new EventLog();
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string; atMs: number }>;
  #microphone: Microphone | undefined;

  /** `credential` may name its scheme; else it is a bearer's. */
  constructor(url: string, credential = apiKey, headers: Record<string, string> = {}) {
    const authorization = /^\w+ /.test(credential) ? credential : `Bearer ${credential}`;
    this.socket = new WebSocket(url, { headers: { Authorization: authorization, ...headers } });
    this.socket.on('message', (data) => this.log.add(JSON.parse((data as Buffer).toString('utf8'))));
    // 'close' follows.
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) =>
      this.socket.once('close', (code, reason) => resolve({ code, reason: reason.toString(), atMs: performance.now() })),
    );
  }

  /** Connected, and told so by the session. */
  static async open(ws: string, path = openaiPath, credential = apiKey, headers: Record<string, string> = {}): Promise<Client> {
    const client = new Client(`${ws}${path}`, credential, headers);
    const gone = client.closed.then(({ code, reason }) => {
      throw new Error(`The connection was closed with ${code} ${reason}`);
    });
    await Promise.race([client.log.wait('session.created'), gone]);
    gone.catch(() => {});
    return client;
  }

  send(event: object): void {
    this.socket.send(JSON.stringify(event));
  }

  /** Writes a message of the user. */
  say(text: string): void {
    this.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] } });
  }

  /** Its microphone, which is on from the first time somebody asks for it. */
  get microphone(): Microphone {
    this.#microphone ??= new Microphone((frame) => this.send({ type: 'input_audio_buffer.append', audio: base64(frame) }));
    return this.#microphone;
  }

  close(): void {
    this.#microphone?.stop();
    this.socket.terminate();
  }
}
