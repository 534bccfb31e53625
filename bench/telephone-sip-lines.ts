// Lines by SIP: signalled by our own user agent, with a socket and no more for the sound, so that a caller costs less than what it measures.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { systemClock } from '../src/lib/clock.ts';
import { randomIds, randomInteger, randomKey, randomToken } from '../src/lib/ids.ts';
import { silentLog } from '../src/lib/log.ts';
import { decodeMuLaw } from '../src/media/g711.ts';
import { createVoiceDecoder, createVoiceEncoder, FRAME_TICKS } from '../src/transports/rtp/opus.ts';
import { createG711Encoder } from '../src/transports/rtp/g711-voice.ts';
import { isRtcp, readRtp, signed, writeRtp } from '../src/transports/rtp/packet.ts';
import { SrtpReceiver, SrtpSender } from '../src/transports/rtp/srtp.ts';
import type { SipAgent, SipDialog } from '../src/transports/sip/agent.ts';
import { cryptoAttribute, newKey, readCryptoLines } from '../src/transports/sip/media/crypto-lines.ts';
import { openSipAgent } from '../src/transports/sip/user-agent.ts';
import { FRAME_MS, prepare } from './frames.ts';
import type { Clip } from './speech.ts';
import type { Line, LineEvents, Lines, TransportName } from './telephone-line.ts';

export type SipTransport = Exclude<TransportName, 'twilio'>;

const loudPeak = 500;
const isLoudByte = Uint8Array.from(decodeMuLaw(Uint8Array.from({ length: 256 }, (_, byte) => byte)), (sample) =>
  Math.abs(sample) > loudPeak ? 1 : 0,
);
/** Opus has silence in packets of less than 20 bytes, once it has calmed down: those are not read. */
const leastLoudOpusBytes = 22;

interface Codec {
  readonly type: number;
  readonly map: string;
  readonly frameTicks: number;
  /** What of one call tells whether there is sound in a packet. */
  readonly listener: () => Promise<(payload: Uint8Array) => boolean>;
}

const pcmu: Codec = {
  type: 0,
  map: '0 PCMU/8000',
  frameTicks: 160,
  listener: () => Promise.resolve((payload) => payload.some((byte) => isLoudByte[byte] === 1)),
};
const opus: Codec = {
  type: 96,
  map: '96 opus/48000/2',
  frameTicks: FRAME_TICKS,
  async listener() {
    const decoder = await createVoiceDecoder();
    return (payload) => payload.length >= leastLoudOpusBytes && decoder.decode(payload).some((sample) => Math.abs(sample) > loudPeak);
  },
};

export interface SipLines extends Lines {
  call(name: string, events: LineEvents): Promise<SipLine>;
}

/** `sipAt`: `127.0.0.1:5060`; for `srtp` that of TLS, whose certificate is not looked at. */
export async function openSipLines(transport: SipTransport, sipAt: string, clips: readonly Clip[]): Promise<SipLines> {
  const isSecure = transport === 'srtp';
  const codec = transport === 'opus' ? opus : pcmu;
  const encoder = transport === 'opus' ? await createVoiceEncoder() : createG711Encoder('mu');
  const material = prepare(clips, (samples) => Buffer.from(encoder.encode(samples)));
  encoder.free();
  const agent = await openSipAgent(
    {
      listen: isSecure ? [] : [{ transport: 'udp', host: '127.0.0.1', port: 0 }],
      trunks: [],
      strangers: 'refuse',
      mostCalls: 100_000,
      ...(isSecure ? { tls: { insecure: true } } : {}),
    },
    { clock: systemClock, chance: { ids: randomIds, token: randomToken, integer: randomInteger }, log: silentLog },
    { onIncoming: (call) => call.reject(486) },
  );
  const uri = isSecure ? `sips:+15550002@${sipAt}` : `sip:+15550002@${sipAt}`;
  return {
    material,
    call: (name, events) => SipLine.call({ agent, uri, codec, isSecure }, name, events),
    close: () => agent.close(),
  };
}

interface Way {
  readonly agent: SipAgent;
  readonly uri: string;
  readonly codec: Codec;
  readonly isSecure: boolean;
}

interface Answered {
  readonly setUpMs: number;
  readonly socket: Socket;
  readonly codec: Codec;
  readonly dialog: SipDialog;
  readonly sdp: string;
  readonly sealing: SrtpSender | undefined;
  readonly isLoud: (payload: Uint8Array) => boolean;
}

export class SipLine implements Line {
  readonly setUpMs: number;
  readonly #codec: Codec;
  readonly #dialog: SipDialog;
  readonly #port: number;
  readonly #sealing: SrtpSender | undefined;
  readonly #ssrc = randomInteger(2 ** 32);
  readonly #hear: (bytes: Buffer) => void;
  #socket: Socket;
  #frames = 0;

  static async call({ agent, uri, codec, isSecure }: Way, name: string, events: LineEvents): Promise<SipLine> {
    const socket = await bound();
    const key = isSecure ? { tag: 1, ...newKey('AES_CM_128_HMAC_SHA1_80', randomKey) } : undefined;
    const offer = [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      `m=audio ${socket.address().port} RTP/${key ? 'SAVP' : 'AVP'} ${codec.type}`,
      `a=rtpmap:${codec.map}`,
      'a=rtcp-mux',
      ...(key ? [cryptoAttribute(key)] : []),
      '',
    ].join('\r\n');
    const isLoud = await codec.listener();
    const answered = Promise.withResolvers<{ dialog: SipDialog; sdp: string }>();
    const target = { uri, from: addressOf(name), headers: [{ name: 'X-Parley-Instructions', value: name }] };
    const askedMs = systemClock.now();
    agent.invite(target, offer, {
      onAnswered: (dialog, sdp) => answered.resolve({ dialog, sdp }),
      onFailed: ({ status, reason }) => answered.reject(new Error(`The call failed with ${status} ${reason}`)),
      onSession: () => Promise.resolve({ status: 488 }),
      onBye: ({ by }) => by !== 'us' && events.onFault(`the call was ended: ${by}`),
    });
    try {
      const { dialog, sdp } = await answered.promise;
      const setUpMs = systemClock.now() - askedMs;
      return new SipLine({ setUpMs, socket, codec, dialog, sdp, sealing: key && new SrtpSender(key), isLoud }, events);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  private constructor({ setUpMs, socket, codec, dialog, sdp, sealing, isLoud }: Answered, events: LineEvents) {
    this.setUpMs = setUpMs;
    this.#socket = socket;
    this.#codec = codec;
    this.#dialog = dialog;
    this.#port = Number(/^m=audio (\d+)/m.exec(sdp)?.[1]);
    this.#sealing = sealing;
    const [theirs] = readCryptoLines([...sdp.matchAll(/^a=crypto:(.*)\r?$/gm)].map(([, value = '']) => value));
    this.#hear = hearing(codec, sealing && theirs ? new SrtpReceiver(theirs) : undefined, isLoud, events);
    socket.on('message', this.#hear);
  }

  send(frame: Buffer): void {
    this.write(frame)();
  }

  /** The next frame as a packet; what is given back sends it, whenever that is. */
  write(frame: Buffer): () => void {
    const { type, frameTicks } = this.#codec;
    const at = this.#frames++;
    const header = {
      payloadType: type,
      marker: at === 0,
      sequenceNumber: at & 0xffff,
      timestamp: (at * frameTicks) >>> 0,
      ssrc: this.#ssrc,
    };
    const packet = writeRtp(header, frame);
    const sealed = this.#sealing ? this.#sealing.seal(packet) : packet;
    return () => this.#socket.send(sealed, this.#port, '127.0.0.1');
  }

  /** From another port from now on, as a NAT gives one that has forgotten the first. Nothing comes to the first any more. */
  async move(): Promise<void> {
    const old = this.#socket;
    this.#socket = await bound();
    this.#socket.on('message', this.#hear);
    old.close();
  }

  hangUp(): void {
    this.#dialog.bye();
    this.#socket.close();
  }
}

/** Who calls, as the server has it. */
export const addressOf = (name: string) => `sip:${name}@127.0.0.1`;

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** Reads the packets of one call. */
function hearing(
  { frameTicks }: Codec,
  opening: SrtpReceiver | undefined,
  isLoud: (payload: Uint8Array) => boolean,
  events: LineEvents,
): (bytes: Buffer) => void {
  /** Of the last packet, the numbers of which wrap round. */
  let last: { sequenceNumber: number; timestamp: number; place: number; frames: number } | undefined;
  return (bytes) => {
    const nowMs = systemClock.now();
    if (isRtcp(bytes)) return;
    const opened = opening ? opening.open(bytes) : bytes;
    const packet = opened && readRtp(opened);
    if (!packet) return events.onFault('a packet cannot be read');
    const { sequenceNumber, timestamp, payload } = packet;
    last = {
      sequenceNumber,
      timestamp,
      place: last ? last.place + signed(sequenceNumber - last.sequenceNumber, 16) : 0,
      frames: last ? last.frames + signed(timestamp - last.timestamp, 32) / frameTicks : 0,
    };
    events.onSound({ isLoud: isLoud(payload), atMs: last.frames * FRAME_MS, lengthMs: FRAME_MS, place: last.place }, nowMs);
  };
}
