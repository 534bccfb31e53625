// The plug of telephone calls with its worker threads, over real sockets: calls from their descriptions to their end, beside WebRTC's ports.
import { readdirSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../../../src/lib/clock.ts';
import { type Log, silentLog } from '../../../../src/lib/log.ts';
import { encodeMuLaw } from '../../../../src/media/g711.ts';
import { fromBytes, toBytes } from '../../../../src/media/pcm.ts';
import { readCryptoLines } from '../../../../src/transports/sip/media/crypto-lines.ts';
import type { MediaHow } from '../../../../src/transports/sip/media/media-how.ts';
import {
  type MediaCall,
  openPhoneMedia,
  type PhoneMedia,
  type PhoneMediaOptions,
} from '../../../../src/transports/sip/media/phone-media.ts';
import type { CallEnd, CallEvents } from '../../../../src/transports/calls/call.ts';
import { FarSide, isLoud, loud, until } from './far-side.ts';

const options: PhoneMediaOptions = { workers: 2, mostCalls: 20, portRange: undefined, publicAddress: undefined, interfaces: ['127.0.0.1'] };
const how: MediaHow = { srtp: 'when-offered', secureSignalling: true };
const faulty = new URL('./faulty-phone-worker.ts', import.meta.url);

let media: PhoneMedia;
const fars: FarSide[] = [];

function start(script?: URL, more: Partial<PhoneMediaOptions> = {}, log: Log = silentLog): void {
  media = openPhoneMedia({ ...options, ...more }, { log, clock: systemClock }, script);
}

interface Told {
  readonly sounds: Int16Array[];
  readonly digits: string[];
  readonly holds: boolean[];
  readonly played: [number, number][];
  readonly ends: CallEnd[];
}

function listen(): { told: Told; events: CallEvents } {
  const told: Told = { sounds: [], digits: [], holds: [], played: [], ends: [] };
  const events: CallEvents = {
    onSound: (sound) => told.sounds.push(fromBytes(sound)),
    onOpen() {},
    onMessage() {},
    onPlayed: (sentMs, clears) => told.played.push([sentMs, clears]),
    onTaken() {},
    onDigit: (digit) => told.digits.push(digit),
    onHold: (held) => told.holds.push(held),
    onEnd: (end) => told.ends.push(end),
  };
  return { told, events };
}

async function ring(more: Parameters<FarSide['describe']>[0] = {}): Promise<{ call: MediaCall; far: FarSide; told: Told }> {
  const far = await FarSide.open();
  fars.push(far);
  const { told, events } = listen();
  const call = await media.answer(far.describe(more), how, events);
  far.hear(call.sdp);
  return { call, far, told };
}

afterEach(async () => {
  for (const far of fars.splice(0)) far.close();
  await media.close();
});

const silence = new Uint8Array(160).fill(0xff);

test('a call from its offer to its end: sound, a clear, keys, figures', async () => {
  start(undefined, { workers: 1 });
  const { call, far, told } = await ring();
  expect(call).toMatchObject({ mostMessageBytes: 0, held: false, media: 'rtp' });
  expect(call.send('hello')).toBe(false);
  far.speak(10);
  await until('it is heard', () => told.sounds.length === 10);
  expect(told.sounds.at(-1)?.some((sample) => sample > 7000)).toBe(true);
  call.play(toBytes(new Int16Array(24_000).fill(6000)));
  await until('it is said', () => far.packets.filter(({ payload }) => isLoud(payload)).length >= 10);
  call.clear();
  await until('the clear is told', () => told.played.some(([sentMs, clears]) => sentMs === 1000 && clears === 1));
  await call.sendDigits('12');
  await call.sendDigits('');
  expect(new Set(far.packets.filter(({ payloadType }) => payloadType === 101).map(({ payload }) => payload[0]))).toEqual(new Set([1, 2]));
  await until('figures are told', () => call.stats().packets === 10 && call.stats().sent > 50);
  expect(media.size).toBe(1);
  call.close();
  expect(media.size).toBe(0);
  expect(told.ends).toEqual([]);
  await expect(call.reoffer()).rejects.toMatchObject({ reason: 'unavailable' });
});

test('packets leave every 20 ms', async () => {
  start(undefined, { workers: 1 });
  const { far } = await ring();
  const startedMs = performance.now();
  await until('a second of them came', () => far.packets.length >= 51);
  expect(performance.now() - startedMs).toBeGreaterThan(900);
  expect(performance.now() - startedMs).toBeLessThan(1500);
});

test('an encrypted call tells that it is one', async () => {
  start(undefined, { workers: 1 });
  const key = readCryptoLines([`7 AEAD_AES_128_GCM inline:${Buffer.alloc(28, 5).toString('base64')}`])[0];
  const { call } = await ring({ ...(key ? { key } : {}) });
  expect(call.sdp).toContain('a=crypto:7 AEAD_AES_128_GCM inline:');
  await until('it tells', () => call.media === 'srtp');
  expect(call.held).toBe(false);
});

test('an offer of ours, hold and resume, and an offer in mid-call', async () => {
  start(undefined, { workers: 1 });
  const far = await FarSide.open();
  fars.push(far);
  const { told, events } = listen();
  const call = await media.offer({ ...how, srtp: 'off' }, events);
  expect(call.sdp).toContain('RTP/AVP 0 8 96 101 102');
  await call.accept(far.describe());
  far.hear(call.sdp).speak(1);
  await until('it is heard', () => told.sounds.length === 1);
  expect(await call.renegotiate(far.describe({ lines: ['a=sendonly'] }))).toContain('a=recvonly');
  expect(call.held).toBe(true);
  expect(await call.renegotiate(far.describe())).toContain('a=sendrecv');
  expect(call.held).toBe(false);
  expect(told.holds).toEqual([true, false]);
  expect(await call.reoffer()).toContain('m=audio');
  await call.accept(far.describe());
  await call.renegotiate(far.describe());
  await expect(call.accept(far.describe())).rejects.toMatchObject({ status: 400 });
  await expect(call.renegotiate('nonsense')).rejects.toMatchObject({ reason: 'rejected', status: 400 });
});

test('what cannot be answered is refused with its status, and leaves nothing', async () => {
  start(undefined, { workers: 1, mostCalls: 1 });
  const { events } = listen();
  await expect(media.answer('hello', how, events)).rejects.toMatchObject({ name: 'CallError', reason: 'rejected', status: 400 });
  await expect(media.answer((await ringless()).describe({ formats: '9' }), how, events)).rejects.toMatchObject({ status: 488 });
  expect(media.size).toBe(0);
  await ring();
  await expect(media.answer((await ringless()).describe(), how, events)).rejects.toMatchObject({ reason: 'full' });
  await expect(media.answer('v=0', { ...how, sources: ['nowhere'] }, events)).rejects.toThrow("'nowhere' is no address");
});

async function ringless(): Promise<FarSide> {
  const far = await FarSide.open();
  fars.push(far);
  return far;
}

test('a worker that dies ends its own calls, those of the other do not notice, and the next call gets a new one', async () => {
  start(faulty);
  const [one, two] = [await ring(), await ring()];
  const pressed = one.call.sendDigits('DDDD');
  await expect(pressed).rejects.toMatchObject({ reason: 'unavailable' });
  await until('it ended', () => one.told.ends.length > 0);
  expect(one.told.ends).toEqual(['crashed']);
  const before = two.told.sounds.length;
  two.far.speak(5);
  await until('the other is heard', () => two.told.sounds.length === before + 5);
  expect(two.told.ends).toEqual([]);
  const three = await ring();
  three.far.speak(1);
  await until('the new one works', () => three.told.sounds.length === 1);
  expect(media.losses).toBe(1);
});

test('a fault nobody caught in a worker is logged, and its calls go on', async () => {
  const faults: unknown[] = [];
  start(faulty, { workers: 1 }, { ...silentLog, warn: (fields) => faults.push(fields) });
  const { call, far, told } = await ring();
  await call.sendDigits('AAAA');
  far.speak(1);
  await until('sound goes on', () => told.sounds.length > 0);
  await until('it is logged', () => faults.length === 1);
  expect(JSON.stringify(faults)).toContain('nobody catches');
});

test('twenty calls that came and went leave no socket open', async () => {
  start(undefined, { workers: 1 });
  await media.warmUp();
  (await ring()).call.close();
  const handles = () => readdirSync('/proc/self/fd').length;
  for (const far of fars.splice(0)) far.close();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const before = handles();
  for (let n = 0; n < 20; n++) {
    const { call } = await ring();
    call.play(toBytes(new Int16Array(480)));
    call.close();
  }
  for (const far of fars.splice(0)) far.close();
  await until('all is closed', () => handles() <= before);
  expect(media.size).toBe(0);
});

test('closing ends all calls without telling, and takes no more', async () => {
  start();
  const { far, told } = await ring();
  far.speak(1, encodeMuLaw(loud(20)));
  far.speak(1, silence);
  await media.close();
  expect(media.size).toBe(0);
  expect(told.ends).toEqual([]);
  await expect(media.offer(how, listen().events)).rejects.toMatchObject({ reason: 'unavailable' });
});
