// Silero against the suite of its kind, and what is its own: bounds, gathering, and a worker that dies.
import { createRequire } from 'node:module';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it, vi } from 'vitest';
import { MAX_WAITING } from '../../src/engines/local/silero/silero-stream.ts';
import { Silero, silero } from '../../src/engines/local/silero/silero.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { type Log, silentLog } from '../../src/lib/log.ts';
import { describeVad, judge, listen, vadEnvironment, windowsOf } from './vad.ts';
import { noise, vowels } from './vowels.ts';

describeVad('silero', (environment) => silero.create(environment));

const dying = new URL('./dying-vad-worker.ts', import.meta.url);
const never = new AbortController().signal;

function recordingLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const log: Log = {
    ...silentLog,
    warn: (fields, message) => lines.push(`warn ${message} ${JSON.stringify(fields)}`),
    error: (_, message) => lines.push(`error ${message}`),
  };
  return { log, lines };
}

/** Pauses before a restart; the limit each start has is longer. */
function pausesOf(calls: readonly (readonly [delayMs: number, task: () => void])[]): number[] {
  return calls.map(([delayMs]) => delayMs).filter((delayMs) => delayMs < 60_000);
}

describe('silero as a model', () => {
  it('says what the model says when it is run by the book: 64 samples of the window before, both halves of the state kept', async () => {
    const windows = windowsOf(vowels(960));
    const path = createRequire(import.meta.url).resolve('@ricky0123/vad-web/dist/silero_vad_v6.onnx');
    const session = await InferenceSession.create(path, { intraOpNumThreads: 1 });
    const sr = new Tensor('int64', BigInt64Array.of(16_000n), []);
    let state: Tensor = new Tensor('float32', new Float32Array(256), [2, 1, 128]);
    const input = new Float32Array(64 + 512);
    const expected: number[] = [];
    for (const window of windows) {
      input.copyWithin(0, 512);
      input.set(
        Array.from(window, (sample) => sample / 32_768),
        64,
      );
      const results = await session.run({ input: new Tensor('float32', input, [1, 576]), state, sr });
      state = results['stateN'] as Tensor;
      expected.push((results['output'] as Tensor).data[0] as number);
    }
    await session.release();

    const vad = new Silero(vadEnvironment);
    const heard = await judge(vad, windows);
    await vad.close();
    for (const [i, probability] of heard.entries()) expect(probability).toBeCloseTo(expected[i] as number, 4);
  });
});

describe('silero under overload', () => {
  it('answers every window of a burst, in order, and the oldest beyond two seconds without inference', async () => {
    const { log, lines } = recordingLog();
    const clock = new ManualClock();
    const vad = new Silero({ ...vadEnvironment, log, clock });
    await vad.warmUp(never);
    const voice = windowsOf(vowels(32 * 100));
    const { stream, heard, until } = listen(vad);
    for (const window of voice) stream.push(window);
    await until(voice.length);
    const skipped = voice.length - MAX_WAITING - 1;
    expect(new Set(heard.slice(0, 1 + skipped)).size).toBe(1);
    expect(new Set(heard.slice(skipped)).size).toBeGreaterThan(MAX_WAITING / 2);
    expect(lines).toEqual(['warn voice activity is overloaded: windows answered without inference {"windows":1}']);

    clock.advance(60_000);
    for (const window of voice.slice(0, MAX_WAITING + 2)) stream.push(window);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain(`{"windows":${skipped}}`);
    await vad.close();
  });
});

describe('silero with many streams', () => {
  it('lets a lone window wait ten milliseconds for company, and none once 32 wait', async () => {
    const clock = new ManualClock();
    const vad = new Silero({ ...vadEnvironment, clock });
    await vad.warmUp(never);
    const few = new Silero(vadEnvironment);
    const streams = Array.from({ length: 32 }, () => listen(vad));
    const hiss = windowsOf(noise(320, 3000));
    streams[0]?.stream.push(hiss[0] as Int16Array);
    await judge(few, hiss);
    expect(streams[0]?.heard).toHaveLength(0);
    clock.advance(10);
    await streams[0]?.until(1);

    for (const { stream } of streams) stream.push(hiss[1] as Int16Array);
    for (const [n, { until }] of streams.entries()) await until(n === 0 ? 2 : 1);
    await vad.close();
    await few.close();
  });

  it('answers a window at once while there are few', async () => {
    const vad = new Silero({ ...vadEnvironment, clock: new ManualClock() });
    expect(await judge(vad, windowsOf(noise(320, 3000)))).toHaveLength(10);
    await vad.close();
  });
});

describe('silero when its worker dies', () => {
  it('answers what was pending with 0, says so once, and goes on with a new worker', async () => {
    const { log, lines } = recordingLog();
    const clock = new ManualClock();
    const vad = new Silero({ ...vadEnvironment, log, clock }, dying);
    await vad.warmUp(never);
    const window = new Int16Array(512);
    const { stream, heard, until } = listen(vad);
    stream.push(window);
    await until(1);
    for (let i = 0; i < 3; i++) stream.push(window);
    await until(4);
    expect(heard).toEqual([0.5, 0, 0, 0]);
    expect(lines).toEqual(['error voice activity worker died, windows answered with 0']);
    expect(vad.health()).toMatchObject({ state: 'recovering', losses: 1 });
    stream.push(window);
    clock.advance(0);
    await until(5);
    expect(heard[4]).toBe(0.5);
    expect(vad.health()).toEqual({ state: 'ready', losses: 1 });
    await vad.close();
  });

  it('gives a worker up that has not answered for ten seconds', async () => {
    const { log, lines } = recordingLog();
    const clock = new ManualClock();
    const vad = new Silero({ ...vadEnvironment, log, clock }, new URL('./hanging-vad-worker.ts', import.meta.url));
    await vad.warmUp(never);
    const { stream, heard, until } = listen(vad);
    stream.push(new Int16Array(512));
    clock.advance(9_999);
    expect(lines).toEqual([]);
    clock.advance(1);
    await until(1);
    expect(heard).toEqual([0]);
    expect(lines).toEqual(['error voice activity worker died, windows answered with 0']);
    await vad.close();
  });

  it('rejects the warm-up as unavailable when the worker cannot start, and does not try again while nobody listens', async () => {
    const clock = new ManualClock();
    const after = vi.spyOn(clock, 'after');
    const { log, lines } = recordingLog();
    const vad = new Silero({ ...vadEnvironment, log, clock }, new URL('./no-such-worker.ts', import.meta.url));
    await expect(vad.warmUp(never)).rejects.toMatchObject({ name: 'EngineError', engine: 'silero', reason: 'unavailable' });
    expect(lines).toHaveLength(1);
    expect(pausesOf(after.mock.calls)).toEqual([]);
    expect(vad.health()).toMatchObject({ state: 'failed', losses: 1 });
    await vad.close();
    expect(vad.health().state).toBe('closed');
  });

  it('waits longer from one failed start to the next while somebody listens', async () => {
    const clock = new ManualClock();
    const after = vi.spyOn(clock, 'after');
    const vad = new Silero({ ...vadEnvironment, clock }, new URL('./no-such-worker.ts', import.meta.url));
    vad.open(() => {});
    for (const pause of [0, 100, 200, 400]) {
      await vi.waitFor(() => expect(pausesOf(after.mock.calls).at(-1)).toBe(pause), { timeout: 20_000 });
      clock.advance(pause);
    }
    expect(pausesOf(after.mock.calls)).toEqual([0, 100, 200, 400]);
    await vad.close();
  });

  it('ends a warm-up without error when the signal fires', async () => {
    const vad = new Silero(vadEnvironment);
    await expect(vad.warmUp(AbortSignal.abort())).resolves.toBeUndefined();
    await vad.close();
  });
});
