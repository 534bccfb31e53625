// What every voice activity engine promises, as one suite: a new engine's test file calls it with a way to make the engine.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noModels, type EngineEnvironment, VAD_WINDOW, type Vad, type VadStream } from '../../src/engines/engine.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { noise, vowels } from './vowels.ts';

export const vadEnvironment: EngineEnvironment = { dataDir: '', settings: {}, log: silentLog, clock: systemClock, models: noModels };

export function windowsOf(samples: Int16Array): Int16Array[] {
  return Array.from({ length: Math.floor(samples.length / VAD_WINDOW) }, (_, i) => samples.subarray(i * VAD_WINDOW, (i + 1) * VAD_WINDOW));
}

/** A stream that keeps its answers and can be waited for. */
export function listen(vad: Vad): { stream: VadStream; heard: number[]; until: (count: number) => Promise<void> } {
  const heard: number[] = [];
  let wake: (() => void) | undefined;
  const stream = vad.open((probability) => {
    heard.push(probability);
    wake?.();
  });
  const until = async (count: number) => {
    while (heard.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { stream, heard, until };
}

/** The probabilities of these windows on a stream of their own. */
export async function judge(vad: Vad, windows: Int16Array[]): Promise<number[]> {
  const { stream, heard, until } = listen(vad);
  for (const [i, window] of windows.entries()) {
    stream.push(window);
    await until(i + 1);
  }
  stream.close();
  return heard;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The largest difference between two rows of answers. Not exact zero: the sums of a batch are added up in another order. */
function distance(actual: number[], expected: number[]): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  return Math.max(...actual.map((value, i) => Math.abs(value - (expected[i] as number))));
}

export function describeVad(name: string, make: (environment: EngineEnvironment) => Vad): void {
  describe(`${name} as a voice activity engine`, () => {
    const voice = windowsOf(vowels(1280));
    const hiss = windowsOf(noise(1280, 3000));
    let vad: Vad;
    beforeAll(async () => {
      vad = make(vadEnvironment);
      await vad.warmUp(new AbortController().signal);
    });
    afterAll(() => vad.close());

    it('hears a voice where there is one', async () => {
      expect(mean(await judge(vad, voice))).toBeGreaterThan(0.5);
    });

    it('hears none in noise and in digital silence', async () => {
      expect(mean(await judge(vad, hiss))).toBeLessThan(0.2);
      expect(mean(await judge(vad, windowsOf(new Int16Array(20_000))))).toBeLessThan(0.2);
    });

    it('answers each window once, with a probability, and never from within the push', async () => {
      const { stream, heard, until } = listen(vad);
      for (const window of voice) {
        const before = heard.length;
        stream.push(window);
        expect(heard).toHaveLength(before);
      }
      await until(voice.length);
      await judge(vad, voice.slice(0, 3));
      expect(heard).toHaveLength(voice.length);
      for (const probability of heard) expect(probability >= 0 && probability <= 1).toBe(true);
      stream.close();
    });

    it('answers windows pushed in one go as it answers them one by one', async () => {
      const { stream, heard, until } = listen(vad);
      for (const window of voice) stream.push(window);
      await until(voice.length);
      stream.close();
      expect(distance(heard, await judge(vad, voice))).toBeLessThan(0.001);
    });

    it('copies the window, so that the caller may use the memory again', async () => {
      const { stream, heard, until } = listen(vad);
      const window = new Int16Array(VAD_WINDOW);
      for (const samples of voice) {
        window.set(samples);
        stream.push(window);
        window.fill(0);
      }
      await until(voice.length);
      stream.close();
      expect(distance(heard, await judge(vad, voice))).toBeLessThan(0.001);
    });

    it('keeps a hundred streams apart', async () => {
      const alone = { voice: await judge(vad, voice), hiss: await judge(vad, hiss) };
      const streams = Array.from({ length: 100 }, () => listen(vad));
      for (const i of voice.keys()) for (const [n, { stream }] of streams.entries()) stream.push((n % 2 ? voice : hiss)[i] as Int16Array);
      for (const [n, { stream, heard, until }] of streams.entries()) {
        await until(voice.length);
        expect(distance(heard, n % 2 ? alone.voice : alone.hiss)).toBeLessThan(0.001);
        stream.close();
      }
    });

    it('forgets at a reset: no answer to what was pushed before, and the next windows sound as on a new stream', async () => {
      const { stream, heard, until } = listen(vad);
      for (const window of hiss.slice(0, 10)) stream.push(window);
      await until(5);
      const before = heard.length;
      stream.reset();
      for (const window of voice) stream.push(window);
      await until(before + voice.length);
      await judge(vad, voice.slice(0, 3));
      stream.close();
      expect(distance(heard.slice(before), await judge(vad, voice))).toBeLessThan(0.001);
    });

    it('starts a new stream afresh where an older one was closed', async () => {
      const expected = await judge(vad, voice);
      const older = listen(vad);
      for (const window of hiss) older.stream.push(window);
      await older.until(3);
      older.stream.close();
      const heard = older.heard.length;
      expect(distance(await judge(vad, voice), expected)).toBeLessThan(0.001);
      expect(older.heard).toHaveLength(heard);
      older.stream.push(hiss[0] as Int16Array);
      await judge(vad, voice.slice(0, 3));
      expect(older.heard).toHaveLength(heard);
    });

    it('refuses a window of another length', () => {
      const { stream } = listen(vad);
      expect(() => stream.push(new Int16Array(VAD_WINDOW - 1))).toThrow(RangeError);
      stream.close();
    });

    it('lets a listener reset and close from within an answer', async () => {
      const answers: number[] = [];
      const stream = vad.open((probability) => {
        answers.push(probability);
        if (answers.length === 1) stream.reset();
        if (answers.length === 2) stream.close();
      });
      stream.push(voice[0] as Int16Array);
      stream.push(voice[1] as Int16Array);
      await judge(vad, voice.slice(0, 4));
      expect(answers).toHaveLength(1);
      for (const window of voice.slice(0, 4)) stream.push(window);
      await judge(vad, voice.slice(0, 8));
      expect(answers).toHaveLength(2);
    });

    it('is quiet once it is closed', async () => {
      const other = make(vadEnvironment);
      await other.warmUp(new AbortController().signal);
      const { stream, heard } = listen(other);
      stream.push(voice[0] as Int16Array);
      await other.close();
      stream.push(voice[1] as Int16Array);
      await judge(vad, voice.slice(0, 3));
      expect(heard).toHaveLength(0);
      await expect(other.warmUp(new AbortController().signal)).rejects.toMatchObject({ name: 'EngineError', reason: 'unavailable' });
    });
  });
}
