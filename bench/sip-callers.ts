// The callers of bench/sip-media.ts: many sockets that speak G.711 every 20 ms and measure what comes back. Orders come from the process that
// started it.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { encodeMuLaw } from '../src/media/g711.ts';
import { isRtcp, writeRtp } from '../src/transports/rtp/packet.ts';
import { SrtpSender } from '../src/transports/rtp/srtp.ts';
import { masterLengths, type Suite } from '../src/transports/rtp/srtp-transform.ts';
import { type CryptoLine, cryptoAttribute } from '../src/transports/sip/media/crypto-lines.ts';

export interface FarCall {
  readonly sdp: string;
}

export type FarOrder =
  | { readonly kind: 'open'; readonly calls: number; readonly suite: string | undefined }
  | { readonly kind: 'talk'; readonly answers: readonly FarCall[]; readonly seconds: number };

export interface FarReport {
  /** Between two packets of a call: half of them, all but one in a hundred, and the worst. */
  readonly gapMs: readonly number[];
  /** Of the packets that should have come. */
  readonly comeShare: number;
}

interface Caller {
  readonly socket: Socket;
  readonly key: CryptoLine | undefined;
  lastMs: number;
}

const FRAME_MS = 20;
const callers: Caller[] = [];
const gaps: number[] = [];
let come = 0;
let counting = false;

process.on(
  'message',
  (order: FarOrder) => void (order.kind === 'open' ? open(order.calls, order.suite) : talk(order.answers, order.seconds)),
);

async function open(calls: number, suite: string | undefined): Promise<void> {
  const offers: string[] = [];
  for (let n = 0; n < calls; n++) {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const caller: Caller = { socket, key: suite === undefined ? undefined : keyOf(suite as Suite, n), lastMs: 0 };
    socket.on('message', (bytes) => hear(caller, bytes));
    callers.push(caller);
    offers.push(offerOf(socket.address().port, caller.key));
  }
  process.send?.(offers);
}

function keyOf(suite: Suite, n: number): CryptoLine {
  const { key, salt } = masterLengths(suite);
  return { tag: 1, suite, key: new Uint8Array(key).fill(n), salt: new Uint8Array(salt).fill(n) };
}

function offerOf(port: number, key: CryptoLine | undefined): string {
  const head = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'];
  return [...head, `m=audio ${port} RTP/${key ? 'SAVP' : 'AVP'} 0`, ...(key ? [cryptoAttribute(key)] : []), ''].join('\r\n');
}

function hear(caller: Caller, bytes: Uint8Array): void {
  if (isRtcp(bytes)) return;
  const nowMs = performance.now();
  if (counting) {
    come++;
    gaps.push(nowMs - caller.lastMs);
  }
  caller.lastMs = nowMs;
}

async function talk(answers: readonly FarCall[], seconds: number): Promise<void> {
  const payloads = Array.from({ length: 50 }, (_, n) =>
    encodeMuLaw(Int16Array.from({ length: 160 }, (_, i) => Math.round(6000 * Math.sin((n * 160 + i) / 3) * Math.sin((n * 160 + i) / 800)))),
  );
  const speakers = callers.map(({ socket, key }, n) => {
    const port = Number(/^m=audio (\d+)/m.exec(answers[n]?.sdp ?? '')?.[1]);
    const sealing = key && new SrtpSender(key);
    return (at: number) => {
      const header = { payloadType: 0, marker: false, sequenceNumber: at & 0xffff, timestamp: at * 160, ssrc: n + 1 };
      const packet = writeRtp(header, payloads[at % payloads.length] as Uint8Array);
      socket.send(sealing ? sealing.seal(packet) : packet, port, '127.0.0.1');
    };
  });
  const startMs = performance.now();
  const ticks = (seconds * 1000) / FRAME_MS;
  let countedMs = startMs;
  for (let at = 0; at < ticks; at++) {
    for (const speak of speakers) speak(at);
    if (at === 100) {
      counting = true;
      countedMs = performance.now();
    }
    const waitMs = startMs + (at + 1) * FRAME_MS - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  counting = false;
  const expected = (callers.length * (performance.now() - countedMs)) / FRAME_MS;
  gaps.sort((a, b) => a - b);
  const gapMs = [0.5, 0.99, 1].map((share) => gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * share))] ?? 0);
  for (const { socket } of callers) socket.close();
  process.send?.({ gapMs, comeShare: come / expected } satisfies FarReport);
}
