// The threads calls live in: who gets which, what is left when one dies or hangs, and that nothing stays behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { ManualClock, systemClock } from '../../../src/lib/clock.ts';
import { type Log, silentLog } from '../../../src/lib/log.ts';
import { toBytes } from '../../../src/media/pcm.ts';
import type { CallEnd, CallEvents } from '../../../src/transports/calls/call.ts';
import type { CallMediaOptions } from '../../../src/transports/webrtc/media.ts';
import { WeriftMedia } from '../../../src/transports/webrtc/werift-media.ts';
import { Caller, tone, until } from './caller.ts';
import { audio, data, offer } from './offers.ts';

const options: CallMediaOptions = {
  workers: 2,
  mostCalls: 50,
  portRange: undefined,
  publicAddress: undefined,
  interfaces: [],
  tcp: false,
  candidates: undefined,
  iceServers: [],
};
const faulty = new URL('./faulty-media-worker.ts', import.meta.url);
const silent = new URL('./silent-media-worker.ts', import.meta.url);
const dying = new URL('./dying-media-worker.ts', import.meta.url);

let media: WeriftMedia;
let clock: ManualClock;
const callers: Caller[] = [];

function start(worker?: URL, more: Partial<CallMediaOptions> = {}, log: Log = silentLog): void {
  media = new WeriftMedia({ ...options, ...more }, { log, clock: systemClock }, worker);
}

/** With workers that say next to nothing, and a clock that stands. */
function startSilent(): void {
  clock = new ManualClock();
  media = new WeriftMedia(options, { log: silentLog, clock }, silent);
}

async function ring(): Promise<Caller> {
  const caller = await Caller.call(media);
  callers.push(caller);
  await until('the channel is open', () => caller.told.opened === 1);
  return caller;
}

function events(ends: CallEnd[], onOpen = () => {}): CallEvents {
  return { onSound() {}, onOpen, onMessage() {}, onPlayed() {}, onDigit() {}, onTaken() {}, onEnd: (end) => ends.push(end) };
}

afterEach(async () => {
  await Promise.all(callers.splice(0).map((caller) => caller.hangUp()));
  await media.close();
});

test('a worker that dies ends its own calls, those of the other do not notice, and the next call gets a new one', async () => {
  start(faulty);
  const [one, two] = [await ring(), await ring()];
  const heard = two.heard.length;
  one.call.send('die');
  await until('it ended', () => one.told.ends.length > 0);
  expect(one.told.ends).toEqual(['crashed']);
  expect(one.call.send('hello?')).toBe(false);
  one.call.play(toBytes(tone(400, 100)));
  one.call.clear();
  one.call.close();
  expect(media.size).toBe(1);
  await until('sound goes on', () => two.heard.length > heard + 25);
  expect(two.call.send('still here')).toBe(true);
  await until('messages go on', () => two.messages.includes('still here'));
  expect(two.told.ends).toEqual([]);
  const three = await ring();
  expect(media.size).toBe(2);
  expect(media.losses).toBe(1);
  three.call.send('hello');
  await until('the new one works', () => three.messages.includes('hello'));
});

test('a fault nobody caught in a worker is logged, and its calls go on', async () => {
  const faults: unknown[] = [];
  start(faulty, { workers: 1 }, { ...silentLog, warn: (fields) => faults.push(fields) });
  const caller = await ring();
  for (const text of ['reject', 'throw', 'still here']) caller.call.send(text);
  await until('messages go on', () => caller.messages.includes('still here'));
  await until('they are logged', () => faults.length === 2);
  expect(JSON.stringify(faults)).toContain('nobody listens');
  expect(JSON.stringify(faults)).toContain('nobody catches');
});

test('calls are spread over the workers, the next where there are fewest', async () => {
  start(faulty);
  const four = [await ring(), await ring(), await ring(), await ring()];
  four[0]?.call.send('die');
  await until('two ended', () => four.filter(({ told }) => told.ends.length > 0).length === 2);
  expect(media.size).toBe(2);
});

test('a worker that does not answer any more is ended like one that died', async () => {
  startSilent();
  const ends: CallEnd[] = [];
  await media.answer('please', events(ends));
  await media.answer('please', events(ends));
  clock.advance(14_999);
  expect(ends).toEqual([]);
  clock.advance(1);
  expect(ends).toEqual(['crashed', 'crashed']);
  expect(media.size).toBe(0);
});

test('a worker that dies again and again is replaced ever more seldom, and calls are refused at once meanwhile', async () => {
  clock = new ManualClock();
  media = new WeriftMedia({ ...options, workers: 1 }, { log: silentLog, clock }, dying);
  const dies = () => expect(media.answer('die', events([]))).rejects.toThrow('its worker is gone');
  const rests = () => expect(media.answer('please', events([]))).rejects.toThrow('just being started again');
  await dies();
  // The first time, at once.
  await dies();
  for (const restMs of [100, 200, 400]) {
    await rests();
    clock.advance(restMs - 1);
    await rests();
    clock.advance(1);
    await dies();
  }
  clock.advance(800);
  // It has done something: the next loss is the first again.
  const ends: CallEnd[] = [];
  const { promise: opened, resolve } = Promise.withResolvers<void>();
  const call = await media.answer('please', events(ends, resolve));
  await opened;
  call.send('die');
  await until('it ended', () => ends.length > 0);
  expect(ends).toEqual(['crashed']);
  await media.answer('please', events([]));
});

test('a call that is not answered within ten seconds is refused', async () => {
  startSilent();
  const answered = media.answer('anything else', events([]));
  clock.advance(10_000);
  await expect(answered).rejects.toMatchObject({ name: 'CallError', reason: 'unavailable' });
  expect(media.size).toBe(0);
});

test('messages that nobody takes are refused when 16 MiB wait, and not by the size of one', async () => {
  startSilent();
  const { promise: opened, resolve } = Promise.withResolvers<void>();
  const call = await media.answer('please', events([], resolve));
  await opened;
  const text = 'x'.repeat(200_000);
  expect(Array.from({ length: 100 }, () => call.send(text)).filter(Boolean)).toHaveLength(84);
  expect(call.waitingBytes).toBe(84 * 200_000);
});

test('closing ends all calls without telling them, refuses what is being answered, and takes no more', async () => {
  startSilent();
  const ends: CallEnd[] = [];
  await media.answer('please', events(ends));
  const answered = media.answer('anything else', events(ends));
  const closed = media.close();
  await expect(answered).rejects.toMatchObject({ reason: 'unavailable' });
  await closed;
  expect(media.size).toBe(0);
  expect(ends).toEqual([]);
  await expect(media.answer('please', events(ends))).rejects.toMatchObject({ reason: 'unavailable' });
});

/** What the whole process has open: sockets of its threads, too. */
const handles = () => readdirSync('/proc/self/fd').length;

test.skipIf(!existsSync('/proc/self/fd'))(
  'thirty calls that came and went leave nothing open',
  async () => {
    start(undefined, { workers: 1 });
    await media.warmUp();
    const cycle = async () => {
      const call = await media.answer(offer(audio(), data()), events([]));
      call.play(toBytes(tone(500, 100)));
      call.close();
    };
    const connected = async () => {
      const caller = await Caller.call(media);
      await until('the channel is open', () => caller.told.opened === 1);
      await caller.hangUp();
      await until('it is over', () => media.size === 0);
    };
    await cycle();
    await connected();
    const before = handles();
    for (let n = 0; n < 25; n++) await cycle();
    for (let n = 0; n < 5; n++) await connected();
    await until('all is closed', () => handles() <= before);
    expect(media.size).toBe(0);
  },
  60_000,
);

test('a process whose calls are over ends by itself, with its workers still there', async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./one-call.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  expect(said.toString()).toContain('over');
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(0);
});
