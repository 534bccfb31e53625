// The two sockets of a call: an even port for sound, and the next for reports (RFC 3550, 11), out of the range that other calls use as well.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { CallError } from '../../calls/call.ts';
import type { PortRange } from '../../rtp/media-seats.ts';
import type { Source } from '../../rtp/source-lock.ts';

/** Bytes that the system keeps for a socket while its thread is busy: seconds of sound. */
const RECEIVE_BUFFER = 256 * 1024;
/** Of any ports, the system gives an odd one half of the time, and the next may be another's. */
const MOST_TRIES = 32;

export interface PacketEvents {
  onPacket(packet: Uint8Array, from: Source): void;
  onReport(packet: Uint8Array, from: Source): void;
}

/** Where the search begins: a port just given up may still get what was sent to its last call. */
let nextPort = 0;

export class CallPorts {
  readonly port: number;
  readonly rtcpPort: number;
  readonly #rtp: Socket;
  readonly #rtcp: Socket;
  #closed = false;

  /** @throws CallError when there are none left. */
  static async open(family: 4 | 6, range: PortRange | undefined, events: PacketEvents): Promise<CallPorts> {
    for (const port of range ? evenPorts(range) : Array.from({ length: MOST_TRIES }, () => 0)) {
      const rtp = await bind(family, port);
      if (!rtp) continue;
      const bound = rtp.address().port;
      const rtcp = bound % 2 === 0 ? await bind(family, bound + 1) : undefined;
      if (rtcp) return new CallPorts(rtp, rtcp, events);
      await closed(rtp);
    }
    throw new CallError('unavailable', 'There are no two ports left for the sound of a call.', { status: 503 });
  }

  private constructor(rtp: Socket, rtcp: Socket, events: PacketEvents) {
    this.#rtp = rtp;
    this.#rtcp = rtcp;
    this.port = rtp.address().port;
    this.rtcpPort = rtcp.address().port;
    rtp.on('message', (packet: Buffer, from: RemoteInfo) => events.onPacket(packet, from));
    rtcp.on('message', (packet: Buffer, from: RemoteInfo) => events.onReport(packet, from));
  }

  /** What cannot be sent is lost like any other packet. */
  send(packet: Uint8Array, to: Source): void {
    if (!this.#closed) this.#rtp.send(packet, to.port, to.address, ignored);
  }

  sendReport(packet: Uint8Array, to: Source, mux: boolean): void {
    if (!this.#closed) (mux ? this.#rtp : this.#rtcp).send(packet, to.port, to.address, ignored);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([closed(this.#rtp), closed(this.#rtcp)]);
  }
}

function ignored(): void {}

/** All even ports whose next one is in the range, from where the search stopped last. */
function evenPorts([first, last]: PortRange): number[] {
  const even = first + (first % 2);
  const count = Math.floor((last - even + 1) / 2);
  const start = nextPort >= even && nextPort < last ? (nextPort - even) / 2 : 0;
  const ports = Array.from({ length: Math.max(0, count) }, (_, i) => even + ((start + i) % count) * 2);
  return ports;
}

/** Undefined when the port is another's. */
function bind(family: 4 | 6, port: number): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    // Only addresses are sent to. Asking for them would put each packet off, and the last ones of a call beyond its end.
    const lookup = (address: string, _options: unknown, done: (error: null, address: string, family: number) => void) =>
      done(null, address, family);
    const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', ipv6Only: family === 6, lookup });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(new CallError('unavailable', `A port for the sound of a call cannot be opened: ${error.message}`, { status: 503 }));
    });
    socket.bind(port, () => {
      socket.removeAllListeners('error').on('error', ignored);
      if (port !== 0) nextPort = port - (port % 2) + 2;
      try {
        socket.setRecvBufferSize(RECEIVE_BUFFER);
      } catch {
        // The system allows less, and that is what it is then.
      }
      resolve(socket);
    });
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
