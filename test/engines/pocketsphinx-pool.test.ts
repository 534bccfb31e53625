// Who gets a decoder, and what becomes of those that die, with processes that do as they are told.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EngineError, type Origin } from '../../src/engines/engine.ts';
import { DecoderPool } from '../../src/engines/local/pocketsphinx/pocketsphinx-pool.ts';
import type { DecoderProcess } from '../../src/engines/local/pocketsphinx/pocketsphinx-process.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';

const program = new URL('./decoder-actor-child.ts', import.meta.url);
/** For processes to start, on a machine with much else to do. */
const patience = { timeout: 20_000 };
const never = new AbortController().signal;
let clock: ManualClock;
let modelDir: string;
const opened: DecoderPool[] = [];

beforeEach(async () => {
  clock = new ManualClock();
  modelDir = await mkdtemp(join(tmpdir(), 'decoders-'));
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((pool) => pool.close()));
  await rm(modelDir, { recursive: true });
});

function open(limit = 1): DecoderPool {
  const pool = new DecoderPool({ sphinxbase: '', pocketsphinx: '', modelDir, libraryPath: [] }, { limit, clock, log: silentLog, program });
  opened.push(pool);
  return pool;
}

async function hold(pool: DecoderPool, words: readonly string[] = [], origin?: Origin): Promise<DecoderProcess> {
  return (await pool.acquire(words, never, origin)) as DecoderProcess;
}

/** Says something to the decoder and waits for the end of it. */
function utter(process: DecoderProcess, words: readonly string[] = []): Promise<'final' | EngineError> {
  return new Promise((resolve) => {
    process.begin(words, { heard: () => process.end(), final: () => resolve('final'), died: resolve });
    process.hear(new Int16Array(1600));
  });
}

async function failureOf(outcome: Promise<unknown>): Promise<EngineError> {
  const error = await outcome.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
}

test('a key that asks for many decoders lets others have their turn', async () => {
  const pool = open();
  const first = await hold(pool);
  const order: string[] = [];
  const wait = async (name: string, key: string) => {
    const process = await hold(pool, [], { key, session: '' });
    order.push(name);
    pool.release(process);
  };
  const waiting = [wait('a1', 'a'), wait('a2', 'a'), wait('a3', 'a'), wait('b1', 'b')];
  expect(pool.health).toEqual({ state: 'ready', waiting: 4, losses: 0 });
  pool.release(first);
  await Promise.all(waiting);
  expect(order).toEqual(['a1', 'b1', 'a2', 'a3']);
});

test('a key that holds decoders without pause loses the youngest to one that has none, after a second, and no more than that', async () => {
  const pool = open(2);
  const lost: string[] = [];
  const speaking = async (name: string, key: string, session = '') => {
    const process = (await pool.acquire([], never, { key, session }, (error) => {
      lost.push(`${name} ${error.reason}`);
      pool.release(process);
    })) as DecoderProcess;
    return process;
  };
  await speaking('a1', 'a');
  await speaking('a2', 'a');
  speaking('a3', 'a').catch(() => {});
  const b1 = speaking('b1', 'b');
  speaking('b2', 'b').catch(() => {});
  clock.advance(999);
  expect(lost).toEqual([]);
  clock.advance(1);
  expect(lost).toEqual(['a2 rate_limited']);
  await b1;
  // Each has one now: nobody has more than anybody else who waits.
  clock.advance(10_000);
  expect(lost).toEqual(['a2 rate_limited']);
  expect(pool.health.waiting).toBe(2);
});

test('one who no longer waits gets none, and one too many is refused', async () => {
  const pool = open();
  const first = await hold(pool);
  const leave = new AbortController();
  const left = pool.acquire([], leave.signal);
  leave.abort();
  expect(await left).toBeUndefined();
  const waiting = Array.from({ length: 33 }, () => hold(pool));
  for (const outcome of waiting) outcome.catch(() => {});
  expect(await failureOf(waiting[32] as Promise<unknown>)).toMatchObject({ reason: 'rate_limited', retryable: true });
  pool.release(first);
  expect(await waiting[0]).toBe(first);
});

test('a decoder that knows the words already is preferred', async () => {
  const pool = open(2);
  const [one, two] = [await hold(pool), await hold(pool)];
  expect(await utter(two, ['pelimont'])).toBe('final');
  pool.release(one);
  pool.release(two);
  expect(await hold(pool, ['pelimont'])).toBe(two);
});

test.each([
  ['while it hears', 'deaf'],
  ['at the end of an utterance', 'endless'],
])('a decoder that hangs %s is given up after twenty seconds', async (_, word) => {
  const pool = open();
  const process = await hold(pool);
  const outcome = Promise.withResolvers<'final' | EngineError>();
  const ended = Promise.withResolvers<void>();
  const heard = () => {
    process.end();
    ended.resolve();
  };
  process.begin([word], { heard, final: () => outcome.resolve('final'), died: outcome.resolve });
  process.hear(new Int16Array(1600));
  if (word === 'endless') await ended.promise;
  clock.advance(19_999);
  expect(process.dead).toBe(false);
  clock.advance(1);
  expect(await outcome.promise).toMatchObject({ reason: 'timeout', retryable: true });
  expect(await utter(await hold(pool))).toBe('final');
});

test('a decoder that dies takes its own utterance with it, and is replaced before anybody asks', async () => {
  const pool = open();
  expect(await utter(await hold(pool), ['crash'])).toMatchObject({ reason: 'crashed', retryable: true });
  await vi.waitFor(() => expect(pool.health).toMatchObject({ state: 'ready', losses: 1 }), patience);
  expect(await utter(await hold(pool))).toBe('final');
});

test('decoders that die again and again are replaced ever more seldom, until one has done something', async () => {
  const after = vi.spyOn(clock, 'after');
  const pauses = () => after.mock.calls.map(([delayMs]) => delayMs).filter((delayMs) => delayMs < 1000);
  const pool = open();
  for (let i = 0; i < 4; i++) {
    const process = await hold(pool);
    await utter(process, ['crash']);
    await process.gone;
    clock.advance(400);
  }
  expect(pauses()).toEqual([100, 200, 400]);
  const process = await hold(pool);
  expect(await utter(process)).toBe('final');
  pool.release(process);
  await utter(await hold(pool), ['crash']);
  await process.gone;
  expect(pauses()).toHaveLength(3);
});

test('decoders that do not load are refused at once after three, and come back by themselves once they do', async () => {
  const pool = open();
  pool.release(await hold(pool));
  const process = await hold(pool);
  await writeFile(join(modelDir, 'broken'), '');
  await utter(process, ['crash']);
  expect(await failureOf(hold(pool))).toMatchObject({ reason: 'unavailable', message: 'a speech decoder cannot load: no model' });
  clock.advance(100);
  await vi.waitFor(
    () => expect(pool.health).toMatchObject({ state: 'failed', problem: 'a speech decoder cannot load: no model' }),
    patience,
  );
  expect((await failureOf(hold(pool))).reason).toBe('unavailable');
  await rm(join(modelDir, 'broken'));
  clock.advance(200);
  await vi.waitFor(() => expect(pool.health.state).toBe('ready'), patience);
  expect(await utter(await hold(pool))).toBe('final');
});

test('when it is closed, who waits is refused and who holds a decoder hears that it died', async () => {
  const pool = open();
  const process = await hold(pool);
  const under = utter(process, ['endless']);
  const waiting = failureOf(hold(pool));
  await pool.close();
  expect((await waiting).reason).toBe('unavailable');
  expect(await under).toBeInstanceOf(EngineError);
  expect(pool.health.state).toBe('closed');
});
