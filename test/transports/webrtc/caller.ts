// A caller for tests: another werift, in this process, with a microphone that says what it is told, a network that can be made bad, and an
// ear that keeps what it hears.
import { createDecoder, createEncoder, type OpusDecoderHandle, type OpusEncoderHandle } from 'libopus-wasm';
import { MediaStream, MediaStreamTrack, type RTCDataChannel, RTCPeerConnection, RTCRtpCodecParameters, RtpHeader, RtpPacket } from 'werift';
import type { CallEnd } from '../../../src/transports/calls/call.ts';
import type { AnsweredCall, CallMedia } from '../../../src/transports/webrtc/media.ts';
import { concat, fromBytes } from '../../../src/media/pcm.ts';

export const RATE_HZ = 24_000;
const FRAME = 480;
/** Frames said late, one right after the other, at most: what was not said in time is said later. */
const MOST_CATCH_UP = 5;

export interface CallerOptions {
  audio?: 'sendrecv' | 'recvonly' | 'sendonly' | 'none';
  data?: boolean;
  /** Sound and messages each on their own ports. */
  apart?: boolean;
  /** An agent that only answers checks (RFC 8445, 2.5). */
  lite?: boolean;
  /** Its network lets TCP out as well. */
  tcp?: boolean;
  /** What is done to its own stack before it is answered. */
  stack?: (peer: RTCPeerConnection) => void;
  /** What is done to the offer on its way. */
  offer?: (sdp: string) => string;
  /** And to the answer. */
  answer?: (sdp: string) => string;
  /** What the network does to a packet, by its number: how many milliseconds it holds it back, or undefined when it loses it. */
  network?: (packet: number) => number | undefined;
}

/** What the server's side of the call was told. */
export class Told {
  readonly sound: Int16Array[] = [];
  readonly messages: string[] = [];
  readonly played: { sentMs: number; clears: number; atMs: number }[] = [];
  readonly ends: CallEnd[] = [];
  opened = 0;
  onMessage: (text: string) => void = () => {};

  get samples(): Int16Array {
    return concat(this.sound);
  }
}

export class Caller {
  readonly told = new Told();
  readonly messages: string[] = [];
  /** When each frame of what it was told to say was sent. */
  readonly said: number[] = [];
  /** What came, frame by frame, and when. */
  readonly heard: { samples: Int16Array; atMs: number; timestamp: number; sequenceNumber: number }[] = [];
  readonly peer: RTCPeerConnection;
  readonly channel: RTCDataChannel | undefined;
  readonly #network: (packet: number) => number | undefined;
  readonly #encoder: OpusEncoderHandle;
  readonly #decoder: OpusDecoderHandle;
  readonly #microphone: NodeJS.Timeout;
  readonly #startedMs = performance.now();
  readonly #track = new MediaStreamTrack({ kind: 'audio' });
  readonly #words: Int16Array[] = [];
  #repeated: Int16Array | undefined;
  #call: AnsweredCall | undefined;
  #packets = 0;
  /** Frames of time that have passed. */
  #frames = 0;
  #muted = false;

  static async call(media: CallMedia, options: CallerOptions = {}): Promise<Caller> {
    const encoder = await createEncoder({
      channels: 1,
      sampleRate: RATE_HZ,
      fec: true,
      packetLossPercent: 10,
      bitrate: 32_000,
      application: 2048,
    });
    const caller = new Caller(options, encoder, await createDecoder({ channels: 1, sampleRate: RATE_HZ }));
    try {
      await caller.#ring(media, options);
    } catch (error) {
      await caller.hangUp();
      throw error;
    }
    return caller;
  }

  private constructor(options: CallerOptions, encoder: OpusEncoderHandle, decoder: OpusDecoderHandle) {
    this.#encoder = encoder;
    this.#decoder = decoder;
    this.#network = options.network ?? (() => 0);
    this.peer = new RTCPeerConnection({
      bundlePolicy: options.apart ? 'disable' : 'max-bundle',
      iceLite: options.lite ?? false,
      iceUseTcp: options.tcp ?? false,
      iceServers: [],
      iceUseIpv6: false,
      maxMessageSize: 262_144,
      codecs: {
        audio: [new RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48_000, channels: 2, payloadType: 109 })],
        video: [],
      },
    });
    const { audio = 'sendrecv', data = true } = options;
    if (audio !== 'none') this.peer.addTransceiver(this.#track, { direction: audio, streams: [new MediaStream()] });
    if (data) this.channel = this.peer.createDataChannel('oai-events');
    this.channel?.onMessage.subscribe((message) => this.messages.push(String(message)));
    this.peer.onTrack.subscribe((track) => track.onReceiveRtp.subscribe((packet) => this.#hear(packet)));
    this.#microphone = setInterval(() => this.#speakOn(), 10);
  }

  get call(): AnsweredCall {
    if (!this.#call) throw new Error('not answered');
    return this.#call;
  }

  /** Frames of 20 ms of which the last arrived before `untilMs`. */
  soundBetween(fromMs: number, untilMs: number): Int16Array {
    return concat(this.heard.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs).map(({ samples }) => samples));
  }

  /** Says the samples in real time, after what it was told before; silence follows. */
  speak(samples: Int16Array): void {
    for (let at = 0; at + FRAME <= samples.length; at += FRAME) this.#words.push(samples.subarray(at, at + FRAME));
  }

  /** Says the samples over and over, with no silence between, from the next frame on. */
  repeat(samples: Int16Array): void {
    this.#repeated = samples;
  }

  /** Says no more of what it was told to say. */
  hush(): void {
    this.#repeated = undefined;
    this.#words.length = 0;
  }

  /** Sends nothing at all any more. */
  mute(): void {
    this.#muted = true;
  }

  /** Sends messages no faster than werift bears: with many of them waiting it is busy with nothing else. */
  async write(texts: readonly string[]): Promise<void> {
    for (const [n, text] of texts.entries()) {
      this.channel?.send(text);
      if (n % 16 === 15) await until('they are sent', () => this.channel?.bufferedAmount === 0);
    }
  }

  async hangUp(): Promise<void> {
    clearInterval(this.#microphone);
    await this.peer.close();
    this.#encoder.free();
    this.#decoder.free();
  }

  async #ring(media: CallMedia, { stack, offer = (sdp) => sdp, answer = (sdp) => sdp }: CallerOptions): Promise<void> {
    // It would ask a server on the internet for its address.
    for (const { connection } of this.peer.iceTransports) delete connection.stunServer;
    await this.peer.setLocalDescription(await this.peer.createOffer());
    stack?.(this.peer);
    const { told } = this;
    this.#call = await media.answer(offer(this.peer.localDescription?.sdp ?? ''), {
      onSound: (sound) => told.sound.push(fromBytes(sound)),
      onOpen: () => told.opened++,
      onMessage: (text) => {
        told.messages.push(text);
        told.onMessage(text);
      },
      onDigit() {},
      onTaken() {},
      onPlayed: (sentMs, clears) => told.played.push({ sentMs, clears, atMs: performance.now() }),
      onEnd: (end) => told.ends.push(end),
    });
    await this.peer.setRemoteDescription({ type: 'answer', sdp: answer(this.#call.sdp) });
  }

  #speakOn(): void {
    const due = Math.floor((performance.now() - this.#startedMs) / 20);
    // Who catches up with everything on a machine that is too busy for it stands still for good.
    this.#frames = Math.max(this.#frames, due - MOST_CATCH_UP);
    for (; this.#frames < due; this.#frames++) {
      if (this.#muted || !this.peer.dtlsTransports.some(({ state }) => state === 'connected')) continue;
      if (this.#repeated && this.#words.length === 0) this.speak(this.#repeated);
      const word = this.#words.shift();
      if (word) this.said.push(performance.now());
      const payload = this.#encoder.encode(word ?? new Int16Array(FRAME));
      const number = this.#packets++;
      const header = new RtpHeader({ payloadType: 109, sequenceNumber: number & 0xffff, timestamp: (this.#frames * 960) >>> 0 });
      const lateMs = this.#network(number);
      const send = () => this.#track.writeRtp(new RtpPacket(header, Buffer.from(payload)));
      if (lateMs === 0) send();
      else if (lateMs !== undefined) setTimeout(send, lateMs);
    }
  }

  #hear({ header, payload }: RtpPacket): void {
    const samples = this.#decoder.decode(payload);
    this.heard.push({ samples, atMs: performance.now(), timestamp: header.timestamp, sequenceNumber: header.sequenceNumber });
  }
}

/** A tone, faded in and out. */
export function tone(hz: number, ms: number, loudness = 8000): Int16Array {
  const length = (ms * RATE_HZ) / 1000;
  return Int16Array.from(
    { length },
    (_, i) => Math.min(1, i / 240, (length - i) / 240) * loudness * Math.sin((2 * Math.PI * hz * i) / RATE_HZ),
  );
}

export function energy(samples: Int16Array): number {
  return samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length);
}

/** The share of the sound's energy that lies at this frequency: 0 to 1. */
export function shareAt(samples: Int16Array, hz: number): number {
  let [sine, cosine] = [0, 0];
  for (const [i, sample] of samples.entries()) {
    sine += sample * Math.sin((2 * Math.PI * hz * i) / RATE_HZ);
    cosine += sample * Math.cos((2 * Math.PI * hz * i) / RATE_HZ);
  }
  return (2 * (sine ** 2 + cosine ** 2)) / samples.length ** 2 / energy(samples);
}

/** The stretch from the first to the last frame of 20 ms that is loud. */
export function loudStretch(samples: Int16Array): Int16Array {
  const loud = (frame: number) => energy(samples.subarray(frame * FRAME, (frame + 1) * FRAME)) > 500 ** 2;
  const frames = Array.from({ length: Math.floor(samples.length / FRAME) }, (_, frame) => frame).filter(loud);
  const [first, last] = [frames[0], frames.at(-1)];
  return first === undefined || last === undefined ? new Int16Array(0) : samples.subarray(first * FRAME, (last + 1) * FRAME);
}

/** Resolves when it holds. Rejects, with what was waited for, after `mostMs`. */
export async function until(what: string, holds: () => boolean, mostMs = 10_000): Promise<void> {
  const startedMs = performance.now();
  while (!holds()) {
    if (performance.now() - startedMs > mostMs) throw new Error(`${what}: not within ${mostMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
