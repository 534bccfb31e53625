// Who is heard from all the time, and is not any more, is silent soon; who never was is silent late.
import { expect, test } from 'vitest';
import { SilenceWatch } from '../../../src/transports/rtp/silence-watch.ts';

const tickMs = 20;

/** What was told, of a far side that sends a packet in each of these ticks. */
function told(ticks: number, sends: (tick: number) => boolean): { atMs: number; silentMs: number }[] {
  const reports: { atMs: number; silentMs: number }[] = [];
  let nowMs = 0;
  let signs = 0;
  const watch = new SilenceWatch(0, (silentMs) => reports.push({ atMs: nowMs, silentMs }));
  for (let tick = 0; tick < ticks; tick++) {
    nowMs += tickMs;
    if (sends(tick)) signs++;
    watch.tick(signs, nowMs);
  }
  return reports;
}

test('one that is heard from in every tick, and then no more, is silent after a tenth of a second', () => {
  const [first] = told(100, (tick) => tick < 50);
  expect(first?.atMs).toBeLessThanOrEqual(50 * tickMs + 160);
});

test('one whose line breaks within its first look is silent as soon', () => {
  const [first] = told(40, (tick) => tick < 5);
  expect(first?.atMs).toBeLessThanOrEqual(5 * tickMs + 160);
});

test('one that is heard from once a second is not silent between', () => {
  expect(told(500, (tick) => tick % 50 === 0)).toEqual([]);
});

test('that it is heard again is told once', () => {
  const reports = told(100, (tick) => tick < 30 || tick > 60);
  expect(reports.filter(({ silentMs }) => silentMs === 0)).toHaveLength(1);
});
