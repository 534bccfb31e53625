// A WebSocket client reduced to what a load generator needs: frames out as they lie in memory, frames in as views, nothing decoded.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { systemClock } from '../src/lib/clock.ts';
import { maskedFrame } from './frames.ts';

const close = 0x8;
const ping = 0x9;
const pong = 0xa;
const answerMs = 20_000;

export class Wire {
  readonly #socket: Socket;
  readonly #onText: (payload: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);
  /** The peer closed, or the connection broke. */
  ended = false;
  /** Why the peer closes, when it says so. */
  closeCode: number | undefined;

  private constructor(socket: Socket, onText: (payload: Buffer) => void) {
    this.#socket = socket;
    this.#onText = onText;
    socket.on('data', (data) => this.#take(data));
    socket.on('close', () => {
      this.ended = true;
    });
    socket.on('error', () => {});
  }

  /** `from`: the address to come from. Rejects with Error that begins with the server's status line, if it refuses. */
  static async open(
    port: number,
    key: string,
    onText: (payload: Buffer) => void,
    from?: string,
    query = 'model=parley/bench',
  ): Promise<Wire> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...(from === undefined ? {} : { localAddress: from }) });
    const timer = systemClock.after(answerMs, () => socket.destroy(new Error('The server does not answer.')));
    socket.once('end', () => socket.destroy(new Error('The server hung up.')));
    await once(socket, 'connect');
    socket.write(
      `GET /v1/realtime?${query} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer ${key}\r\n\r\n`,
    );
    let head = Buffer.alloc(0);
    while (!head.includes('\r\n\r\n')) head = Buffer.concat([head, ((await once(socket, 'data')) as [Buffer])[0]]);
    timer.cancel();
    if (!head.toString('latin1').startsWith('HTTP/1.1 101')) {
      socket.on('error', () => {}).destroy();
      throw new Error(`The server refused: ${head.toString('utf8')}`);
    }
    const wire = new Wire(socket, onText);
    wire.#take(head.subarray(head.indexOf('\r\n\r\n') + 4));
    return wire;
  }

  /** Sends a whole masked frame. False when the connection is full: whoever minds waits for `drained`. */
  send(frame: Buffer): boolean {
    return this.#socket.write(frame);
  }

  /** There is room again, or nobody to need it. */
  async drained(): Promise<void> {
    if (this.ended || !this.#socket.writableNeedDrain) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.once('drain', resolve).once('close', resolve);
    await promise;
    this.#socket.off('drain', resolve).off('close', resolve);
  }

  /** Reads nothing until told otherwise. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Without a word. */
  destroy(): void {
    this.#socket.destroy();
  }

  close(): void {
    this.#socket.end(maskedFrame(close, Buffer.from([0x03, 0xe8])));
    systemClock.after(1000, () => this.#socket.destroy());
  }

  #take(data: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, data]) : data;
    let at = 0;
    while (bytes.length - at >= 2) {
      const short = (bytes[at + 1] ?? 0) & 0x7f;
      const header = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (bytes.length - at < header) break;
      const length = short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short === 126 ? bytes.readUInt16BE(at + 2) : short;
      if (bytes.length - at < header + length) break;
      const payload = bytes.subarray(at + header, at + header + length);
      const opcode = (bytes[at] ?? 0) & 0xf;
      if (opcode === 0x1) this.#onText(payload);
      else if (opcode === close && length >= 2) this.closeCode = payload.readUInt16BE(0);
      else if (opcode === ping) this.send(maskedFrame(pong, payload));
      at += header + length;
    }
    this.#rest = bytes.subarray(at);
  }
}
