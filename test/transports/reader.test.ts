// Who reads and who does not, with a line and a clock under the test's hand.
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { Reader } from '../../src/transports/reader.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** A reader that so many bytes wait for. */
function open(waitingBytes: number) {
  const clock = new ManualClock();
  const line = { takenBytes: 0, waitingBytes: 0 };
  let givenUp = 0;
  const reader = new Reader(line, clock, () => givenUp++);
  const write = (bytes: number) => {
    line.waitingBytes += bytes;
    reader.wrote();
  };
  const take = (bytes: number) => {
    line.waitingBytes -= bytes;
    line.takenBytes += bytes;
    reader.took();
  };
  write(waitingBytes);
  return { clock, line, reader, write, take, givenUp: () => givenUp };
}

test('a reader that takes nothing is given up after 30 s, once, however much is written meanwhile', () => {
  const { clock, write, givenUp } = open(2 * mebibyte);
  for (let second = 0; second < 29; second++) {
    clock.advance(1000);
    write(kibibyte);
  }
  expect(givenUp()).toBe(0);
  clock.advance(1000);
  expect(givenUp()).toBe(1);
  clock.advance(100_000);
  expect(givenUp()).toBe(1);
});

test('a mebibyte may wait for as long as it likes', () => {
  const { clock, write, givenUp } = open(mebibyte);
  clock.advance(600_000);
  expect(givenUp()).toBe(0);
  write(1);
  clock.advance(30_000);
  expect(givenUp()).toBe(1);
});

test('a reader that takes its time is not given up as long as it takes some', () => {
  const { clock, line, take, givenUp } = open(40 * mebibyte);
  while (line.waitingBytes > mebibyte) {
    clock.advance(29_000);
    take(256 * kibibyte);
  }
  clock.advance(600_000);
  expect(givenUp()).toBe(0);
});

test('a reader that was slow and catches up begins anew', () => {
  const { clock, write, take, givenUp } = open(2 * mebibyte);
  clock.advance(29_000);
  take(mebibyte);
  clock.advance(100_000);
  write(mebibyte);
  clock.advance(29_999);
  expect(givenUp()).toBe(0);
  clock.advance(1);
  expect(givenUp()).toBe(1);
});

test('a trickle is no reading: less than 256 KiB in 30 s counts as nothing', () => {
  const { clock, take, givenUp } = open(40 * mebibyte);
  for (let second = 0; second < 30; second++) {
    expect(givenUp()).toBe(0);
    clock.advance(1000);
    take(8 * kibibyte);
  }
  expect(givenUp()).toBe(1);
});

test('who waits for less to be waiting is told when it is so, and when nobody reads any more', async () => {
  const { clock, reader, take } = open(10 * mebibyte);
  const told: string[] = [];
  const waits = [8, 4, 1].map((mebibytes) => reader.below(mebibytes * mebibyte).then(() => told.push(`below ${mebibytes}`)));
  take(mebibyte);
  await Promise.resolve();
  expect(told).toEqual([]);
  take(6 * mebibyte);
  await Promise.all(waits.slice(0, 2));
  expect(told).toEqual(['below 8', 'below 4']);
  clock.advance(30_000);
  await Promise.all(waits);
  await reader.below(0);
});

test('a connection that ends is not given up afterwards', () => {
  const { clock, reader, write, givenUp } = open(2 * mebibyte);
  reader.end();
  write(mebibyte);
  clock.advance(100_000);
  expect(givenUp()).toBe(0);
});
