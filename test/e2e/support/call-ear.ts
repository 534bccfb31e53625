// An operator's ear on a call: what comes out of `/v1/realtime/calls/{id}/listen`, side by side.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { concat, fromBytes } from '../../../src/media/pcm.ts';
import { apiKey } from './server.ts';

export class CallEar {
  readonly #socket: WebSocket;
  readonly #pairs: Int16Array[] = [];
  /** What it was told in text, in order. */
  readonly told: { readonly type: string; readonly [name: string]: unknown }[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })));
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.#pairs.push(fromBytes(data).slice());
      else this.told.push(JSON.parse(data.toString('utf8')));
    });
  }

  static async open(ws: string, id: string, credential = apiKey): Promise<CallEar> {
    const socket = new WebSocket(`${ws}/v1/realtime/calls/${id}/listen`, { headers: { authorization: `Bearer ${credential}` } });
    const ear = new CallEar(socket);
    await once(socket, 'open');
    return ear;
  }

  /** The status and code that it is refused with. */
  static refused(ws: string, id: string, credential: string): Promise<{ status: number | undefined; code: string }> {
    const socket = new WebSocket(`${ws}/v1/realtime/calls/${id}/listen`, { headers: { authorization: `Bearer ${credential}` } });
    return new Promise((resolve, reject) => {
      socket.on('error', () => {});
      socket.on('open', () => reject(new Error('let in')));
      socket.on('unexpected-response', (_request, response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
        response.on('end', () => resolve({ status: response.statusCode, code: JSON.parse(text).error.code }));
      });
    });
  }

  get caller(): Int16Array {
    return this.#side(0);
  }

  get agent(): Int16Array {
    return this.#side(1);
  }

  close(): void {
    this.#socket.terminate();
  }

  #side(first: 0 | 1): Int16Array {
    const pairs = concat(this.#pairs);
    return Int16Array.from({ length: pairs.length >> 1 }, (_, at) => pairs[at * 2 + first] as number);
  }
}
