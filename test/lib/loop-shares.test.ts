// Whose turn it is on the main loop, by how long tasks took. The clock stands still but for what the tasks themselves take.
import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { type LoopShare, LoopShares, type TaskSize } from '../../src/lib/loop-shares.ts';

let tests = new AbortController();
afterEach(async () => {
  tests.abort();
  await setImmediate();
  tests = new AbortController();
});

/** Time passes by itself when it is advanced, and besides while a task works. */
class WorkClock extends ManualClock {
  #workedMs = 0;

  override now(): number {
    return super.now() + this.#workedMs;
  }

  work(ms: number): void {
    this.#workedMs += ms;
  }
}

/** How many tasks of so many milliseconds a share has done, which always wants to do another. */
function working(clock: WorkClock, share: LoopShare, ms: number, size: TaskSize = {}): { done: number } {
  const state = { done: 0 };
  const { signal } = tests;
  const work = async () => {
    while (!signal.aborted) {
      await share.inTurn(() => {
        clock.work(ms);
        state.done += 1;
      }, size);
      // Another message is read.
      await Promise.resolve();
    }
  };
  void work();
  return state;
}

/** Turns of the loop, so many milliseconds apart. */
async function turns(clock: WorkClock, count: number, apartMs = 0): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    clock.advance(apartMs);
    await setImmediate();
  }
}

test('who is alone does as much as it likes, some milliseconds in each turn of the loop', async () => {
  const clock = new WorkClock();
  const state = working(clock, new LoopShares(clock).open('key_1'), 0.5);
  await turns(clock, 1);
  expect(state.done).toBeGreaterThanOrEqual(4);
  expect(state.done).toBeLessThanOrEqual(8);
  await turns(clock, 1000);
  expect(state.done).toBeGreaterThan(3900);
});

test('a task that takes long is the last one of its turn', async () => {
  const clock = new WorkClock();
  const state = working(clock, new LoopShares(clock).open('key_1'), 30);
  let before = 0;
  for (let turn = 0; turn < 10; turn++) {
    await setImmediate();
    expect(state.done - before).toBeLessThanOrEqual(2);
    before = state.done;
  }
  expect(state.done).toBeGreaterThanOrEqual(9);
});

test('the shares of a key take turns, and twenty of them have no more of a turn of the loop than one', async () => {
  const clock = new WorkClock();
  const shares = new LoopShares(clock);
  const states = Array.from({ length: 20 }, () => working(clock, shares.open('key_1'), 1));
  const sum = () => states.reduce((total, { done }) => total + done, 0);
  await turns(clock, 1);
  const [first, at] = [sum(), clock.now()];
  await turns(clock, 100);
  expect(sum() - first).toBeLessThanOrEqual(200);
  expect(sum() - first).toBeGreaterThanOrEqual(190);
  expect(clock.now() - at).toBeLessThanOrEqual(200);
  const done = states.map((state) => state.done);
  expect(Math.max(...done) - Math.min(...done)).toBeLessThanOrEqual(1);
});

test('beside another key one has some of each second only, more with more shares, and the other does not wait for it', async () => {
  const clock = new WorkClock();
  const waits: number[] = [];
  const shares = new LoopShares(clock, (seconds) => waits.push(seconds));
  const quiet = shares.open('key_2');
  const states = Array.from({ length: 10 }, () => working(clock, shares.open('key_1'), 2));
  const sum = () => states.reduce((total, { done }) => total + done, 0);
  // What it had saved up is soon gone.
  await turns(clock, 1000, 2);
  const before = sum();
  const fromMs = clock.now();
  await turns(clock, 1000, 5);
  const share = ((sum() - before) * 2) / (clock.now() - fromMs);
  // 60 ms a second, and 2 for each of the ten.
  expect(share).toBeGreaterThan(0.07);
  expect(share).toBeLessThan(0.09);
  expect(waits.some((seconds) => seconds > 0.1)).toBe(true);
  let done = 0;
  for (let task = 0; task < 100; task++) expect(quiet.inTurn(() => (done += 1))).toBe(undefined);
  expect(done).toBe(100);
});

test('sound at the pace of speech pays for itself, and sound that comes faster does not', async () => {
  const clock = new WorkClock();
  const shares = new LoopShares(clock);
  shares.open('key_2');
  const speaker = shares.open('key_1');
  const frame = { bytes: 1000, soundMs: 20 };
  let waited = 0;
  for (let at = 0; at < 3000; at++) {
    clock.advance(20);
    const wait = speaker.inTurn(() => clock.work(0.35), frame);
    if (wait) waited += 1;
    await wait;
    await setImmediate();
  }
  expect(waited).toBe(0);
  const hurried = working(clock, shares.open('key_3'), 0.35, frame);
  await turns(clock, 3000, 1);
  const before = hurried.done;
  const fromMs = clock.now();
  await turns(clock, 5000, 1);
  const seconds = (clock.now() - fromMs) / 1000;
  // 62 ms a second, and the 20 that a second of its sound brings along: for 0.39 ms of each frame, and 0.2 more where it comes faster.
  const frames = (hurried.done - before) / seconds;
  expect(frames).toBeGreaterThan(120);
  expect(frames).toBeLessThan(190);
});

test('the length of a message counts as well', async () => {
  const clock = new WorkClock();
  const shares = new LoopShares(clock);
  shares.open('key_2');
  const state = working(clock, shares.open('key_1'), 0, { bytes: 1_000_000 });
  await turns(clock, 100);
  // 40 ms for each of them, of the 500 that were saved up.
  expect(state.done).toBe(13);
});

test('sound that is worked on between tasks counts as well', async () => {
  const clock = new WorkClock();
  const shares = new LoopShares(clock);
  shares.open('key_2');
  const share = shares.open('key_1');
  // 10 ms for each second of it, of the 500 that were saved up.
  share.owesFor(49_000);
  await setImmediate();
  expect(share.inTurn(() => {})).toBe(undefined);
  share.owesFor(2000);
  await setImmediate();
  expect(share.inTurn(() => {})).toBeInstanceOf(Promise);
});

test('what was taken alone is not owed to those who come later', async () => {
  const clock = new WorkClock();
  const shares = new LoopShares(clock);
  const busy = shares.open('key_1');
  for (let task = 0; task < 20; task++) await busy.inTurn(() => clock.work(100));
  shares.open('key_2');
  await setImmediate();
  clock.advance(10);
  let done = false;
  const wait = busy.inTurn(() => (done = true));
  await turns(clock, 5, 10);
  await wait;
  expect(done).toBe(true);
});

test('who leaves and comes back finds what was left', async () => {
  const clock = new WorkClock();
  const shares = new LoopShares(clock);
  shares.open('key_2');
  for (let visit = 0; visit < 10; visit++) {
    const share = shares.open('key_1');
    share.atOnce(() => clock.work(100));
    share.end();
  }
  const share = shares.open('key_1');
  let done = false;
  const wait = share.inTurn(() => (done = true));
  await turns(clock, 10, 50);
  expect(done).toBe(false);
  await turns(clock, 200, 50);
  await wait;
  expect(done).toBe(true);
});

test('requests that belong to no connection wait as well, and so many only', async () => {
  const clock = new WorkClock();
  const shares = new LoopShares(clock);
  shares.open('key_2');
  let seen = 0;
  const ask = async (bytes: number) => {
    await shares.request('key_1', bytes);
    seen += 1;
  };
  // 40 ms each, of the 500 that were saved up.
  const asked = Array.from({ length: 300 }, () => ask(1_000_000));
  expect(shares.isCrowded('key_1')).toBe(true);
  await turns(clock, 20);
  expect(seen).toBe(13);
  expect(shares.isCrowded('key_2')).toBe(false);
  await turns(clock, 3000, 50);
  await Promise.all(asked);
  expect([seen, shares.isCrowded('key_1')]).toEqual([300, false]);
});

test('a share that ends does not do what waited, and its key goes on', async () => {
  const clock = new WorkClock();
  const shares = new LoopShares(clock);
  const [ending, staying] = [shares.open('key_1'), shares.open('key_1')];
  ending.atOnce(() => clock.work(5));
  const done: string[] = [];
  const [dropped, kept] = [ending.inTurn(() => done.push('ending')), staying.inTurn(() => done.push('staying'))];
  ending.end();
  ending.end();
  await dropped;
  await kept;
  await turns(clock, 3);
  expect(done).toEqual(['staying']);
});

test('what a task throws reaches whoever waits for it, and the next one is done', async () => {
  const clock = new WorkClock();
  const shares = new LoopShares(clock);
  const [one, other] = [shares.open('key_1'), shares.open('key_1')];
  one.atOnce(() => clock.work(5));
  const failing = one.inTurn(() => {
    throw new Error('broken');
  });
  let done = false;
  const next = other.inTurn(() => (done = true));
  await expect(failing).rejects.toThrow('broken');
  await next;
  expect(done).toBe(true);
});

test('a task within a task is part of it', async () => {
  const clock = new WorkClock();
  const shares = new LoopShares(clock);
  shares.open('key_2');
  const share = shares.open('key_1');
  share.atOnce(() => share.atOnce(() => clock.work(450)));
  await setImmediate();
  // Counted twice, it would be more than was saved up.
  expect(share.inTurn(() => {})).toBe(undefined);
});
