// The pool of speaking threads, with threads that do as they are told instead of speaking.
import { afterEach, expect, test } from 'vitest';
import { EngineError } from '../../src/engines/engine.ts';
import type { Manner } from '../../src/engines/local/flite/flite-job.ts';
import { FlitePool } from '../../src/engines/local/flite/flite-pool.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';

// "crash", "hang" and "trap" do that; any other text is answered with a sound as long as the count of clauses this thread has had.
const actor = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads';
    let count = 0;
    parentPort.on('message', ({ id, text }) => {
      count++;
      if (text === 'crash') process.exit(3);
      if (text === 'hang') return;
      if (text === 'trap') parentPort.postMessage({ id, failure: 'unreachable' });
      else parentPort.postMessage({ id, samples: new Int16Array(count), phones: [] });
    });
    parentPort.postMessage('ready');
  `)}`,
);
const manner: Manner = { base: 'slt', pitchHz: 180, spreadHz: 20, stretch: 1, size: 1, gain: 1 };
const never = new AbortController().signal;
const opened: FlitePool[] = [];

function pool(clock = new ManualClock()): FlitePool {
  const made = new FlitePool({ module: {}, workers: 1, clock, log: silentLog, script: actor });
  opened.push(made);
  return made;
}

async function failureOf(speaking: Promise<unknown>): Promise<EngineError> {
  const outcome = await speaking.catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(EngineError);
  return outcome as EngineError;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((made) => made.close()));
});

test('clauses are spoken in the order they came', async () => {
  const speaking = pool();
  const counts = await Promise.all(['a', 'b', 'c'].map((text) => speaking.speak(text, manner, never)));
  expect(counts.map((spoken) => spoken?.samples.length)).toEqual([1, 2, 3]);
});

test('a thread that dies fails its own clause only, and is replaced', async () => {
  const speaking = pool();
  const [crash, next] = [speaking.speak('crash', manner, never), speaking.speak('next', manner, never)];
  const failure = await failureOf(crash);
  expect([failure.reason, failure.retryable]).toEqual(['crashed', true]);
  // The first clause of a new thread.
  expect((await next)?.samples.length).toBe(1);
});

test('a clause that brings the synthesiser down is not worth another try', async () => {
  const speaking = pool();
  const failure = await failureOf(speaking.speak('trap', manner, never));
  expect([failure.reason, failure.retryable]).toEqual(['crashed', false]);
  expect((await speaking.speak('next', manner, never))?.samples.length).toBe(2);
});

test('a thread that hangs is given up after ten seconds', async () => {
  const clock = new ManualClock();
  const speaking = pool(clock);
  await speaking.speak('first', manner, never);
  const hanging = speaking.speak('hang', manner, never);
  clock.advance(9_999);
  const next = speaking.speak('next', manner, never);
  clock.advance(1);
  expect((await failureOf(hanging)).reason).toBe('timeout');
  expect((await next)?.samples.length).toBe(1);
});

test('a cancelled clause that waits is never begun; one under way is dropped at once', async () => {
  const speaking = pool();
  await speaking.speak('first', manner, never);
  const leave = new AbortController();
  const cancelled = [speaking.speak('second', manner, leave.signal), speaking.speak('third', manner, leave.signal)];
  const kept = speaking.speak('fourth', manner, never);
  expect(speaking.waiting).toBe(2);
  leave.abort();
  expect(await Promise.all(cancelled)).toEqual([undefined, undefined]);
  expect((await kept)?.samples.length).toBe(3);
});

test('the queue has an end, and says so', async () => {
  const clock = new ManualClock();
  const speaking = pool(clock);
  await speaking.speak('first', manner, never);
  const outcomes = Array.from({ length: 258 }, () => speaking.speak('hang', manner, never).catch((error: unknown) => error));
  // One is being spoken, 256 wait.
  expect(((await outcomes[257]) as EngineError).reason).toBe('rate_limited');
  await speaking.close();
  expect(new Set((await Promise.all(outcomes.slice(0, 257))).map((error) => (error as EngineError).reason))).toEqual(
    new Set(['unavailable']),
  );
});

test('threads that die again and again are not replaced for ever', async () => {
  const speaking = pool();
  const reasons: string[] = [];
  for (let i = 0; i < 6; i++) reasons.push((await failureOf(speaking.speak('crash', manner, never))).reason);
  expect(reasons).toEqual(['crashed', 'crashed', 'crashed', 'crashed', 'crashed', 'unavailable']);
});
