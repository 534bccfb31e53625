// One TCP or TLS connection as a flow: its bytes framed, its far end's keep-alives answered, idle and greedy ones closed.
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock, Timer } from '../../lib/clock.ts';
import { plainAddress } from './address.ts';
import type { Address, Flow, OnBytes } from './flow.ts';
import { Framing } from './framing.ts';

/** What one message may have. A stranger's has no more than an INVITE with credentials needs. */
const mostBytesOfStranger = 16_384;
const mostBytes = 65_536;
/** A stranger whose first message is not whole by then is closed. */
const strangerMs = 10_000;
/** No message for so long: whoever comes again connects again. */
const idleMs = 900_000;
/** Our own keep-alives: below the two minutes after which routers forget a connection (RFC 5626 section 4.4.1). */
const pingMs = 95_000;
/** A far end that does not read is given up. */
const mostUnsentBytes = 1 << 20;

const pong = Buffer.from('\r\n');
const ping = Buffer.from('\r\n\r\n');

export interface StreamOptions {
  readonly clock: Clock;
  readonly local: Address;
  readonly onBytes: OnBytes;
  /** Who has connected: we, so that the far end is no stranger and we keep the way open, or they. */
  readonly opened: 'by-us' | 'by-them';
  readonly onWelcome: () => void;
  readonly onClosed: () => void;
}

export class StreamFlow implements Flow {
  readonly transport: 'tcp' | 'tls';
  readonly reliable = true;
  readonly remote: Address;
  readonly local: Address;
  readonly peerNames: readonly string[];
  readonly #socket: Socket;
  readonly #options: StreamOptions;
  readonly #framing: Framing;
  readonly #lost = new Set<() => void>();
  #known: boolean;
  #open = true;
  #idle: Timer | undefined;
  #ping: Timer | undefined;

  constructor(socket: Socket, options: StreamOptions) {
    this.transport = socket instanceof TLSSocket ? 'tls' : 'tcp';
    this.remote = { host: plainAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
    this.local = options.local;
    this.peerNames = socket instanceof TLSSocket && socket.authorized ? namesOf(socket) : [];
    this.#socket = socket;
    this.#options = options;
    this.#known = options.opened === 'by-us';
    this.#framing = new Framing(() => (this.#known ? mostBytes : mostBytesOfStranger));
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', () => {});
    socket.on('close', () => this.#close());
    this.#idle = options.clock.after(this.#known ? idleMs : strangerMs, () => this.close());
    if (options.opened === 'by-us') this.#keepAlive();
  }

  get open(): boolean {
    return this.#open;
  }

  send(bytes: Buffer): void {
    if (!this.#open) return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > mostUnsentBytes) this.close();
  }

  onLost(task: () => void): () => void {
    this.#lost.add(task);
    return () => this.#lost.delete(task);
  }

  at(): Flow {
    return this;
  }

  welcome(): void {
    if (this.#known || !this.#open) return;
    this.#known = true;
    this.#heard();
    this.#options.onWelcome();
  }

  close(): void {
    this.#socket.destroy();
    this.#close();
  }

  #take(bytes: Buffer): void {
    for (const frame of this.#framing.take(bytes)) {
      if (!this.#open) return;
      if (frame.kind === 'ping') {
        this.send(pong);
      } else if (frame.kind === 'message') {
        if (this.#known) this.#heard();
        this.#options.onBytes(frame.bytes, this);
      } else {
        // What can be answered is, before nobody knows any more where a message begins (RFC 3261 section 18.3).
        if (frame.head) this.#options.onBytes(frame.head, this);
        this.#socket.destroySoon();
        return;
      }
    }
  }

  #heard(): void {
    this.#idle?.cancel();
    this.#idle = this.#options.clock.after(idleMs, () => this.close());
  }

  #keepAlive(): void {
    this.#ping = this.#options.clock.after(pingMs, () => {
      this.send(ping);
      this.#keepAlive();
    });
  }

  #close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#idle?.cancel();
    this.#ping?.cancel();
    for (const task of this.#lost) task();
    this.#lost.clear();
    this.#options.onClosed();
  }
}

/** DNS names and SIP domains of a certificate (RFC 5922 section 7.1). */
function namesOf(socket: TLSSocket): string[] {
  const text = socket.getPeerCertificate().subjectaltname ?? '';
  return [...text.matchAll(/(?:DNS:|URI:sips?:)([^,\s"]+)/gi)].map(([, name]) => (name as string).toLowerCase());
}
