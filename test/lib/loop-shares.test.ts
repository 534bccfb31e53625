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
      await share.inShare(() => {
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
  for (let task = 0; task < 100; task++) expect(quiet.inShare(() => (done += 1))).toBe(undefined);
  expect(done).toBe(100);
});

test('sound at the pace of speech brings time along, and waits for its turn only', async () => {
  const clock = new WorkClock();
  const shares = new LoopShares(clock);
  shares.open('key_2');
  const speaker = shares.open('key_1');
  const frame = { bytes: 1000, soundMs: 20 };
  const speak = async (frames: number, ms: number) => {
    let waited = 0;
    for (let at = 0; at < frames; at++) {
      clock.advance(20);
      const wait = speaker.inShare(() => clock.work(ms), frame);
      if (wait) waited += 1;
      await setImmediate();
      await wait;
    }
    return waited;
  };
  // 40 ms of the loop for a second of sound are more than it brings: what is missing is owed, and no sound waits for that.
  expect(await speak(3000, 0.8)).toBe(0);
  speaker.owesFor(100_000);
  await setImmediate();
  expect(await speak(100, 0.2)).toBe(0);
  // The other sessions of its key wait no longer than half a second is owed.
  const other = shares.open('key_1');
  const wait = other.inShare(() => {});
  expect(wait).toBeInstanceOf(Promise);
  await turns(clock, 200, 50);
  await wait;
});

test('conversations of one key pay for what they cost, however many there are', async () => {
  const clock = new WorkClock();
  const shares = new LoopShares(clock);
  shares.open('key_2');
  const speakers = Array.from({ length: 20 }, () => [shares.open('key_1'), shares.open('key_1')] as const);
  let waited = 0;
  for (let at = 0; at < 1000; at++) {
    clock.advance(20);
    for (const [line, session] of speakers) {
      await line.inTurn(() => clock.work(0.02));
      await session.inShare(() => clock.work(0.08), { bytes: 1300, soundMs: 20 });
      // What an answer costs, on the mean.
      session.atOnce(() => clock.work(0.04));
      await setImmediate();
    }
    if (at % 50 === 0 && speakers[0]?.[1].inShare(() => {})) waited += 1;
  }
  expect(waited).toBe(0);
});

test('sound that comes faster than speech waits', async () => {
  const clock = new WorkClock();
  const shares = new LoopShares(clock);
  shares.open('key_2');
  const hurried = working(clock, shares.open('key_1'), 0.35, { bytes: 1000, soundMs: 20 });
  await turns(clock, 3000, 1);
  const before = hurried.done;
  const fromMs = clock.now();
  await turns(clock, 5000, 1);
  const seconds = (clock.now() - fromMs) / 1000;
  // 62 ms a second, and the 10 that a second of its sound brings along: for 0.39 ms of each frame, and 0.2 more where it comes faster.
  const frames = (hurried.done - before) / seconds;
  expect(frames).toBeGreaterThan(90);
  expect(frames).toBeLessThan(170);
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
  expect(share.inShare(() => {})).toBe(undefined);
  share.owesFor(2000);
  await setImmediate();
  expect(share.inShare(() => {})).toBeInstanceOf(Promise);
  // Nobody waits for reading to be paid for.
  expect(shares.open('key_1').inTurn(() => {})).toBe(undefined);
});

test.each([
  ['alone', false, 5],
  ['beside another key', true, 1],
] as const)('what waits for time is done at last, %s, however much is read meanwhile', async (_, beside, ms) => {
  const clock = new WorkClock();
  const shares = new LoopShares(clock);
  if (beside) shares.open('key_2');
  const [reading, asking] = [shares.open('key_1'), shares.open('key_1')];
  asking.owesFor(1e6);
  const { signal } = tests;
  const read = async () => {
    while (!signal.aborted) {
      await reading.inTurn(() => clock.work(ms));
      if (ms < 2) await setImmediate();
    }
  };
  void read();
  await setImmediate();
  let done = false;
  void asking.inShare(() => (done = true));
  await turns(clock, 500, 20);
  expect(done).toBe(true);
});

test('a standstill of the machine in the middle of a task is not owed for long', async () => {
  const clock = new WorkClock();
  const shares = new LoopShares(clock);
  shares.open('key_2');
  const share = shares.open('key_1');
  share.atOnce(() => clock.work(60_000));
  let done = false;
  const wait = share.inShare(() => (done = true));
  await turns(clock, 180, 50);
  expect(done).toBe(true);
  await wait;
});

test('what waits is looked at by one timer, however often those who wait come and go', async () => {
  const clock = new WorkClock();
  const shares = new LoopShares(clock);
  shares.open('key_2');
  shares.open('key_1').owesFor(1e6);
  let timers = 0;
  const after = clock.after.bind(clock);
  clock.after = (delayMs, task) => {
    timers += 1;
    return after(delayMs, task);
  };
  await setImmediate();
  for (let visit = 0; visit < 100; visit++) {
    const share = shares.open('key_1');
    const wait = share.inShare(() => {});
    share.end();
    await wait;
  }
  expect(timers).toBe(1);
});

test('what was taken alone is not owed to those who come later', async () => {
  const clock = new WorkClock();
  const shares = new LoopShares(clock);
  const busy = shares.open('key_1');
  for (let task = 0; task < 20; task++) await busy.inShare(() => clock.work(100));
  shares.open('key_2');
  await setImmediate();
  clock.advance(10);
  let done = false;
  const wait = busy.inShare(() => (done = true));
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
  const wait = share.inShare(() => (done = true));
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
  await turns(clock, 4500, 50);
  await Promise.all(asked);
  expect([seen, shares.isCrowded('key_1')]).toEqual([300, false]);
});

test('a share that ends does not do what waited, and its key goes on', async () => {
  const clock = new WorkClock();
  const shares = new LoopShares(clock);
  const [ending, staying] = [shares.open('key_1'), shares.open('key_1')];
  ending.atOnce(() => clock.work(5));
  const done: string[] = [];
  const [dropped, kept] = [ending.inShare(() => done.push('ending')), staying.inShare(() => done.push('staying'))];
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
  const failing = one.inShare(() => {
    throw new Error('broken');
  });
  let done = false;
  const next = other.inShare(() => (done = true));
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
  expect(share.inShare(() => {})).toBe(undefined);
});
