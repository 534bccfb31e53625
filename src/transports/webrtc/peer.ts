// One peer connection of werift, seen as a call needs it: packets, one data channel, and whether the far side is still there. Everything that
// depends on how werift is made stands here.
import {
  MediaStream,
  MediaStreamTrack,
  type RTCDataChannel,
  type RTCDtlsTransport,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  type RTCRtpSender,
  RtpHeader,
  RtpPacket,
} from 'werift';
import { demandProof } from './handshake-proof.ts';
import type { CallMediaOptions } from './media.ts';
import { PacketGuard } from './packet-guard.ts';
import type { Arrival } from '../rtp/rtp-input.ts';
import { KeysIn } from '../rtp/telephone-event.ts';
import type { Offer } from './sdp.ts';

/** The longest message taken, which is what browsers send at most. */
const MOST_MESSAGE_BYTES = 262_144;

export type PeerOptions = Pick<CallMediaOptions, 'portRange' | 'tcp' | 'iceServers'> & { readonly addresses: readonly string[] };

export interface PeerEvents {
  /** Packets can go both ways. May come more than once. */
  onConnected(): void;
  onPacket(packet: Arrival): void;
  onDigit(digit: string): void;
  onOpen(): void;
  onMessage(text: string): void;
  /** Everything handed to the data channel has left. */
  onDrained(): void;
  /** May come more than once. */
  onEnd(end: 'closed' | 'lost'): void;
}

export class Peer {
  readonly #connection: RTCPeerConnection;
  readonly #events: PeerEvents;
  readonly #asksStun: boolean;
  #sender: RTCRtpSender | undefined;
  #digitType: number | undefined;
  #channel: RTCDataChannel | undefined;
  readonly #nowMs: () => number;
  /** Packets and messages that only the far side can have made. */
  #heard = 0;
  #sequenceNumber = 0;
  readonly #keys = new KeysIn();

  constructor(options: PeerOptions, events: PeerEvents, nowMs: () => number) {
    this.#events = events;
    this.#nowMs = nowMs;
    this.#asksStun = options.iceServers.some(({ urls }) => urls.startsWith('stun'));
    this.#connection = new RTCPeerConnection({
      bundlePolicy: 'max-bundle',
      codecs: {
        audio: [opusCodec(), digitCodec()],
        video: [],
      },
      iceServers: options.iceServers.map(({ urls, username, credential }) => ({
        urls,
        ...(username === undefined ? {} : { username }),
        ...(credential === undefined ? {} : { credential }),
      })),
      // The addresses are ours to choose: none of those it would find by itself, only those it is told.
      iceUseIpv4: false,
      iceUseIpv6: false,
      iceAdditionalHostAddresses: [...options.addresses],
      iceUseTcp: options.tcp,
      icePortRange: options.portRange && [...options.portRange],
      maxMessageSize: MOST_MESSAGE_BYTES,
    });
    this.#connection.onDataChannel.subscribe((channel) => this.#adopt(channel));
    this.#connection.connectionStateChange.subscribe((state) => {
      if (state === 'failed') events.onEnd('lost');
      if (state === 'closed') events.onEnd('closed');
    });
  }

  /** The answer as the stack makes it. Whatever goes wrong is thrown. */
  async answer(offer: Offer): Promise<string> {
    const connection = this.#connection;
    this.#digitType = offer.digitType;
    if (offer.audio) this.#sender = connection.addTrack(new MediaStreamTrack({ kind: 'audio' }), new MediaStream());
    await connection.setRemoteDescription({ type: 'offer', sdp: offer.sdp });
    for (const transport of connection.dtlsTransports) this.#watch(transport);
    // Whoever hangs up ends the association of its data channels; closing one channel does not.
    connection.sctpTransport?.sctp.stateChanged.closed.subscribe(() => this.#events.onEnd('closed'));
    // We begin the handshake unless the caller insists on it: werift waits a tenth of a second before it does, but as the one who is asked it
    // is lost when datagrams overtake each other (one call in three, on a network that is up to 30 ms late).
    if (offer.callerBegins) for (const transport of connection.dtlsTransports) transport.role = 'server';
    const { sdp } = await connection.createAnswer();
    await connection.setLocalDescription({ type: 'answer', sdp });
    return connection.localDescription?.sdp ?? '';
  }

  /** How much has come from the far side so far, in no unit: a number that stands still when nothing comes. Only what it signed counts. */
  get signsOfLife(): number {
    const pairs = this.#connection.iceTransports.flatMap(({ connection }) => connection.candidatePairs);
    return pairs.reduce((sum, { responsesReceived, requestsReceived }) => sum + responsesReceived + requestsReceived, this.#heard);
  }

  /** Bytes of the data channel that wait here, since the far side does not take them. */
  get unsentBytes(): number {
    return this.#channel?.readyState === 'open' ? this.#channel.bufferedAmount : 0;
  }

  /** Bytes of messages the far side began and has not finished, beyond what it was allowed. */
  get unfinishedBytes(): number {
    const sctp = this.#connection.sctpTransport?.sctp as unknown as { advertisedRwnd: number } | undefined;
    return sctp ? Math.max(0, -sctp.advertisedRwnd) : 0;
  }

  sendPacket(payload: Uint8Array, timestamp: number, marker: boolean): void {
    if (!this.#sender) return;
    const header = new RtpHeader({ sequenceNumber: this.#sequenceNumber, timestamp, marker, payloadType: 0 });
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
    void this.#sender.sendRtp(new RtpPacket(header, Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)));
  }

  /** @throws Error when it is too long for the far side or there is no channel. */
  sendMessage(text: string): void {
    if (this.#channel?.readyState !== 'open') throw new Error('the data channel is not open');
    this.#channel.send(text);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #watch(transport: RTCDtlsTransport): void {
    const { connection } = transport.iceTransport;
    // Without servers it would ask one of a large company.
    if (!this.#asksStun) delete connection.stunServer;
    new PacketGuard(transport, this.#nowMs).stand();
    demandProof(transport);
    transport.onStateChange.subscribe((state) => {
      if (state === 'connected') this.#begin(transport);
      if (state === 'closed') this.#events.onEnd('closed');
      if (state === 'failed') this.#events.onEnd('lost');
    });
    transport.onRtcp.subscribe(() => {
      this.#heard++;
    });
    // Not by way of a track: werift makes those only for callers who say in advance how they number their streams.
    transport.onRtp.subscribe(({ header, payload }) => {
      this.#heard++;
      const { ssrc, sequenceNumber, timestamp } = header;
      const isKey = header.payloadType === this.#digitType;
      const key = isKey ? this.#keys.take(payload, timestamp, this.#nowMs()) : undefined;
      if (key !== undefined) this.#events.onDigit(key);
      if (!isKey && header.payloadType !== this.#sender?.codec?.payloadType) return;
      // A key takes its place among the packets of sound, so that none is missed there.
      this.#events.onPacket({ ssrc, sequenceNumber, timestamp, payload, mute: isKey });
    });
  }

  #begin(transport: RTCDtlsTransport): void {
    transport.dtls?.onData.subscribe(() => {
      this.#heard++;
    });
    this.#events.onConnected();
  }

  /** The first channel is the one for events, whatever it is called. */
  #adopt(channel: RTCDataChannel): void {
    if (this.#channel) return;
    this.#channel = channel;
    channel.stateChanged.subscribe((state) => {
      if (state === 'open') this.#events.onOpen();
    });
    channel.bufferedAmountLow.subscribe(() => this.#events.onDrained());
    channel.onMessage.subscribe((data) => this.#events.onMessage(typeof data === 'string' ? data : data.toString('utf8')));
  }
}

/** Opus as SDP writes it, whatever the rate and channels of the sound. The payload type is the offer's to choose. */
export function opusCodec(): RTCRtpCodecParameters {
  return new RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48_000, channels: 2, payloadType: 111 });
}

function digitCodec(): RTCRtpCodecParameters {
  return new RTCRtpCodecParameters({ mimeType: 'audio/telephone-event', clockRate: 48_000, payloadType: 110 });
}
