// The clock of a media worker: on time over hours, and never in a hurry.
import { expect, test } from 'vitest';
import { ManualClock, type Timer } from '../../../src/lib/clock.ts';
import { Pacer } from '../../../src/transports/rtp/pacer.ts';

/** A clock whose timers ring late, by what `lateMs` says, as those of a busy thread do. */
class LateClock extends ManualClock {
  lateMs: () => number = () => 0;

  override after(delayMs: number, task: () => void): Timer {
    return super.after(Math.max(0, delayMs) + this.lateMs(), task);
  }
}

function rig(lateMs: () => number = () => 0) {
  const clock = new LateClock();
  clock.lateMs = lateMs;
  const ticks: { atMs: number; leftOut: number }[] = [];
  const pacer = new Pacer(clock, (leftOut) => ticks.push({ atMs: clock.now(), leftOut }));
  return { clock, ticks, pacer };
}

test('a tick comes every 20 ms', () => {
  const { clock, ticks, pacer } = rig();
  pacer.start();
  clock.advance(100);
  expect(ticks.map(({ atMs }) => atMs)).toEqual([20, 40, 60, 80, 100]);
});

test('timers that are always late do not add up: after ten minutes every tick has come', () => {
  let n = 0;
  const { clock, ticks, pacer } = rig(() => (n++ % 7) * 2.3);
  pacer.start();
  clock.advance(600_000);
  expect(ticks.length).toBeGreaterThanOrEqual(29_999);
  expect(ticks.length).toBeLessThanOrEqual(30_000);
  expect(ticks.every(({ leftOut }) => leftOut === 0)).toBe(true);
});

test('a thread that stood still does three ticks at once and leaves out the others, saying how many', () => {
  let lateMs = 0;
  const { clock, ticks, pacer } = rig(() => lateMs);
  pacer.start();
  lateMs = 500;
  clock.advance(20);
  lateMs = 0;
  clock.advance(600);
  const late = ticks.filter(({ atMs }) => atMs === 540);
  // Due at 40, 60, ... 540: 26 ticks.
  expect(late).toEqual([
    { atMs: 540, leftOut: 23 },
    { atMs: 540, leftOut: 0 },
    { atMs: 540, leftOut: 0 },
  ]);
  expect(ticks.reduce((sum, { leftOut }) => sum + 1 + leftOut, 0)).toBe(31);
});

test('ticks that take longer than there is time for are done three at a time, with room for others between them', () => {
  const clock = new ManualClock();
  const rings: { done: number; leftOut: number }[] = [];
  let workedMs = 0;
  const nowMs = () => clock.now() + workedMs;
  const busy = new Pacer(
    {
      now: nowMs,
      wallMs: () => 0,
      // No timer rings at once, however late it is.
      after: (delayMs, task) =>
        clock.after(Math.max(1, delayMs), () => {
          rings.push({ done: 0, leftOut: 0 });
          task();
        }),
    },
    (leftOut) => {
      const ring = rings.at(-1);
      if (ring) ring.done++;
      if (ring) ring.leftOut += leftOut;
      workedMs += 30;
    },
  );
  busy.start();
  clock.advance(100);
  expect(Math.max(...rings.map(({ done }) => done))).toBe(3);
  const reckoned = rings.reduce((sum, { done, leftOut }) => sum + done + leftOut, 0);
  expect(Math.abs(reckoned - nowMs() / 20)).toBeLessThan(6);
});

test('a pacer that is stopped is silent, from within a tick as well, and starts anew with no debt', () => {
  const { clock, ticks, pacer } = rig();
  pacer.start();
  pacer.start();
  clock.advance(20);
  pacer.stop();
  clock.advance(1000);
  expect(ticks).toHaveLength(1);
  pacer.start();
  clock.advance(20);
  expect(ticks).toEqual([
    { atMs: 20, leftOut: 0 },
    { atMs: 1040, leftOut: 0 },
  ]);
});

test('a tick that goes wrong does not stop the ones after it', () => {
  const clock = new ManualClock();
  let ticks = 0;
  const pacer = new Pacer(clock, () => {
    ticks++;
    if (ticks === 2) throw new Error('one call went wrong');
  });
  pacer.start();
  clock.advance(20);
  expect(() => clock.advance(20)).toThrow('one call went wrong');
  clock.advance(40);
  expect(ticks).toBe(4);
  pacer.stop();
});
