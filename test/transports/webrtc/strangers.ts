// Whoever sends datagrams to a call's ports and is not its caller; and the caller's own address, from which others may pretend to send.
import { createSocket, type Socket } from 'node:dgram';
import type { Caller } from './caller.ts';

/** A record of DTLS: type, epoch, sequence number and content. */
export function record(type: number, epoch: number, content: Buffer | string, sequenceNumber = 0): Buffer {
  const fragment = typeof content === 'string' ? Buffer.from(content, 'hex') : content;
  const header = Buffer.alloc(13);
  header.writeUInt8(type, 0);
  header.writeUInt16BE(0xfefd, 1);
  header.writeUInt16BE(epoch, 3);
  header.writeUIntBE(sequenceNumber, 5, 6);
  header.writeUInt16BE(fragment.length, 11);
  return Buffer.concat([header, fragment]);
}

/** A handshake's message of this type, whole. */
function handshake(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(type, 0);
  header.writeUIntBE(body.length, 1, 3);
  header.writeUIntBE(body.length, 9, 3);
  return Buffer.concat([header, body]);
}

/** A ClientHello of DTLS 1.2 with a cookie of length 0, one cipher suite and no compression. */
const clientHello = Buffer.concat([Buffer.from('fefd', 'hex'), Buffer.alloc(32, 7), Buffer.from('00000002c02b0100', 'hex')]);

/** Datagrams that nobody has signed, by what they are. */
export const unsigned: Readonly<Record<string, Buffer>> = {
  'the 15 octets of a goodbye in plain text': Buffer.from('15fefd000000000000000000020100', 'hex'),
  'a fatal alert in plain text': record(21, 0, '0228'),
  'a goodbye that says it is encrypted': record(21, 1, '0100'),
  'a longer goodbye that says it is encrypted': record(21, 1, Buffer.alloc(40, 0)),
  'a fatal alert of an epoch to come': record(21, 9, '0200'),
  'a record of a type that does not exist': record(24, 0, '00'),
  'a record of another type that does not exist': record(63, 1, '0102'),
  'a record of DTLS 1.3': Buffer.from(`2f${'0001'.repeat(20)}`, 'hex'),
  'a change of ciphers': record(20, 0, '01'),
  'a ClientHello': record(22, 0, handshake(1, clientHello)),
  'a request to say hello': record(22, 0, handshake(0, Buffer.alloc(0))),
  'a ServerHello': record(22, 0, handshake(2, clientHello)),
  'the end of a handshake': record(22, 0, handshake(20, Buffer.alloc(12))),
  'application data': record(23, 0, 'ff'.repeat(30)),
  'application data that says it is encrypted': record(23, 1, 'ff'.repeat(60)),
  'a record and a half': Buffer.concat([record(24, 0, '00'), record(21, 0, '0100').subarray(0, 14)]),
  'a record that is longer than its datagram': Buffer.from('15fefd0000000000000000ffff0100', 'hex'),
  'half a header': Buffer.from('15fefd00', 'hex'),
  'a packet of sound': Buffer.concat([Buffer.from('806d0001000003c0000000aa', 'hex'), Buffer.alloc(60, 1)]),
  'a report about sound': Buffer.concat([Buffer.from('80c80006000000aa', 'hex'), Buffer.alloc(40, 2)]),
  'a goodbye of RTCP': Buffer.from('81cb0001000000aa', 'hex'),
  'half a packet of sound': Buffer.from('806d00', 'hex'),
  'a check': Buffer.from(`0001000021 12a442${'ab'.repeat(12)}`.replace(' ', ''), 'hex'),
  'an indication': Buffer.from(`0011000021 12a442${'ac'.repeat(12)}`.replace(' ', ''), 'hex'),
  'an answer to no check': Buffer.from(`0101000021 12a442${'ad'.repeat(12)}`.replace(' ', ''), 'hex'),
  nothing: Buffer.alloc(0),
  'one octet': Buffer.from('15', 'hex'),
  noise: Buffer.from(Array.from({ length: 200 }, (_, i) => (i * 7919) % 251)),
};

export interface Ports {
  readonly host: string;
  readonly port: number;
}

/** The UDP ports of version 4 that an answer offers. */
export function portsOf(sdp: string): Ports[] {
  const found = [...sdp.matchAll(/^a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host/gim)];
  const ports = found.map(([, host = '', port]) => ({ host, port: Number(port) }));
  return [...new Map(ports.map((entry) => [`${entry.host}:${entry.port}`, entry])).values()];
}

export class Stranger {
  readonly answers: Buffer[] = [];
  readonly #socket: Socket = createSocket('udp4');

  constructor() {
    this.#socket.on('message', (message) => this.answers.push(message));
  }

  async send(datagram: Buffer, { host, port }: Ports): Promise<void> {
    await new Promise((resolve) => this.#socket.send(datagram, port, host, resolve));
  }

  close(): void {
    this.#socket.close();
  }
}

/** Sends as the caller's own socket would, past everything its stack does. */
export async function sendAs(caller: Caller, datagram: Buffer): Promise<void> {
  for (const { connection } of caller.peer.iceTransports) {
    const { nominated } = connection;
    if (nominated) await nominated.protocol.sendData(datagram, nominated.remoteAddr);
  }
}
