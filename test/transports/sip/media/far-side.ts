// The far side of a telephone call: a socket that speaks RTP, plain or sealed, as a test wants it.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { decodeMuLaw, encodeMuLaw } from '../../../../src/media/g711.ts';
import { isRtcp, readRtp, type RtpPacket, writeRtp } from '../../../../src/transports/rtp/packet.ts';
import { readRtcp, type RtcpPacket } from '../../../../src/transports/rtp/rtcp.ts';
import { SrtpReceiver, SrtpSender } from '../../../../src/transports/rtp/srtp.ts';
import { type CryptoLine, cryptoAttribute } from '../../../../src/transports/sip/media/crypto-lines.ts';

export const loud = (ms: number) =>
  Int16Array.from({ length: ms * 8 }, (_, i) => Math.round(8000 * Math.sin((2 * Math.PI * 400 * i) / 8000)));

export const isLoud = (payload: Uint8Array) => decodeMuLaw(payload).some((sample) => Math.abs(sample) > 500);

/** Waits for what comes over real sockets. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`in five seconds it did not come to this: ${what}`);
}

export class FarSide {
  socket: Socket;
  readonly packets: RtpPacket[] = [];
  readonly reports: RtcpPacket[][] = [];
  readonly from: RemoteInfo[] = [];
  /** Where the other side is. */
  port = 0;
  sequenceNumber = 1000;
  timestamp = 160_000;
  ssrc = 0x1234_5678;
  sealing: SrtpSender | undefined;
  opening: SrtpReceiver | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.#listen();
  }

  static async open(): Promise<FarSide> {
    return new FarSide(await bound());
  }

  /** From another port from now on, as through a NAT that has forgotten it. */
  async move(): Promise<void> {
    this.socket.close();
    this.socket = await bound();
    this.#listen();
  }

  get ownPort(): number {
    return this.socket.address().port;
  }

  /** An offer or an answer. */
  describe(more: { formats?: string; lines?: string[]; key?: CryptoLine; port?: number } = {}): string {
    const { formats = '0 101', lines = [], key, port = this.ownPort } = more;
    return [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      `m=audio ${port} RTP/${key ? 'SAVP' : 'AVP'} ${formats}`,
      'a=rtpmap:96 opus/48000/2',
      'a=rtpmap:101 telephone-event/8000',
      'a=rtcp-mux',
      ...(key ? [cryptoAttribute(key)] : []),
      ...lines,
      '',
    ].join('\r\n');
  }

  hear(sdp: string): this {
    this.port = Number(/^m=audio (\d+)/m.exec(sdp)?.[1]);
    return this;
  }

  /** So many packets of 20 ms, at once. */
  speak(count = 1, payload: Uint8Array = encodeMuLaw(loud(20))): Uint8Array[] {
    return Array.from({ length: count }, () => {
      const packet = this.write(payload);
      this.send(packet);
      return packet;
    });
  }

  write(payload: Uint8Array, more: Partial<RtpPacket> = {}): Uint8Array {
    const header = {
      payloadType: 0,
      marker: false,
      sequenceNumber: this.sequenceNumber,
      timestamp: this.timestamp,
      ssrc: this.ssrc,
      ...more,
    };
    this.sequenceNumber = (this.sequenceNumber + 1) & 0xffff;
    if (more.timestamp === undefined) this.timestamp += 160;
    const packet = writeRtp(header, payload);
    return this.sealing ? this.sealing.seal(packet) : packet;
  }

  send(packet: Uint8Array, socket = this.socket): void {
    socket.send(packet, this.port, '127.0.0.1');
  }

  close(): void {
    this.socket.close();
  }

  #listen(): void {
    this.socket.on('message', (bytes, from) => {
      this.from.push(from);
      if (isRtcp(bytes)) {
        const opened = this.opening ? this.opening.openRtcp(bytes) : bytes;
        this.reports.push((opened && readRtcp(opened)) ?? []);
        return;
      }
      const opened = this.opening ? this.opening.open(bytes) : bytes;
      const packet = opened && readRtp(opened);
      if (packet) this.packets.push({ ...packet, payload: Uint8Array.from(packet.payload) });
    });
  }
}

export async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}
