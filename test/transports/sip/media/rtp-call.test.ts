// One telephone call over real sockets, with a clock that is moved by hand: who is heard, what is said and how it ends.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import type { FromPhoneWorker } from '../../../../src/transports/sip/media/call-messages.ts';
import type { MediaHow } from '../../../../src/transports/sip/media/media-how.ts';
import { type CallDuties, RtpCall } from '../../../../src/transports/sip/media/rtp-call.ts';
import { readCryptoLines } from '../../../../src/transports/sip/media/crypto-lines.ts';
import { writeRtp } from '../../../../src/transports/rtp/packet.ts';
import { ntpMiddle, writeReport } from '../../../../src/transports/rtp/rtcp.ts';
import { SrtpReceiver, SrtpSender } from '../../../../src/transports/rtp/srtp.ts';
import { bound, FarSide, isLoud, until } from './far-side.ts';

const plain: MediaHow = { srtp: 'off', secureSignalling: false };
const wallMs = 1_700_000_000_000;

class Rig {
  nowMs = 0;
  told: FromPhoneWorker[] = [];
  call!: RtpCall;
  far!: FarSide;
  #random = 1;

  readonly duties: CallDuties = {
    nowMs: () => this.nowMs,
    wallMs: () => wallMs + this.nowMs,
    random: (bytes) => new Uint8Array(bytes).fill(this.#random++),
    integer: (below) => Math.floor(below / 3) + this.#random++,
    tell: (message) => this.told.push(message),
    ended: () => void this.call.close(),
  };

  async open(how: MediaHow = plain): Promise<this> {
    this.far = await FarSide.open();
    this.call = await RtpCall.open(1, how, { address: '127.0.0.1', portRange: undefined }, this.duties);
    return this;
  }

  /** So many ticks of 20 ms. */
  tick(count = 1): this {
    for (let i = 0; i < count; i++) {
      this.nowMs += 20;
      this.call.tick(this.nowMs, 0);
    }
    return this;
  }

  play(ms: number): void {
    this.call.do({ kind: 'play', call: 1, samples: new Int16Array(ms * 24).map((_, i) => Math.round(9000 * Math.sin(i / 10))) });
  }

  get heard(): Int16Array[] {
    return this.told.flatMap((message) => (message.kind === 'sound' ? [message.samples] : []));
  }

  get digits(): string {
    return this.told.flatMap((message) => (message.kind === 'digit' ? [message.digit] : [])).join('');
  }

  get ends(): string[] {
    return this.told.flatMap((message) => (message.kind === 'ended' ? [message.end] : []));
  }

  get news() {
    return this.told.findLast((message) => message.kind === 'news')?.news;
  }

  async hears(frames: number): Promise<void> {
    await until(`${frames} frames are heard`, () => this.heard.length >= frames);
  }

  /** What was sent over the loopback by now has come: a packet to oneself comes after it. */
  async settled(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

const rigs: Rig[] = [];

async function begin(how?: MediaHow, offer: (far: FarSide) => string = (far) => far.describe()): Promise<Rig> {
  const rig = await new Rig().open(how);
  rigs.push(rig);
  rig.far.hear(await rig.call.answer(offer(rig.far)));
  return rig;
}

afterEach(async () => {
  for (const { call, far } of rigs.splice(0)) {
    await call.close();
    far.close();
  }
});

test('silence goes out at once, to open the way, and never stops; numbers go on', async () => {
  const rig = await begin();
  await until('the first packet came', () => rig.far.packets.length === 1);
  rig.tick(9);
  await until('the others came', () => rig.far.packets.length === 10);
  const [first] = rig.far.packets;
  rig.far.packets.forEach((packet, i) => {
    expect(packet).toMatchObject({
      payloadType: 0,
      ssrc: first?.ssrc,
      sequenceNumber: ((first?.sequenceNumber ?? 0) + i) & 0xffff,
      timestamp: ((first?.timestamp ?? 0) + i * 160) >>> 0,
    });
    expect(packet.payload).toEqual(new Uint8Array(160).fill(0xff));
  });
});

test('sound in both directions: 20 ms are 480 samples, and the first packet of sound is marked', async () => {
  const rig = await begin();
  rig.far.speak(5);
  await rig.hears(5);
  expect(rig.heard.map(({ length }) => length)).toEqual([480, 480, 480, 480, 480]);
  expect(rig.heard[3]?.some((sample) => sample > 7000)).toBe(true);
  rig.play(60);
  rig.tick(5);
  await until('it is heard', () => rig.far.packets.length === 6);
  expect(rig.far.packets.map(({ payload }) => isLoud(payload))).toEqual([false, true, true, true, expect.any(Boolean), false]);
  expect(rig.far.packets.map(({ marker }) => marker)).toEqual([false, true, false, false, false, false]);
});

test('after a clear the last packet with sound leaves within 40 ms', async () => {
  const rig = await begin();
  rig.play(2000);
  rig.tick(10);
  rig.call.do({ kind: 'clear', call: 1 });
  rig.tick(10);
  await until('all came', () => rig.far.packets.length === 21);
  expect(rig.far.packets.findLastIndex(({ payload }) => isLoud(payload))).toBeLessThanOrEqual(12);
});

test('packets go where they come from, not where the description says', async () => {
  const rig = await begin(plain, (far) => far.describe({ port: 9 }));
  rig.far.speak(1);
  await rig.hears(1);
  rig.tick(3);
  await until('packets come to where it is', () => rig.far.packets.length === 3);
  expect(rig.far.from.every(({ port }) => port === rig.far.port)).toBe(true);
});

const packetOf = (header: { ssrc: number; sequenceNumber: number }) =>
  writeRtp({ payloadType: 0, marker: false, timestamp: 5, ...header }, new Uint8Array(160).fill(1));

test('strangers are not heard and get nothing, whatever they send', async () => {
  const rig = await begin();
  rig.far.speak(30);
  await rig.hears(30);
  const strangers = await Promise.all(Array.from({ length: 5 }, () => bound()));
  const got: number[] = [];
  strangers.forEach((socket, i) => {
    socket.on('message', () => got.push(i));
    const other = packetOf({ ssrc: i === 0 ? rig.far.ssrc : i, sequenceNumber: 7000 + i });
    for (let n = 0; n < 20; n++) rig.far.send(other, socket);
  });
  await rig.settled();
  rig.tick(5);
  rig.far.speak(1);
  await rig.hears(31);
  await until('packets go on to the far side', () => rig.far.packets.length >= 6);
  expect(got).toEqual([]);
  // Silent for seconds, and still nobody else's.
  rig.tick(150);
  for (const socket of strangers) rig.far.send(packetOf({ ssrc: 99, sequenceNumber: 1 }), socket);
  await rig.settled();
  rig.tick(1);
  await rig.settled();
  expect(got).toEqual([]);
  for (const socket of strangers) socket.close();
});

test('a NAT that gives the far side another port in mid-call is followed', async () => {
  const rig = await begin();
  rig.far.speak(3);
  await rig.hears(3);
  await rig.far.move();
  rig.far.speak(3);
  await rig.settled();
  expect(rig.told.filter(({ kind }) => kind === 'sound')).toHaveLength(3);
  rig.tick(100);
  const before = rig.heard.length;
  rig.far.packets.length = 0;
  rig.far.speak(2);
  await rig.settled();
  // What was lost in between is waited for, and then what came is heard.
  rig.tick(5);
  expect(
    rig.heard
      .slice(before)
      .flatMap((samples) => [...samples])
      .filter((sample) => sample > 7000).length,
  ).toBeGreaterThan(50);
  await until('it is spoken to there', () => rig.far.packets.length === 5);
});

test('only networks that are named may speak, where there are some', async () => {
  const rig = await begin({ ...plain, sources: ['203.0.113.0/24'] });
  rig.far.speak(3);
  await rig.settled();
  expect(rig.heard).toEqual([]);
  const other = await begin({ ...plain, sources: ['127.0.0.0/8'] });
  other.far.speak(1);
  await other.hears(1);
});

const key = readCryptoLines([`1 AES_CM_128_HMAC_SHA1_80 inline:${Buffer.alloc(30, 42).toString('base64')}`])[0] as NonNullable<
  ReturnType<typeof readCryptoLines>[0]
>;

async function beginSealed(): Promise<Rig> {
  const rig = await new Rig().open({ srtp: 'required', secureSignalling: true });
  rigs.push(rig);
  const answer = await rig.call.answer(rig.far.describe({ key }));
  const [own] = readCryptoLines([...answer.matchAll(/^a=crypto:(.*)\r$/gm)].map(([, value = '']) => value));
  rig.far.sealing = new SrtpSender(key);
  rig.far.opening = own && new SrtpReceiver(own);
  rig.far.hear(answer);
  return rig;
}

test('an encrypted call: sound and reports are sealed both ways, and what comes twice or in plain is dropped', async () => {
  const rig = await beginSealed();
  const [first] = rig.far.speak(5) as [Uint8Array];
  await rig.hears(5);
  expect(rig.news?.media).toBe('srtp');
  rig.far.send(first);
  rig.far.sealing = undefined;
  rig.far.speak(3);
  await rig.settled();
  expect(rig.heard).toHaveLength(5);
  rig.play(20);
  rig.tick(250);
  await until('sound and a report came', () => rig.far.packets.some(({ payload }) => isLoud(payload)) && rig.far.reports.length === 1);
  expect(rig.far.reports[0]?.[0]).toMatchObject({ kind: 'sender-report', blocks: [{ ssrc: rig.far.ssrc, lost: 0 }] });
});

test('the same key again in mid-call goes on counting; a new one begins', async () => {
  const rig = await beginSealed();
  rig.far.speak(2);
  await rig.hears(2);
  await rig.call.ask({ kind: 'renegotiate', offer: rig.far.describe({ key }) });
  rig.far.speak(1);
  await rig.hears(3);
  const other = { ...key, key: new Uint8Array(16).fill(9) };
  await rig.call.ask({ kind: 'renegotiate', offer: rig.far.describe({ key: other }) });
  rig.far.sealing = new SrtpSender(other);
  rig.far.speak(1);
  await rig.hears(4);
  rig.tick(1);
  await until('ours is the same', () => rig.far.packets.length >= 2);
  expect(rig.heard).toHaveLength(4);
});

const event = (digit: number, duration: number, end: boolean) => Uint8Array.of(digit, end ? 0x8a : 0x0a, duration >> 8, duration & 0xff);

test('keys are told once, and the tone beside them is not heard', async () => {
  const rig = await begin();
  rig.far.speak(2);
  await rig.hears(2);
  const timestamp = rig.far.timestamp;
  for (let n = 1; n <= 4; n++) {
    rig.far.send(rig.far.write(event(5, n * 160, false), { payloadType: 101, timestamp }));
    rig.far.speak(1);
  }
  // All three ends are lost. The next key is another one, and after it there is sound again.
  await until('the key is told', () => rig.digits === '5');
  rig.far.timestamp += 1600;
  rig.far.send(rig.far.write(event(11, 160, true), { payloadType: 101, timestamp: rig.far.timestamp }));
  rig.far.timestamp += 160;
  rig.far.speak(2);
  await until('the other key is told', () => rig.digits === '5#');
  await until('sound is heard again', () => rig.heard.flatMap((samples) => [...samples]).filter((sample) => sample > 7000).length > 100);
  rig.tick(20);
  const loudFrames = rig.heard.filter((samples) => samples.length === 480 && samples.some((sample) => Math.abs(sample) > 4000));
  expect(loudFrames).toHaveLength(4);
});

test('keys are pressed in the stream of the sound, one timestamp each, and sound waits meanwhile', async () => {
  const rig = await begin();
  rig.play(400);
  const pressed = rig.call.ask({ kind: 'digits', digits: '1w9' });
  rig.tick(80);
  expect(await pressed).toBe('');
  await until('all came', () => rig.far.packets.length === 81 + 4);
  const events = rig.far.packets.filter(({ payloadType }) => payloadType === 101);
  expect(events.map(({ payload }) => payload[0])).toEqual([...Array.from({ length: 10 }, () => 1), ...Array.from({ length: 10 }, () => 9)]);
  expect(new Set(events.map(({ timestamp }) => timestamp)).size).toBe(2);
  const numbers = rig.far.packets.map(({ sequenceNumber }) => sequenceNumber);
  numbers.forEach((number, i) => expect(number).toBe(((numbers[0] as number) + i) & 0xffff));
  expect(rig.far.packets.filter(({ payloadType, payload }) => payloadType === 0 && isLoud(payload)).length).toBeGreaterThanOrEqual(20);
});

test('time that the pacer leaves out does not make two keys of one', async () => {
  const rig = await begin();
  void rig.call.ask({ kind: 'digits', digits: '1' });
  for (const leftOut of [0, 0, 3, 0, 2, 0, 0, 0]) rig.call.tick((rig.nowMs += 20), leftOut);
  await until('it is told', () => rig.far.packets.length === 11);
  expect(new Set(rig.far.packets.filter(({ payloadType }) => payloadType === 101).map(({ timestamp }) => timestamp)).size).toBe(1);
});

test('a far side that takes no keys is told so, and what is no key as well', async () => {
  const rig = await begin(plain, (far) => far.describe({ formats: '0' }));
  await expect(rig.call.ask({ kind: 'digits', digits: '1' })).rejects.toMatchObject({ reason: 'rejected', status: 415 });
  await expect(rig.call.ask({ kind: 'digits', digits: '+1' })).rejects.toMatchObject({ reason: 'rejected' });
});

test('on hold nothing is said and the music is not heard; afterwards what waited is said', async () => {
  const rig = await begin();
  rig.far.speak(1);
  await rig.hears(1);
  rig.tick(5);
  await rig.call.ask({ kind: 'renegotiate', offer: rig.far.describe({ lines: ['a=sendonly'] }) });
  expect(rig.news?.held).toBe(true);
  await rig.settled();
  rig.far.packets.length = 0;
  rig.told = [];
  rig.play(100);
  rig.far.speak(10);
  await rig.settled();
  // Much longer than a call may be silent.
  rig.tick(2000);
  await rig.settled();
  expect(rig.far.packets).toEqual([]);
  expect(rig.ends).toEqual([]);
  expect(rig.heard.flatMap((samples) => [...samples]).every((sample) => sample === 0)).toBe(true);
  await rig.call.ask({ kind: 'renegotiate', offer: rig.far.describe() });
  expect(rig.news?.held).toBe(false);
  rig.tick(5);
  await until('what waited is said', () => rig.far.packets.filter(({ payload }) => isLoud(payload)).length === 5);
  const before = rig.heard.length;
  rig.far.speak(1);
  await rig.hears(before + 1);
});

test('another codec in mid-call: what waits is said in it, and it is heard', async () => {
  const rig = await begin();
  rig.far.speak(2);
  await rig.hears(2);
  rig.play(200);
  rig.tick(2);
  expect(await rig.call.ask({ kind: 'renegotiate', offer: rig.far.describe({ formats: '96 101' }) })).toContain('opus/48000/2');
  rig.tick(3);
  await until('Opus comes', () => rig.far.packets.filter(({ payloadType }) => payloadType === 96).length === 3);
  const [one, two] = rig.far.packets.filter(({ payloadType }) => payloadType === 96);
  expect(((two?.timestamp ?? 0) - (one?.timestamp ?? 0)) >>> 0).toBe(960);
  const before = rig.heard.length;
  rig.far.send(rig.far.write(one?.payload ?? new Uint8Array(0), { payloadType: 96 }));
  rig.far.send(rig.far.write(two?.payload ?? new Uint8Array(0), { payloadType: 96, timestamp: rig.far.timestamp + 800 }));
  await rig.hears(before + 2);
});

test('another address in mid-call is spoken to at once, and listened to', async () => {
  const rig = await begin();
  rig.far.speak(30);
  await rig.hears(30);
  const other = await FarSide.open();
  await rig.call.ask({ kind: 'renegotiate', offer: rig.far.describe({ port: other.ownPort }) });
  rig.tick(2);
  await until('it is spoken to there', () => other.packets.length === 2);
  other.port = rig.far.port;
  other.ssrc = 99;
  // The one before may still be sending for a while.
  rig.far.speak(1);
  other.speak(3);
  await rig.settled();
  rig.tick(2);
  await until('it is spoken to there only', () => other.packets.length === 4);
  expect(rig.heard.length).toBeGreaterThanOrEqual(33);
  other.close();
});

test('an offer of ours is answered later: nothing is said before, and what was played is said then', async () => {
  const rig = await new Rig().open();
  rigs.push(rig);
  rig.far.hear(rig.call.offer());
  rig.play(40);
  rig.tick(10);
  await rig.settled();
  expect(rig.far.packets).toEqual([]);
  await rig.call.ask({ kind: 'accept', answer: rig.far.describe() });
  rig.tick(3);
  await until('it is said', () => rig.far.packets.filter(({ payload }) => isLoud(payload)).length >= 2);
});

test('an offer that is refused in mid-call changes nothing', async () => {
  const rig = await begin();
  await expect(rig.call.ask({ kind: 'renegotiate', offer: rig.far.describe({ formats: '9' }) })).rejects.toMatchObject({ status: 488 });
  rig.far.speak(1);
  await rig.hears(1);
});

test('of whom nothing comes for thirty seconds is lost; who reports is not, and who only listens is never', async () => {
  const rig = await begin();
  rig.far.speak(1);
  await rig.hears(1);
  rig.tick(1499);
  rig.far.send(writeReport({ ssrc: rig.far.ssrc, name: 'x', sent: undefined, blocks: [] }));
  await rig.settled();
  rig.tick(1499);
  expect(rig.ends).toEqual([]);
  rig.tick(3);
  expect(rig.ends).toEqual(['lost']);
  const listener = await begin(plain, (far) => far.describe({ lines: ['a=recvonly'] }));
  listener.tick(3000);
  expect(listener.ends).toEqual([]);
});

test('silence is told when somebody who spoke does not any more', async () => {
  const rig = await begin();
  for (let n = 0; n < 15; n++) {
    rig.far.speak(1);
    await rig.hears(n + 1);
    rig.tick(1);
  }
  rig.tick(10);
  const silent = rig.told.flatMap((message) => (message.kind === 'silent' ? [message.ms] : []));
  expect(silent.at(-1)).toBeGreaterThan(100);
});

test('reports tell of losses and jitter, and those of the far side how long the way is', async () => {
  const rig = await begin();
  rig.far.speak(3);
  rig.far.sequenceNumber += 2;
  rig.far.speak(1);
  await until('they came', () => rig.heard.length >= 3);
  rig.tick(250);
  await until('a report came', () => rig.far.reports.length === 1);
  const [report] = rig.far.reports[0] ?? [];
  expect(report).toMatchObject({
    kind: 'sender-report',
    blocks: [{ ssrc: rig.far.ssrc, lost: 2, fractionLost: Math.floor((2 * 256) / 6) }],
  });
  const sentAtMs = wallMs + rig.nowMs;
  const block = { ssrc: rig.far.packets[0]?.ssrc ?? 0, fractionLost: 64, lost: 1, highestSequence: 5, jitter: 3 };
  rig.nowMs += 120;
  rig.far.send(
    writeReport({
      ssrc: rig.far.ssrc,
      name: 'x',
      sent: undefined,
      blocks: [{ ...block, lastReport: ntpMiddle(sentAtMs), sinceLastReport: 65_536 * 0.04 }],
    }),
  );
  await rig.settled();
  rig.tick(100);
  expect(rig.news?.stats).toMatchObject({ packets: 4, lost: 2, farLostShare: 0.25 });
  expect(rig.news?.stats.roundTripMs).toBeCloseTo(80, 0);
});

test('a call that is closed says goodbye in its reports, and does nothing any more', async () => {
  const rig = await begin();
  rig.far.speak(1);
  await rig.hears(1);
  await rig.call.close();
  await until('it said goodbye', () => rig.far.reports.flat().some(({ kind }) => kind === 'goodbye'));
  rig.told = [];
  rig.play(100);
  rig.tick(10);
  await expect(rig.call.ask({ kind: 'reoffer' })).rejects.toMatchObject({ reason: 'unavailable' });
  expect(rig.told).toEqual([]);
});

test('a port that another kind of call has is left to it', async () => {
  const taken = createSocket('udp6').bind(39_612);
  await once(taken, 'listening');
  const call = await RtpCall.open(1, plain, { address: '127.0.0.1', portRange: [39_610, 39_615] }, new Rig().duties);
  const other = await RtpCall.open(1, plain, { address: '127.0.0.1', portRange: [39_610, 39_615] }, new Rig().duties);
  expect([call, other].map((call) => Number(/m=audio (\d+)/.exec(call.offer())?.[1])).toSorted((a, b) => a - b)).toEqual([39_610, 39_614]);
  taken.close();
  await Promise.all([call.close(), other.close()]);
});

test('two calls in a range for two have ports of their own, and a third has none', async () => {
  const range = [39_501, 39_505] as const;
  const duties = new Rig().duties;
  const open = () => RtpCall.open(1, plain, { address: '127.0.0.1', portRange: range }, duties);
  const calls = [await open(), await open()];
  const ports = calls.map((call) => Number(/m=audio (\d+)/.exec(call.offer())?.[1]));
  expect(ports.toSorted((a, b) => a - b)).toEqual([39_502, 39_504]);
  await expect(open()).rejects.toMatchObject({ reason: 'unavailable', status: 503 });
  await calls[0]?.close();
  calls.push(await open());
  await Promise.all(calls.map((call) => call.close()));
});
