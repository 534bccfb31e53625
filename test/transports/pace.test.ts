// How fast messages are taken from connections, and that nobody else's wait with them.
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { type Pace, Paces } from '../../src/transports/pace.ts';

const mebibyte = 1024 * 1024;

async function take(pace: Pace, count: number, bytes = 100): Promise<void> {
  for (let taken = 0; taken < count; taken++) await pace.take(bytes);
}

/** How many of the messages that wait have been taken so far. */
function taking(pace: Pace, bytes: number): { taken: number } {
  const state = { taken: 0 };
  const work = async () => {
    for (;;) {
      await pace.take(bytes);
      state.taken += 1;
    }
  };
  void work();
  return state;
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate();
}

test('half a minute of sound in small pieces is taken at once, and what comes beyond at five times the pace of speech', async () => {
  const clock = new ManualClock();
  const pace = new Paces(clock).open('key_1');
  await take(pace, 1500);
  const more = taking(pace, 100);
  await turns(5);
  expect(more.taken).toBe(0);
  for (let tick = 0; tick < 250; tick++) {
    clock.advance(4);
    await turns(2);
  }
  expect(more.taken).toBe(250);
});

test('one message of a connection is taken in a turn of the loop, and one of each other beside it', async () => {
  const paces = new Paces(new ManualClock());
  const [first, second] = [taking(paces.open('key_1'), 100), taking(paces.open('key_1'), 100)];
  for (let turn = 1; turn <= 20; turn++) {
    await setImmediate();
    expect(first.taken).toBeLessThanOrEqual(turn + 1);
    expect(Math.abs(first.taken - second.taken)).toBeLessThanOrEqual(1);
  }
  expect(first.taken).toBeGreaterThan(15);
});

test('what the connections of a key send in large messages is bounded together, and another key does not wait for it', async () => {
  const clock = new ManualClock();
  const paces = new Paces(clock);
  const many = Array.from({ length: 8 }, () => taking(paces.open('key_1'), mebibyte));
  const sum = () => many.reduce((total, { taken }) => total + taken, 0);
  await turns(200);
  expect(sum()).toBe(64);
  await take(paces.open('key_2'), 10, mebibyte);
  for (let second = 0; second < 5; second++) {
    for (let tick = 0; tick < 100; tick++) {
      clock.advance(10);
      await turns(2);
    }
  }
  expect(sum()).toBeGreaterThanOrEqual(64 + 5 * 4 - 2);
  expect(sum()).toBeLessThanOrEqual(64 + 5 * 4 + 8);
});

test('small messages go on beside large ones that wait', async () => {
  const paces = new Paces(new ManualClock());
  await take(paces.open('key_1'), 64, mebibyte);
  const [large, small] = [taking(paces.open('key_1'), mebibyte), taking(paces.open('key_1'), 100)];
  await turns(100);
  expect(large.taken).toBe(0);
  expect(small.taken).toBeGreaterThan(90);
});

test('a message of the largest kind is taken, and made up for afterwards', async () => {
  const clock = new ManualClock();
  const pace = new Paces(clock).open('key_1');
  await take(pace, 4, 21 * mebibyte);
  const next = taking(pace, mebibyte);
  await turns(5);
  expect(next.taken).toBe(0);
  clock.advance(5100);
  await turns(5);
  expect(next.taken).toBe(0);
  clock.advance(5100);
  await turns(5);
  expect(next.taken).toBe(1);
});

test('a connection that has ended is not waited for', async () => {
  const pace = new Paces(new ManualClock()).open('key_1');
  await take(pace, 1500);
  let over = false;
  const last = pace.take(100).then(() => {
    over = true;
  });
  await turns(5);
  expect(over).toBe(false);
  pace.end();
  await last;
  expect(over).toBe(true);
});
