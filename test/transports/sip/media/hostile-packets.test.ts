// What anybody can send to an open port: broken packets, reports and descriptions, and packets that are almost right. Nothing of it throws,
// grows, or is noticed by the call beside. For long: `MEDIA_FUZZ=1000000`; `MEDIA_FUZZ_SEED` repeats one.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRtcp, writeReport } from '../../../../src/transports/rtp/rtcp.ts';
import { readRtp, writeRtp } from '../../../../src/transports/rtp/packet.ts';
import { SrtpReceiver } from '../../../../src/transports/rtp/srtp.ts';
import type { FromPhoneWorker } from '../../../../src/transports/sip/media/call-messages.ts';
import { readCryptoLines } from '../../../../src/transports/sip/media/crypto-lines.ts';
import { type CallDuties, RtpCall } from '../../../../src/transports/sip/media/rtp-call.ts';
import { SdpSession } from '../../../../src/transports/sip/media/sdp-session.ts';
import * as offers from './offers.ts';

const rounds = Number(process.env.MEDIA_FUZZ ?? 30_000);
const timeoutMs = 30_000 + rounds * 2;
const seed = Number(process.env.MEDIA_FUZZ_SEED ?? 1);

let state = seed;
function chance(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}
const upTo = (below: number) => Math.floor(chance() * below);
const some = (length: number) => Uint8Array.from({ length }, () => upTo(256));
const oneOf = <T>(list: readonly T[]): T => list[upTo(list.length)] as T;

function mutated(bytes: Uint8Array): Uint8Array {
  const other = bytes.slice(0, chance() < 0.3 ? upTo(bytes.length + 1) : bytes.length);
  for (let n = upTo(4); n > 0 && other.length > 0; n--) other[upTo(Math.min(other.length, chance() < 0.5 ? 16 : other.length))] = upTo(256);
  return other;
}

const report = writeReport({
  ssrc: 77,
  name: 'somebody',
  sent: { wallMs: 1_700_000_000_000, timestamp: 1, packets: 2, octets: 3 },
  blocks: [{ ssrc: 1, fractionLost: 1, lost: 2, highestSequence: 3, jitter: 4, lastReport: 5, sinceLastReport: 6 }],
  goodbye: true,
});

/** A packet of the call as one who has seen it may make it, with something wrong in it. */
function packet(ssrc: number): Uint8Array {
  const header = {
    payloadType: oneOf([0, 101, 13, 96, upTo(128)]),
    marker: chance() < 0.5,
    sequenceNumber: upTo(65_536),
    timestamp: upTo(2 ** 32),
    ssrc: chance() < 0.8 ? ssrc : upTo(2 ** 32),
  };
  const whole = writeRtp(header, some(oneOf([0, 1, 4, 160, 160, 160, 33, 1400])));
  return chance() < 0.5 ? whole : mutated(whole);
}

const from = { address: '127.0.0.1', port: 40_000 };
const calls: RtpCall[] = [];
const told: FromPhoneWorker[][] = [[], []];
let nowMs = 0;

function dutiesOf(id: number): CallDuties {
  return {
    nowMs: () => nowMs,
    wallMs: () => nowMs,
    random: some,
    integer: upTo,
    tell: (message) => told[id]?.push(message),
    ended: () => {},
  };
}

beforeAll(async () => {
  for (const id of [0, 1]) {
    const how = { srtp: 'off', secureSignalling: false } as const;
    const call = await RtpCall.open(id, how, { address: '127.0.0.1', portRange: undefined }, dutiesOf(id));
    // Nobody listens at the port 9.
    await call.answer(offers.rtpengine.replaceAll('203.0.113.80', '127.0.0.1').replaceAll('30112', '9'));
    calls.push(call);
  }
});

afterAll(async () => {
  await Promise.all(calls.map((call) => call.close()));
});

test(
  `${rounds} packets and reports, seed ${seed}: no throw, no growth, and the call beside hears every frame`,
  () => {
    const [victim, beside] = calls as [RtpCall, RtpCall];
    let heard = 0;
    let soundMs = 0;
    let ended = 0;
    for (let n = 0; n < rounds; n++) {
      for (let i = 0; i < 3; i++) victim.receive(packet(77), chance() < 0.9 ? from : { address: '127.0.0.1', port: upTo(65_536) });
      victim.receive(mutated(report), from);
      victim.receiveReport(chance() < 0.7 ? mutated(report) : some(upTo(80)), from);
      if (n % 10 === 0) {
        nowMs += 20;
        beside.receive(
          writeRtp(
            { payloadType: 0, marker: false, sequenceNumber: (n / 10) & 0xffff, timestamp: (n * 16) >>> 0, ssrc: 5 },
            new Uint8Array(160).fill(99),
          ),
          { address: '127.0.0.1', port: 40_002 },
        );
        for (const call of calls) call.tick(nowMs, 0);
        heard += told[1]?.filter(({ kind }) => kind === 'sound').length ?? 0;
        soundMs += told[0]?.reduce((sum, message) => sum + (message.kind === 'sound' ? message.samples.length / 24 : 0), 0) ?? 0;
        ended += told.flat().filter(({ kind }) => kind === 'ended' || kind === 'fault').length;
        for (const list of told) list.length = 0;
      }
    }
    expect(ended).toBe(0);
    expect(heard).toBe(Math.ceil(rounds / 10));
    // Ten seconds ahead of time at most, whatever is sent.
    expect(soundMs).toBeLessThan(nowMs + 12_000);
  },
  timeoutMs,
);

test(
  `${rounds} bytes of nothing in particular are read by nobody, seed ${seed}`,
  () => {
    const key = readCryptoLines([`1 AEAD_AES_128_GCM inline:${Buffer.alloc(28, 5).toString('base64')}`])[0];
    const receiver = new SrtpReceiver(key as NonNullable<typeof key>);
    for (let n = 0; n < rounds; n++) {
      const bytes = chance() < 0.5 ? some(upTo(60)) : mutated(chance() < 0.5 ? report : packet(1));
      expect(readRtp(bytes)?.payload.length ?? 0).toBeLessThanOrEqual(Math.max(0, bytes.length - 12));
      readRtcp(bytes);
      expect(receiver.open(bytes)).toBeUndefined();
      expect(receiver.openRtcp(bytes)).toBeUndefined();
    }
  },
  timeoutMs,
);

const texts = Object.values(offers);
const scraps = [
  'a=crypto:',
  'm=audio',
  '\r\n',
  '65536',
  '-1',
  'c=IN IP4 ',
  'a=rtpmap:',
  ' ',
  '999999999999',
  'RTP/SAVP',
  'a=rtcp:',
  '\0',
  'é',
  '0',
];

test(
  `${rounds / 10} broken descriptions, seed ${seed}: each is answered or refused with a status`,
  () => {
    const how = { srtp: 'when-offered', secureSignalling: true } as const;
    const session = new SdpSession({ address: '127.0.0.1', port: 2, rtcpPort: 3 }, how, {
      random: (bytes) => new Uint8Array(bytes),
      id: 1,
    });
    const outcomes = new Map<string, number>();
    for (let n = 0; n < rounds / 10; n++) {
      let text = oneOf(texts);
      for (let i = upTo(5); i >= 0; i--) {
        const at = upTo(text.length);
        text = text.slice(0, at) + (chance() < 0.6 ? oneOf(scraps) : '') + text.slice(at + (chance() < 0.5 ? upTo(20) : 0));
      }
      const outcome = answerOrStatus(session, text);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    expect([...outcomes.keys()].toSorted()).toEqual(['400', '488', 'answered']);
  },
  timeoutMs,
);

function answerOrStatus(session: SdpSession, text: string): string {
  try {
    const { sdp } = session.answer(text);
    expect(sdp).toMatch(/^v=0\r\n[\s\S]*\r\nm=audio 2 RTP\/S?AVPF? [\s\S]*\r\n$/);
    return 'answered';
  } catch (error) {
    return String((error as { status?: number }).status ?? error);
  }
}
