// WebSockets that carry something other than our events: frames of text and bytes, small ones, each handed over as it comes.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Clock } from '../../lib/clock.ts';
import type { LoopShares } from '../../lib/loop-shares.ts';
import { Line } from './line.ts';
import { PartingSocket } from './parting-socket.ts';

/** How often the far side is asked whether it is there. */
const pingEveryMs = 10_000;
/** How long a closing handshake may take. */
const closeMs = 800;
/** The code of a connection that ended without a word. */
const lost = 1006;

export type RawFrame = { readonly text: string } | { readonly bytes: Uint8Array };

/** Told from the same turn of the main loop on in which the socket was accepted. Nothing is told after `onClose`. */
export interface RawEvents {
  onFrame(frame: RawFrame): void;
  /** A ping that bore this mark was answered: all that was sent before it has been read. */
  onPong?(mark: string): void;
  /** `broken` when nobody took leave. */
  onClose(how: 'parted' | 'broken'): void;
}

export class RawSocket {
  readonly #socket: PartingSocket;
  readonly #line: Line;
  readonly #clock: Clock;
  #heardMs: number;

  constructor(socket: PartingSocket, line: Line, clock: Clock) {
    this.#socket = socket;
    this.#line = line;
    this.#clock = clock;
    this.#heardMs = clock.now();
  }

  listen(events: RawEvents): void {
    this.#socket.on('message', (data, isBinary) => {
      this.#heardMs = this.#clock.now();
      const bytes = data as Buffer;
      // A small message lies in the chunk that it came with, and would hold all of it.
      events.onFrame(isBinary ? { bytes: new Uint8Array(bytes) } : { text: bytes.toString('utf8') });
    });
    this.#socket.on('pong', (data: Buffer) => {
      this.#heardMs = this.#clock.now();
      events.onPong?.(data.toString('latin1'));
    });
    this.#socket.on('close', (code: number) => events.onClose(code === lost && !this.#socket.isParting ? 'broken' : 'parted'));
    // ws follows an error with 'close': there is nothing to add.
    this.#socket.on('error', () => {});
  }

  /** Bytes that the far side has not taken. */
  get waitingBytes(): number {
    return this.#line.waitingBytes;
  }

  /** For how long nothing has come, not even the answer to a ping. */
  get silentMs(): number {
    return this.#clock.now() - this.#heardMs;
  }

  send(frame: RawFrame): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if ('text' in frame) this.#socket.send(frame.text);
    else this.#socket.send(frame.bytes, { binary: true });
  }

  ping(mark = ''): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping(mark);
  }

  close(code: number, reason: string): void {
    if (this.#socket.readyState === this.#socket.CLOSED) return;
    this.#socket.close(code, reason);
    this.#clock.after(closeMs, () => this.#socket.terminate());
  }
}

export interface RawSockets {
  /** Completes the handshake of an upgrade; a far side that has gone meanwhile gets no socket. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, events: (socket: RawSocket) => RawEvents): void;
  close(): void;
}

export interface RawSocketsOptions {
  readonly clock: Clock;
  readonly shares: LoopShares;
  /** Under whose name its frames take the main loop. */
  readonly owner: string;
  readonly mostFrameBytes: number;
  /** The only subprotocol that is answered, where others of those that are offered bear a credential. */
  readonly subprotocol?: string;
}

export function openRawSockets({ clock, shares, owner, mostFrameBytes, subprotocol }: RawSocketsOptions): RawSockets {
  const server = new WebSocketServer({
    noServer: true,
    WebSocket: PartingSocket,
    perMessageDeflate: false,
    maxPayload: mostFrameBytes,
    // Otherwise the first that is offered is answered: some hang up when theirs is not (Plivo's is audio.plivo.com, Asterisk's is media).
    ...(subprotocol !== undefined && { handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false) }),
  });
  const open = new Set<RawSocket>();
  let timer = clock.after(pingEveryMs, pingAll);
  function pingAll(): void {
    for (const socket of open) socket.ping();
    timer = clock.after(pingEveryMs, pingAll);
  }
  return {
    accept(request, socket, head, events) {
      if (!socket.readable) return void socket.destroy();
      const share = shares.open(owner);
      const line = new Line(socket, share);
      line.once('close', () => share.end());
      server.handleUpgrade(request, line, head, (webSocket) => {
        const raw = new RawSocket(webSocket, line, clock);
        open.add(raw);
        webSocket.on('close', () => open.delete(raw));
        raw.listen(events(raw));
      });
    },
    close() {
      timer.cancel();
      server.close();
      for (const socket of open) socket.close(1001, 'the server is going away');
    },
  };
}
