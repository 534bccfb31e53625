// How werift gets its UDP sockets here. Its own way looks for a free port and binds it afterwards, so that two that look at once get the same
// one; and nobody listens to a socket's errors, which would end the thread.
import type { Socket, SocketType } from 'node:dgram';
import { UdpTransport } from 'werift';

/** Where the search of the next port begins: a port just given up may still get what was sent to its last call. */
let nextPort = 0;

/** Makes every socket of werift in this thread one of ours. */
export function bindSocketsSafely(): void {
  UdpTransport.init = async (type: SocketType, options: { portRange?: [number, number] } = {}): Promise<UdpTransport> => {
    const transport = Reflect.construct(UdpTransport, [type, {}]) as UdpTransport;
    try {
      await bindWithin(transport.socket, options.portRange);
    } catch (error) {
      await transport.close();
      throw error;
    }
    // What cannot be sent is lost like any other packet; a connection that is gone is noticed by its silence.
    transport.socket.on('error', () => {});
    return transport;
  };
}

async function bindWithin(socket: Socket, range: readonly [number, number] | undefined): Promise<void> {
  if (!range) return bind(socket, 0);
  const [first, last] = range;
  const count = last - first + 1;
  for (let tried = 0; ; tried++) {
    if (nextPort < first || nextPort > last) nextPort = first;
    const port = nextPort++;
    try {
      return await bind(socket, port);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tried + 1 >= count) throw error;
    }
  }
}

function bind(socket: Socket, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settled = () => {
      socket.off('error', failed);
      socket.off('listening', done);
    };
    const failed = (error: Error) => {
      settled();
      reject(error);
    };
    const done = () => {
      settled();
      resolve();
    };
    socket.on('error', failed).on('listening', done).bind({ port });
  });
}
