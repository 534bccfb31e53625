// Keys of a telephone as packets (RFC 4733): each is heard once however often it is told, and is told so that others hear it once.
import { expect, test } from 'vitest';
import { canBePressed, KeysIn, KeysOut } from '../../../src/transports/rtp/telephone-event.ts';

const event = (key: number, duration: number, end = false) => Uint8Array.of(key, (end ? 0x80 : 0) | 10, duration >> 8, duration & 0xff);

test('a key is heard with its first packet and no other of its timestamp', () => {
  const keys = new KeysIn();
  const heard = [160, 320, 480, 480, 480].map((duration, i) => keys.take(event(5, duration, i >= 2), 1000, i * 20));
  expect(heard).toEqual(['5', undefined, undefined, undefined, undefined]);
});

test('the same key twice is two keys, since the second begins at another time', () => {
  const keys = new KeysIn();
  expect(keys.take(event(1, 160), 1000, 0)).toBe('1');
  expect(keys.take(event(1, 320, true), 1000, 20)).toBeUndefined();
  expect(keys.take(event(1, 160), 3000, 200)).toBe('1');
});

test('a key whose beginning was lost is heard by its end', () => {
  const keys = new KeysIn();
  expect(keys.take(event(11, 800, true), 1000, 0)).toBe('#');
  expect(keys.isHeld(0)).toBe(false);
});

test('all keys have their names, and flashes of the hook have none', () => {
  const keys = new KeysIn();
  const heard = Array.from({ length: 17 }, (_, key) => keys.take(event(key, 160), key * 2000, 0));
  expect(heard).toEqual([...'0123456789*#ABCD', undefined]);
});

test('a key is held until its end is told; without one until nothing has been told of it for 200 ms', () => {
  const keys = new KeysIn();
  keys.take(event(1, 160), 1000, 0);
  expect(keys.isHeld(150)).toBe(true);
  keys.take(event(1, 320, true), 1000, 160);
  expect(keys.isHeld(161)).toBe(false);
  keys.take(event(2, 160), 5000, 1000);
  expect(keys.isHeld(1200)).toBe(true);
  expect(keys.isHeld(1201)).toBe(false);
  // A packet of it that comes late, after its end, does not press it again.
  keys.take(event(3, 160, true), 9000, 2000);
  keys.take(event(3, 80), 9000, 2020);
  expect(keys.isHeld(2030)).toBe(false);
});

test('a packet of a key before the last, which came late, is no key', () => {
  const keys = new KeysIn();
  keys.take(event(1, 160), 1000, 0);
  keys.take(event(2, 160), 4000, 400);
  expect(keys.take(event(1, 480, true), 1000, 420)).toBeUndefined();
  expect(keys.take(event(2, 480, true), 4000, 440)).toBeUndefined();
});

test('what is shorter than an event is none', () => {
  expect(new KeysIn().take(Uint8Array.of(1, 2, 3), 1000, 0)).toBeUndefined();
});

test('a key is pressed for 160 ms in growing durations, ends three times, and is followed by 80 ms of nothing', async () => {
  const keys = new KeysOut(20, 8000);
  const pressed = keys.press('5');
  const ticks = Array.from({ length: 13 }, () => keys.next());
  expect(ticks.map((packets) => packets.length)).toEqual([1, 1, 1, 1, 1, 1, 1, 3, 0, 0, 0, 0, 0]);
  const packets = ticks.flat();
  expect(packets.map(({ payload }) => ((payload[2] as number) << 8) | (payload[3] as number))).toEqual([
    160, 320, 480, 640, 800, 960, 1120, 1280, 1280, 1280,
  ]);
  expect(packets.map(({ payload }) => (payload[1] as number) >> 7)).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
  expect(packets.map(({ first }) => first)).toEqual([true, ...Array.from({ length: 9 }, () => false)]);
  await pressed;
  expect(keys.size).toBe(0);
});

test('keys come one after another, with half a second for each pause, and whoever asked is told when theirs are done', async () => {
  const keys = new KeysOut(20, 8000);
  const done: string[] = [];
  const asked = [keys.press('1w2').then(() => done.push('1w2')), keys.press('#').then(() => done.push('#'))];
  const heard: number[] = [];
  for (let tick = 0; tick < 12 + 25 + 12; tick++) for (const { payload, first } of keys.next()) if (first) heard.push(payload[0] as number);
  await asked[0];
  expect(done).toEqual(['1w2']);
  for (let tick = 0; tick < 12; tick++) for (const { payload, first } of keys.next()) if (first) heard.push(payload[0] as number);
  await asked[1];
  expect(heard).toEqual([1, 2, 11]);
});

test('whoever waits for a key is let go when there is nobody to press it', async () => {
  const keys = new KeysOut(20, 8000);
  const pressed = keys.press('123');
  keys.drop();
  await pressed;
  expect(keys.next()).toEqual([]);
});

test('keys are those of a telephone', () => {
  expect(['0123456789*#ABCD', 'w1w'].map(canBePressed)).toEqual([true, true]);
  expect(['', '+1', 'E', '1 2', 'a'].map(canBePressed)).toEqual([false, false, false, false, false]);
});
