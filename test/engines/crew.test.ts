// The supervisor of workers, with members that do as they are told.
import { spawn } from 'node:child_process';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { EngineError } from '../../src/engines/engine.ts';
import { Crew, type CrewOptions } from '../../src/engines/local/crew.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import type { Act } from './crew-actor-worker.ts';

type Echo = { count: number; said: unknown; left: string };
type ActorCrew = Crew<Act, unknown>;

const script = new URL('./crew-actor-worker.ts', import.meta.url);
const signal = new AbortController().signal;
/** For members to start, on a machine with much else to do. */
const patience = { timeout: 20_000 };
const opened: ActorCrew[] = [];

function crew(options: Partial<CrewOptions> = {}): ActorCrew {
  const standard = { engine: 'actor', script, size: 1, clock: new ManualClock(), log: silentLog, answerMs: 10_000, mostWaiting: 8 };
  const made: ActorCrew = new Crew({ ...standard, ...options });
  opened.push(made);
  return made;
}

async function echo(actors: ActorCrew, say?: unknown, key = ''): Promise<Echo> {
  return (await actors.run({ act: 'echo', say }, { signal, origin: { key, session: '' } })) as Echo;
}

async function failureOf(outcome: Promise<unknown>): Promise<EngineError> {
  const error = await outcome.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
}

/** Resolves when the task has begun and said so. */
function begun(actors: ActorCrew, act: Act, leave = signal): { started: Promise<unknown>; outcome: Promise<unknown> } {
  const { promise: started, resolve } = Promise.withResolvers<unknown>();
  const outcome = actors.run(act, { signal: leave, onPart: resolve });
  outcome.catch(() => {});
  return { started, outcome };
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((made) => made.close()));
});

describe.each(['thread', 'child'] as const)('a crew whose member is a %s', (kind) => {
  test('does tasks one after the other, and gives the member what it was made with', async () => {
    const actors = crew({ kind, workerData: { voice: 'slt' } });
    expect(await actors.run({ act: 'data' }, { signal })).toEqual({ voice: 'slt' });
    const answers = await Promise.all(['a', 'b'].map((say) => echo(actors, say)));
    expect(answers.map(({ count, said }) => [count, said])).toEqual([
      [2, 'a'],
      [3, 'b'],
    ]);
  });

  test('hands out parts before the result, and samples as they are', async () => {
    const actors = crew({ kind });
    const parts: unknown[] = [];
    expect(await actors.run({ act: 'parts' }, { signal, onPart: (part) => parts.push(part) })).toBe('whole');
    expect(parts).toEqual([1, 2, 3].map((n) => ({ n, samples: new Int16Array(n) })));
    const samples = Int16Array.of(1, 2, 3);
    const answer = actors.run({ act: 'samples', samples }, { signal, transfer: [samples.buffer] });
    expect(await answer).toEqual(Int16Array.of(-1, -2, -3));
  });

  test('loses only the task of a member that dies, and replaces it at once', async () => {
    const actors = crew({ kind });
    const [crash, next] = [actors.run({ act: 'crash' }, { signal }), echo(actors)];
    const failure = await failureOf(crash);
    expect([failure.engine, failure.reason, failure.retryable]).toEqual(['actor', 'crashed', true]);
    expect(failure.message).toBe('a worker of actor died');
    // The first task of a new life.
    expect((await next).count).toBe(1);
    expect(actors.health).toEqual({ state: 'ready', waiting: 0, losses: 1 });
  });

  test('tells of a task that failed, and keeps the member', async () => {
    const actors = crew({ kind });
    const thrown = await failureOf(actors.run({ act: 'throw' }, { signal }));
    expect([thrown.reason, thrown.retryable, thrown.message]).toEqual(['crashed', false, 'out of order']);
    const refused = await failureOf(actors.run({ act: 'refuse' }, { signal }));
    expect([refused.reason, refused.retryable, refused.message]).toEqual(['rejected', false, 'no such voice']);
    expect((await echo(actors)).count).toBe(3);
  });

  test('gives up a member that says nothing for the time it has, and not before', async () => {
    const clock = new ManualClock();
    const actors = crew({ kind, clock });
    await echo(actors);
    const hanging = actors.run({ act: 'hang' }, { signal });
    clock.advance(9_999);
    const next = echo(actors);
    clock.advance(1);
    expect((await failureOf(hanging)).reason).toBe('timeout');
    expect((await next).count).toBe(1);
  });

  test('drops an aborted task at once, and its member sees that between its steps', async () => {
    const actors = crew({ kind });
    const leave = new AbortController();
    const { started, outcome } = begun(actors, { act: 'work' }, leave.signal);
    await started;
    const waiting = actors.run({ act: 'crash' }, { signal: leave.signal });
    const kept = echo(actors);
    leave.abort();
    expect(await Promise.all([outcome, waiting])).toEqual([undefined, undefined]);
    expect(await kept).toMatchObject({ count: 2, left: 'work' });
  });

  test('ends members that hang, and what they have to do, when it is closed', async () => {
    const actors = crew({ kind });
    await echo(actors);
    const outcomes = [actors.run({ act: 'hang' }, { signal }), echo(actors)].map(failureOf);
    await actors.close();
    expect((await Promise.all(outcomes)).map(({ reason }) => reason)).toEqual(['unavailable', 'unavailable']);
    expect(actors.health.state).toBe('closed');
    expect((await failureOf(echo(actors))).reason).toBe('unavailable');
    expect((await failureOf(actors.start(signal))).reason).toBe('unavailable');
  });
});

describe('the queue of a crew', () => {
  test('keys take turns, urgent tasks come first', async () => {
    const actors = crew();
    const { started, outcome } = begun(actors, { act: 'block', ms: 1 });
    const order: unknown[] = [];
    const ask = async (say: string, key: string, priority: number) => {
      await actors.run({ act: 'echo', say }, { signal, origin: { key, session: '' }, priority });
      order.push(say);
    };
    const asked = [ask('a1', 'a', 1), ask('a2', 'a', 1), ask('a3', 'a', 1), ask('b1', 'b', 1), ask('now', 'a', 0)];
    await Promise.all([started, outcome, ...asked]);
    // The urgent one was a turn of its key.
    expect(order).toEqual(['now', 'b1', 'a1', 'a2', 'a3']);
  });

  test('a key that has kept the members busy comes after one that has not, however urgent its tasks are', async () => {
    const clock = new ManualClock();
    const actors = crew({ clock });
    const work = async (key: string, ms: number) => {
      const leave = new AbortController();
      const { promise: started, resolve } = Promise.withResolvers<unknown>();
      const outcome = actors.run({ act: 'work' }, { signal: leave.signal, origin: { key, session: '' }, onPart: resolve });
      await started;
      clock.advance(ms);
      leave.abort();
      await outcome;
    };
    // A quarter of the member's time is anybody's; half of it is not.
    await work('light', 1000);
    await work('heavy', 6000);
    const order: unknown[] = [];
    const ask = async (say: string, key: string, priority: number) => {
      await actors.run({ act: 'echo', say }, { signal, origin: { key, session: '' }, priority });
      order.push(say);
    };
    const asked = [ask('h1', 'heavy', 0), ask('h2', 'heavy', 0), ask('l1', 'light', 2), ask('l2', 'light', 1)];
    await Promise.all(asked);
    expect(order.slice(-4)).toEqual(['l2', 'l1', 'h1', 'h2']);
    // What was long ago is forgotten.
    clock.advance(30_000);
    order.length = 0;
    await Promise.all([ask('l3', 'light', 1), ask('l4', 'light', 1), ask('h3', 'heavy', 0)]);
    expect(order).toEqual(['l3', 'h3', 'l4']);
  });

  test('a task that can be repeated makes way for one of a key that had less, and is done afterwards', async () => {
    const clock = new ManualClock();
    const actors = crew({ clock });
    const heavy = (onPart: (part: unknown) => void, leave = signal) =>
      actors.run({ act: 'work' }, { signal: leave, origin: { key: 'heavy', session: '' }, repeatable: true, onPart });
    const first = new AbortController();
    const { promise: begunFirst, resolve } = Promise.withResolvers<unknown>();
    const outcome = heavy(resolve, first.signal);
    await begunFirst;
    clock.advance(6000);
    first.abort();
    await outcome;
    let begunTimes = 0;
    const over = new AbortController();
    const { promise: begunAgain, resolve: again } = Promise.withResolvers<unknown>();
    const { promise: begunOnce, resolve: once } = Promise.withResolvers<unknown>();
    const onPutBack = vi.fn();
    const onPart = () => {
      begunTimes++;
      (begunTimes === 1 ? once : again)(undefined);
    };
    const origin = { key: 'heavy', session: '' };
    const repeated = actors.run({ act: 'work' }, { signal: over.signal, origin, repeatable: true, onPart, onPutBack });
    await begunOnce;
    // It would never end by itself.
    expect((await actors.run({ act: 'echo', say: 'light' }, { signal, origin: { key: 'light', session: '' } })) as Echo).toMatchObject({
      left: 'work',
    });
    await begunAgain;
    expect(begunTimes).toBe(2);
    expect(onPutBack).toHaveBeenCalledTimes(1);
    const settled = vi.fn();
    void repeated.then(settled);
    await echo(actors, undefined, 'light');
    expect(settled).not.toHaveBeenCalled();
    over.abort();
    expect(await repeated).toBeUndefined();
  });

  test('it has an end, at which the key with the most gives way', async () => {
    const actors = crew({ mostWaiting: 3 });
    const flood = ['f1', 'f2', 'f3', 'f4'].map((say) => echo(actors, say, 'flood').catch((error: unknown) => error));
    const modest = echo(actors, 'm1', 'modest');
    const outcomes = await Promise.all(flood);
    expect(outcomes.map((outcome) => (outcome instanceof EngineError ? [outcome.reason, outcome.retryable] : 'answered'))).toEqual([
      'answered',
      'answered',
      ['rate_limited', true],
      ['rate_limited', true],
    ]);
    expect((await modest).said).toBe('m1');
  });

  test('a task that cannot be sent fails alone', async () => {
    const actors = crew();
    await echo(actors);
    expect((await failureOf(echo(actors, () => {}))).reason).toBe('rejected');
    expect((await echo(actors)).count).toBe(2);
  });

  test('another member is started when tasks wait, up to the size, and not before', async () => {
    const actors = crew({ size: 2 });
    const [one, two] = [new AbortController(), new AbortController()];
    await echo(actors);
    const first = begun(actors, { act: 'work' }, one.signal);
    await first.started;
    // The first life is at work: this can only be another one.
    expect((await echo(actors)).count).toBe(1);
    const second = begun(actors, { act: 'work' }, two.signal);
    await second.started;
    const third = echo(actors);
    expect(actors.health.waiting).toBe(1);
    one.abort();
    expect((await third).count).toBe(3);
    two.abort();
  });

  test('how long each task waited for its member is told when it is given to it', async () => {
    const clock = new ManualClock();
    const waits: unknown[] = [];
    const actors = crew({ clock, onWaited: (engine, ms) => waits.push([engine, ms]) });
    const leave = new AbortController();
    await echo(actors);
    const first = begun(actors, { act: 'work' }, leave.signal);
    await first.started;
    const second = echo(actors);
    clock.advance(750);
    expect(waits).toHaveLength(2);
    leave.abort();
    await second;
    expect(waits.slice(1)).toEqual([
      ['actor', 0],
      ['actor', 750],
    ]);
  });

  test('a listener that throws harms nobody', async () => {
    const actors = crew();
    const onPart = () => {
      throw new Error('not mine');
    };
    expect(await actors.run({ act: 'parts' }, { signal, onPart })).toBe('whole');
  });

  test('a task that says something now and then is not given up', async () => {
    const clock = new ManualClock();
    const actors = crew({ clock });
    const leave = new AbortController();
    await echo(actors);
    const { started, outcome } = begun(actors, { act: 'work' }, leave.signal);
    clock.advance(9_000);
    await started;
    clock.advance(9_000);
    leave.abort();
    expect(await outcome).toBeUndefined();
    expect((await echo(actors)).count).toBe(3);
  });

  test('a task in a loop that never lets a message in sees that it is aborted', async () => {
    const actors = crew();
    const leave = new AbortController();
    const { started } = begun(actors, { act: 'spin' }, leave.signal);
    await started;
    leave.abort();
    expect(await echo(actors)).toMatchObject({ count: 2, left: 'spin' });
  });
});

describe('a crew that loses members', () => {
  test('waits longer from loss to loss, begins anew once something was done, and never gives up', async () => {
    const clock = new ManualClock();
    const after = vi.spyOn(clock, 'after');
    const actors = crew({ clock, answerMs: 30_000, leaveMs: 0 });
    const pauses = () => after.mock.calls.map(([delayMs]) => delayMs).filter((delayMs) => delayMs !== 30_000 && delayMs !== 60_000);
    const crash = async () => {
      const failure = failureOf(actors.run({ act: 'crash' }, { signal }));
      // Longer than any pause, shorter than a task may take.
      clock.advance(10_000);
      expect((await failure).reason).toBe('crashed');
    };
    for (let i = 0; i < 9; i++) await crash();
    expect(pauses()).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000]);
    clock.advance(10_000);
    await echo(actors);
    await crash();
    await crash();
    expect(pauses().slice(8)).toEqual([100]);
    clock.advance(100);
    expect((await echo(actors)).count).toBe(1);
    expect(actors.health.losses).toBe(11);
  });

  test('is recovering, then failed and refuses at once, and is back without being asked when a member gets ready', async () => {
    const clock = new ManualClock();
    const gate = new SharedArrayBuffer(4);
    const actors = crew({ clock, workerData: { gate } });
    expect(actors.health).toEqual({ state: 'starting', waiting: 0, losses: 0 });
    await actors.start(signal);
    expect(actors.health).toEqual({ state: 'ready', waiting: 0, losses: 0 });
    Atomics.store(new Int32Array(gate), 0, 3);
    await failureOf(actors.run({ act: 'crash' }, { signal }));
    const waiting = failureOf(echo(actors));
    expect(actors.health).toMatchObject({ state: 'recovering', waiting: 1, losses: 1 });
    expect(actors.health.problem).toContain('exited with code 3');
    await vi.waitFor(() => expect(actors.health.losses).toBe(2), patience);
    clock.advance(100);
    expect(await waiting).toMatchObject({ reason: 'unavailable' });
    expect(actors.health).toMatchObject({ state: 'failed', waiting: 0, losses: 3 });
    expect(actors.health.problem).toContain('the gate is shut');
    expect(await failureOf(echo(actors))).toMatchObject({ reason: 'unavailable', retryable: false });
    clock.advance(200);
    await vi.waitFor(() => expect(actors.health.losses).toBe(4), patience);
    clock.advance(400);
    await vi.waitFor(() => expect(actors.health.state).toBe('ready'), patience);
    expect((await echo(actors)).count).toBe(1);
  });

  test('counts as failed for a while when every task is the death of its member, and does tasks all the same', async () => {
    const clock = new ManualClock();
    const actors = crew({ clock, answerMs: 1e9, startMs: 1e9, leaveMs: 0 });
    await actors.start(signal);
    const crash = async () => {
      const failure = failureOf(actors.run({ act: 'crash' }, { signal }));
      clock.advance(10_000);
      expect((await failure).reason).toBe('crashed');
    };
    const ready = async () => {
      clock.advance(10_000);
      // A member that is ready again does its task, or none of this could be told from a crew without members.
      await vi.waitFor(() => expect(actors.health.state).toBe('ready'), patience);
    };
    for (let i = 0; i < 4; i++) await crash();
    await ready();
    await crash();
    expect(actors.health).toMatchObject({ state: 'failed', losses: 5 });
    clock.advance(19_999);
    expect(actors.health.state).toBe('failed');
    clock.advance(10_001);
    await vi.waitFor(() => expect(actors.health.state).toBe('ready'), patience);
    await crash();
    clock.advance(59_999);
    expect(actors.health.state).toBe('failed');
    await echo(actors);
    expect(actors.health.state).toBe('ready');
    for (let i = 0; i < 4; i++) await crash();
    await ready();
  });

  test('rejects the start when the member cannot get ready, and can be started later', async () => {
    const gate = new SharedArrayBuffer(4);
    Atomics.store(new Int32Array(gate), 0, 1);
    const actors = crew({ workerData: { gate } });
    expect(await failureOf(actors.start(signal))).toMatchObject({ engine: 'actor', reason: 'unavailable' });
    expect(actors.health).toMatchObject({ state: 'failed', losses: 1 });
    await actors.start(signal);
    expect(actors.health.state).toBe('ready');
  });

  test('lets a task wait for a member that gets ready at the second try', async () => {
    const gate = new SharedArrayBuffer(4);
    Atomics.store(new Int32Array(gate), 0, 1);
    expect((await echo(crew({ workerData: { gate } }))).count).toBe(1);
  });

  test('gives up a member that is not ready in time', async () => {
    const clock = new ManualClock();
    const actors = crew({ clock, startMs: 5000, workerData: { start: 'hang' }, leaveMs: 0 });
    const failure = failureOf(actors.start(signal));
    clock.advance(5000);
    expect(await failure).toMatchObject({ reason: 'unavailable', message: expect.stringContaining('not ready after 5 s') as string });
  });

  test('says why a member does not start', async () => {
    expect((await failureOf(crew({ workerData: { start: 'throw' } }).start(signal))).message).toContain('no model');
    expect((await failureOf(crew({ kind: 'child', workerData: { start: 'throw' } }).start(signal))).message).toContain('no model');
  });

  test('ends a start without error when its signal fires', async () => {
    const actors = crew();
    const leave = new AbortController();
    const starting = actors.start(leave.signal);
    leave.abort();
    await expect(starting).resolves.toBeUndefined();
    await expect(actors.start(leave.signal)).resolves.toBeUndefined();
  });
});

describe('how a crew ends its members', () => {
  test('one that does not answer is ended by force after its time, and not before', async () => {
    const clock = new ManualClock();
    const actors = crew({ clock, leaveMs: 1000 });
    const { started } = begun(actors, { act: 'block', ms: 60_000 });
    await started;
    let closed = false;
    const closing = actors.close().then(() => (closed = true));
    clock.advance(999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(false);
    clock.advance(1);
    await closing;
  });

  test('a process that exits waits until members are out of native code', async () => {
    const program = `
      const { Crew } = await import(${JSON.stringify(new URL('../../src/engines/local/crew.ts', import.meta.url).href)});
      const { systemClock } = await import(${JSON.stringify(new URL('../../src/lib/clock.ts', import.meta.url).href)});
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      const crew = new Crew({ engine: 'actor', script: new URL(${JSON.stringify(script.href)}), size: 1, clock: systemClock, log,
        answerMs: 10_000, mostWaiting: 8 });
      await new Promise((begun) => void crew.run({ act: 'block', ms: 900 }, { signal: new AbortController().signal, onPart: begun }));
      const fromMs = performance.now();
      process.on('exit', () => console.log(performance.now() - fromMs));
      process.exit(0);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const printed = Promise.withResolvers<number>();
    child.stdout.once('data', (data: Buffer) => printed.resolve(Number(data.toString())));
    const heldMs = await printed.promise;
    expect(heldMs).toBeGreaterThan(100);
    expect(await new Promise((exited) => child.once('exit', exited))).toBe(0);
  });

  test('a crew with nothing to do does not keep the process alive', async () => {
    const program = `
      const { Crew } = await import(${JSON.stringify(new URL('../../src/engines/local/crew.ts', import.meta.url).href)});
      const { systemClock } = await import(${JSON.stringify(new URL('../../src/lib/clock.ts', import.meta.url).href)});
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      for (const kind of ['thread', 'child']) {
        const crew = new Crew({ engine: 'actor', script: new URL(${JSON.stringify(script.href)}), size: 1, clock: systemClock, log, kind,
          answerMs: 10_000, mostWaiting: 8 });
        await crew.start(new AbortController().signal);
        if (kind === 'thread') continue;
        await crew.run({ act: 'echo' }, { signal: new AbortController().signal });
      }
      await new Crew({ engine: 'actor', script: new URL(${JSON.stringify(script.href)}), size: 1, clock: systemClock, log, answerMs: 10_000,
        mostWaiting: 8 }).run({ act: 'echo' }, { signal: new AbortController().signal });
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'inherit', 'inherit'] });
    expect(await new Promise((exited) => child.once('exit', exited))).toBe(0);
  });
});
