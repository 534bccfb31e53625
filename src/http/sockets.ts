// The open sockets of the HTTP server: how many may be held by those whom nobody knows, and that none outlasts the server.
import type { Server, Socket } from 'node:net';
import { createSecureContext, type SecureContextOptions, Server as TlsServer } from 'node:tls';

export interface SocketBounds {
  /** Sockets over which nobody has authenticated yet. With one more, the oldest of them is destroyed: nobody can hold the door shut. */
  readonly strangers: number;
  /** Of those from one address. */
  readonly strangersPerAddress: number;
  /** Whose address stands for many, so that the bound for one is not for it. */
  isProxy(address: string): boolean;
  /** Whom an address belongs to. */
  networkOf(address: string): string;
  /** Told of each that was destroyed because there were too many. */
  turnedOut(): void;
}

interface Stranger {
  readonly socket: Socket;
  readonly network: string;
}

export class Sockets {
  readonly #bounds: SocketBounds;
  readonly #servers = new Set<Server>();
  readonly #open = new Set<Socket>();
  /** By their far ends, the oldest first. Under TLS a request's socket is another object than the one that was accepted. */
  readonly #strangers = new Map<string, Stranger>();
  /** How many strangers there are of each network. */
  readonly #ofNetwork = new Map<string, number>();

  constructor(bounds: SocketBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Sockets over which nobody has authenticated. */
  get strangers(): number {
    return this.#strangers.size;
  }

  /** Everything the server accepts from now on. */
  watch(server: Server): void {
    this.#servers.add(server);
    server.on('connection', (socket: Socket) => this.#arrived(socket));
  }

  /** Somebody has authenticated over this socket. */
  known(socket: Socket): void {
    this.#forget(peerOf(socket));
  }

  /**
   * Sockets that are accepted from now on are shown this certificate.
   * @throws when it cannot be used; then all stays as it was.
   */
  useCertificate(certificate: SecureContextOptions): void {
    createSecureContext(certificate);
    for (const server of this.#servers) if (server instanceof TlsServer) server.setSecureContext(certificate);
  }

  destroyAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #arrived(socket: Socket): void {
    this.#open.add(socket);
    const peer = peerOf(socket);
    const address = socket.remoteAddress ?? '';
    const network = this.#bounds.networkOf(address);
    // The same far end again before the end of its last socket was heard, or one that has gone already and has none.
    this.#forget(peer);
    this.#strangers.set(peer, { socket, network });
    const ofNetwork = (this.#ofNetwork.get(network) ?? 0) + 1;
    this.#ofNetwork.set(network, ofNetwork);
    socket.on('close', () => {
      this.#open.delete(socket);
      if (this.#strangers.get(peer)?.socket === socket) this.#forget(peer);
    });
    if (ofNetwork > this.#bounds.strangersPerAddress && !this.#bounds.isProxy(address)) this.#turnOut((other) => other.network === network);
    if (this.#strangers.size > this.#bounds.strangers) this.#turnOut(() => true);
  }

  /** Destroys the oldest stranger of this kind. */
  #turnOut(kind: (stranger: Stranger) => boolean): void {
    for (const [peer, stranger] of this.#strangers) {
      if (!kind(stranger)) continue;
      this.#forget(peer);
      this.#bounds.turnedOut();
      stranger.socket.destroy();
      return;
    }
  }

  #forget(peer: string): void {
    const stranger = this.#strangers.get(peer);
    if (!stranger) return;
    this.#strangers.delete(peer);
    const left = (this.#ofNetwork.get(stranger.network) ?? 1) - 1;
    if (left === 0) this.#ofNetwork.delete(stranger.network);
    else this.#ofNetwork.set(stranger.network, left);
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
