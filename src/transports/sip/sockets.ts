// The network of a user agent: its UDP ports, its TCP and TLS doors, and the connections it opens (RFC 3261 section 18).
import { connect as connectTcp, createServer, isIP, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { Clock } from '../../lib/clock.ts';
import { networkOf } from '../../lib/remote-address.ts';
import { plainAddress, reachableHost } from './address.ts';
import type { Address, Destination, Flow, Network, OnBytes, TransportName } from './flow.ts';
import type { ListenOptions, SipTlsOptions } from './options.ts';
import { StreamFlow } from './stream-flow.ts';
import { UdpPort } from './udp.ts';
import { hostPort } from './uri.ts';

const connectMs = 5000;
const mostConnections = 1024;
/** Connections of strangers; beyond them the oldest makes room. */
const mostStrangers = 128;
const mostStrangersOfOne = 16;

export interface SocketOptions {
  readonly clock: Clock;
  readonly publicAddress?: string | undefined;
  readonly tls?: SipTlsOptions | undefined;
}

interface Stranger {
  readonly network: string;
  readonly socket: Socket;
}

export class Sockets implements Network {
  readonly #options: SocketOptions;
  readonly #onBytes: OnBytes;
  readonly #udp: UdpPort[] = [];
  readonly #doors: { server: Server; at: Address & { transport: TransportName } }[] = [];
  readonly #strangers = new Set<Stranger>();
  readonly #sockets = new Set<Socket>();
  /** Connections that we have opened, by where to; those under way as well, so that two requests share one. */
  readonly #opened = new Map<string, Promise<StreamFlow>>();

  private constructor(options: SocketOptions, onBytes: OnBytes) {
    this.#options = options;
    this.#onBytes = onBytes;
  }

  /** @throws Error where an address cannot be listened at; then none is. */
  static async open(listen: readonly ListenOptions[], options: SocketOptions, onBytes: OnBytes): Promise<Sockets> {
    const sockets = new Sockets(options, onBytes);
    try {
      for (const at of listen) {
        if (at.transport === 'udp') sockets.#udp.push(await UdpPort.open(at, options.publicAddress, onBytes));
        else await sockets.#listen(at, at.transport);
      }
    } catch (error) {
      await sockets.close();
      throw error;
    }
    return sockets;
  }

  get addresses(): Network['addresses'] {
    return [...this.#udp.map(({ address }) => ({ transport: 'udp' as const, ...address })), ...this.#doors.map(({ at }) => at)];
  }

  async connect(to: Destination): Promise<Flow> {
    if (to.transport === 'udp') {
      const port = this.#udp.find((udp) => udp.reaches(to.host));
      if (!port) throw new Error(`no UDP port of ours reaches ${to.host}`);
      return port.to({ host: to.host, port: to.port });
    }
    const key = `${to.transport} ${hostPort(to.host, to.port)} ${to.serverName ?? ''}`;
    const known = this.#opened.get(key);
    if (known) return known;
    const opening = this.#dial(to, to.transport, () => this.#opened.delete(key));
    this.#opened.set(key, opening);
    opening.catch(() => this.#opened.delete(key));
    return opening;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroySoon();
    await Promise.all([
      ...this.#udp.map((udp) => udp.close()),
      ...this.#doors.map(({ server }) => new Promise<void>((resolve) => void server.close(() => resolve()))),
    ]);
    for (const socket of this.#sockets) socket.destroy();
  }

  async #listen(at: ListenOptions, transport: 'tcp' | 'tls'): Promise<void> {
    const server = transport === 'tcp' ? createServer() : this.#tlsServer();
    server.on('connection', (socket: Socket) => this.#accept(socket));
    server.on(transport === 'tcp' ? 'connection' : 'secureConnection', (socket: Socket) => this.#serve(socket, port));
    // A handshake that fails has destroyed its socket.
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port: at.port, host: at.host, ipv6Only: isIP(at.host) === 6 }, resolve);
    });
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : at.port;
    server.removeAllListeners('error');
    server.on('error', () => {});
    this.#doors.push({ server, at: { transport, host: at.host, port } });
  }

  #tlsServer(): Server {
    const { tls } = this.#options;
    if (tls?.cert === undefined || tls.key === undefined) throw new Error('a TLS address is listed, but tls has no certificate');
    const { cert, key, ca } = tls;
    const asks = ca !== undefined;
    const own = { cert, key, ...(asks ? { ca } : {}) };
    // A caller without a valid certificate is let in as a stranger: another trunk may know it by its address or password.
    return createTlsServer({ ...own, requestCert: asks, rejectUnauthorized: false, handshakeTimeout: 10_000, minVersion: 'TLSv1.2' });
  }

  /** A raw connection, before any handshake. */
  #accept(socket: Socket): void {
    const stranger = { network: networkOf(socket.remoteAddress ?? ''), socket };
    const ofOne = [...this.#strangers].filter(({ network }) => network === stranger.network).length;
    if (this.#sockets.size >= mostConnections || ofOne >= mostStrangersOfOne) {
      socket.destroy();
      return;
    }
    this.#strangers.add(stranger);
    this.#keep(socket);
    socket.once('close', () => this.#strangers.delete(stranger));
    const [oldest] = this.#strangers;
    if (this.#strangers.size > mostStrangers && oldest) oldest.socket.destroy();
  }

  #serve(socket: Socket, port: number): void {
    if (socket.destroyed) return;
    const raw = [...this.#strangers].find((one) => one.socket === socket || sameFarEnd(one.socket, socket));
    this.#flow(socket, port, 'by-them', () => {
      if (raw) this.#strangers.delete(raw);
    });
  }

  #flow(socket: Socket, port: number, opened: 'by-us' | 'by-them', onWelcome: () => void, onClosed = () => {}): StreamFlow {
    const own = plainAddress(socket.localAddress ?? '');
    const host = reachableHost(own, plainAddress(socket.remoteAddress ?? ''), this.#options.publicAddress);
    return new StreamFlow(socket, {
      clock: this.#options.clock,
      local: { host, port },
      onBytes: this.#onBytes,
      opened,
      onWelcome,
      onClosed,
    });
  }

  async #dial(to: Destination, transport: 'tcp' | 'tls', onClosed: () => void): Promise<StreamFlow> {
    if (this.#sockets.size >= mostConnections) throw new Error('there are too many connections');
    const { insecure = false, ...tls } = this.#options.tls ?? {};
    const serverName = to.serverName !== undefined && isIP(to.serverName) === 0 ? { servername: to.serverName } : {};
    const socket: Socket | TLSSocket =
      transport === 'tcp'
        ? connectTcp({ host: to.host, port: to.port })
        : connectTls({ host: to.host, port: to.port, ...tls, ...serverName, rejectUnauthorized: !insecure });
    this.#keep(socket);
    await new Promise<void>((resolve, reject) => {
      const timer = this.#options.clock.after(connectMs, () => fail(new Error(`${to.host} did not answer in ${connectMs / 1000} s`)));
      const fail = (error: Error) => {
        timer.cancel();
        socket.destroy();
        reject(error);
      };
      socket.once('error', fail);
      socket.once('close', () => fail(new Error(`${to.host} has closed the connection`)));
      socket.once(transport === 'tcp' ? 'connect' : 'secureConnect', () => {
        timer.cancel();
        resolve();
      });
    });
    const port = this.#doors.find(({ at }) => at.transport === transport)?.at.port ?? socket.localPort ?? 0;
    return this.#flow(socket, port, 'by-us', () => {}, onClosed);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

/** A TLS socket and the connection below it. */
function sameFarEnd(one: Socket, other: Socket): boolean {
  return one.remotePort === other.remotePort && one.remoteAddress === other.remoteAddress && one.localPort === other.localPort;
}
