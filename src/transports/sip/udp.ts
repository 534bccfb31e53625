// One UDP port: datagrams in, and flows to wherever they are to go.
import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { isLoopback, plainAddress, reachableHost } from './address.ts';
import type { Address, Flow, OnBytes } from './flow.ts';

/** A burst of calls arrives faster than one turn of the main loop reads it. */
const receiveBufferBytes = 1 << 20;

export class UdpPort {
  readonly #socket: Socket;
  readonly #publicAddress: string | undefined;
  readonly family: 4 | 6;
  #address: Address;
  #open = true;

  private constructor(socket: Socket, address: Address, publicAddress: string | undefined) {
    this.#socket = socket;
    this.#publicAddress = publicAddress;
    this.#address = address;
    this.family = isIP(address.host) === 6 ? 6 : 4;
  }

  /** @throws Error where the address is taken or none of this machine. */
  static async open(at: Address, publicAddress: string | undefined, onBytes: OnBytes): Promise<UdpPort> {
    const six = isIP(at.host) === 6;
    const socket = createSocket({ type: six ? 'udp6' : 'udp4', ipv6Only: six });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(at.port, at.host, resolve);
    });
    const port = new UdpPort(socket, { host: at.host, port: socket.address().port }, publicAddress);
    try {
      socket.setRecvBufferSize(receiveBufferBytes);
    } catch {
      // The system's own size does as well, with smaller bursts.
    }
    socket.removeAllListeners('error');
    // A far end that is not there is told by silence: the transaction ends by its own timer.
    socket.on('error', () => {});
    socket.on('message', (bytes, { address, port: remotePort }) =>
      onBytes(bytes, port.to({ host: plainAddress(address), port: remotePort })),
    );
    return port;
  }

  get address(): Address {
    return this.#address;
  }

  /** Whether an address can be reached from here: a loopback port reaches only its own machine. */
  reaches(host: string): boolean {
    return this.#open && isIP(host) === (this.family === 6 ? 6 : 4) && (!isLoopback(this.#address.host) || isLoopback(host));
  }

  to(remote: Address): Flow {
    const flow: Flow = {
      transport: 'udp',
      reliable: false,
      remote,
      local: { host: reachableHost(this.#address.host, remote.host, this.#publicAddress), port: this.#address.port },
      peerNames: [],
      open: this.#open,
      send: (bytes) => {
        if (this.#open && remote.port > 0) this.#socket.send(bytes, remote.port, remote.host, () => {});
      },
      onLost: () => () => {},
      at: (port) => (port === remote.port ? flow : this.to({ host: remote.host, port })),
      welcome: () => {},
    };
    return flow;
  }

  close(): Promise<void> {
    if (!this.#open) return Promise.resolve();
    this.#open = false;
    return new Promise((resolve) => {
      this.#socket.close(() => resolve());
    });
  }
}
