// What every noise reduction promises, as one suite: a new engine's test file calls it with a way to make the engine.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noModels, DENOISE_RATE_HZ, type Denoiser, type DenoiserStream, type EngineEnvironment } from '../../src/engines/engine.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { concat } from '../../src/media/pcm.ts';
import { noise, vowels } from './vowels.ts';

export const denoiseEnvironment: EngineEnvironment = { dataDir: '', settings: {}, log: silentLog, clock: systemClock, models: noModels };

export function cut(samples: Int16Array, size: number): Int16Array[] {
  return Array.from({ length: Math.ceil(samples.length / size) }, (_, i) => samples.subarray(i * size, (i + 1) * size));
}

/** What comes out for sound sent in chunks of `size`, each awaited before the next. */
export async function through(stream: DenoiserStream, samples: Int16Array, size = 320): Promise<Int16Array> {
  const pieces: Int16Array[] = [];
  for (const chunk of cut(samples, size)) pieces.push(await stream.process(chunk));
  return concat(pieces);
}

/** The sound as it was, late by the stream's delay. */
export function late(samples: Int16Array, delayMs: number): Int16Array {
  return concat([new Int16Array(delaySamples(delayMs)), samples]).subarray(0, samples.length);
}

export function decibels(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += (samples[i] as number) ** 2;
  return 10 * Math.log10(sum / samples.length + 1e-9);
}

function delaySamples(delayMs: number): number {
  return (delayMs * DENOISE_RATE_HZ) / 1000;
}

export function mixed(one: Int16Array, other: Int16Array): Int16Array {
  return one.map((sample, i) => sample + (other[i] as number));
}

/** How much of `heard` is `said`, the best possible loudness given: 1 when it is nothing else, 0 when it is nothing of it. */
function likeness(heard: Int16Array, said: Int16Array): number {
  let product = 0;
  let energies = [0, 0];
  for (let i = 0; i < said.length; i++) {
    const [a, b] = [heard[i] as number, said[i] as number];
    product += a * b;
    energies = [(energies[0] as number) + a * a, (energies[1] as number) + b * b];
  }
  return product / Math.sqrt((energies[0] as number) * (energies[1] as number));
}

export function describeDenoiser(name: string, make: (environment: EngineEnvironment) => Denoiser): void {
  describe(`${name} as a noise reduction`, () => {
    const voice = vowels(2000);
    const hiss = noise(2000, 2000);
    const both = mixed(voice, hiss);
    let denoiser: Denoiser;
    beforeAll(async () => {
      denoiser = make(denoiseEnvironment);
      await denoiser.warmUp(new AbortController().signal);
    });
    afterAll(() => denoiser.close());

    async function alone(samples: Int16Array, field: 'near_field' | 'far_field' = 'near_field', strength?: number): Promise<Int16Array> {
      const stream = denoiser.open(field, strength);
      const out = await through(stream, samples);
      stream.close();
      return out;
    }

    it('lets little of a steady noise through, and less of it at the mouth than across the room', async () => {
      const second = DENOISE_RATE_HZ;
      const near = decibels((await alone(hiss, 'near_field')).subarray(second));
      const far = decibels((await alone(hiss, 'far_field')).subarray(second));
      expect(near).toBeLessThan(decibels(hiss) - 15);
      expect(far).toBeLessThan(decibels(hiss) - 10);
      expect(near).toBeLessThan(far);
    });

    it('lets the more through the less strength it is given, and at none all of it, as it was', async () => {
      const rest = async (strength: number) => decibels((await alone(hiss, 'near_field', strength)).subarray(DENOISE_RATE_HZ));
      const [all, half, none] = [await rest(1), await rest(0.5), await rest(0)];
      expect(half).toBeGreaterThan(all + 5);
      expect(half).toBeLessThan(none - 3);
      expect(Math.abs(none - decibels(hiss))).toBeLessThan(1);
    });

    it('keeps a voice, and brings it out of noise', async () => {
      const said = late(voice, denoiser.open('near_field').delayMs);
      expect(likeness(await alone(voice), said)).toBeGreaterThan(0.9);
      const before = likeness(late(both, denoiser.open('near_field').delayMs), said);
      const after = likeness(await alone(both), said);
      expect(after).toBeGreaterThan(before);
    });

    it('answers each chunk with one of its own length, in order, whatever the lengths', async () => {
      const stream = denoiser.open('near_field');
      const lengths = [1, 7, 160, 0, 320, 3000, 512, 33, 1600, 1601];
      const order: number[] = [];
      let at = 0;
      const answers = lengths.map((length, i) => {
        const answer = stream.process(both.slice(at, at + length));
        at += length;
        void answer.then(() => order.push(i));
        return answer;
      });
      expect((await Promise.all(answers)).map((out) => out.length)).toEqual(lengths);
      expect(order).toEqual([...lengths.keys()]);
      expect(concat(await Promise.all(answers))).toEqual((await alone(both)).subarray(0, at));
      stream.close();
    });

    it('is late by the delay it names, and silent until then', async () => {
      const stream = denoiser.open('near_field');
      const delay = delaySamples(stream.delayMs);
      const out = await through(stream, voice);
      stream.close();
      expect(stream.delayMs).toBeLessThan(50);
      expect(decibels(out.subarray(0, delay))).toBeLessThan(decibels(voice) - 30);
      const shifts = Array.from({ length: 101 }, (_, i) => i - 50);
      const best = shifts.map((shift) => likeness(out.subarray(delay + 50 + shift), voice.subarray(50, 16_000)));
      expect(shifts[best.indexOf(Math.max(...best))]).toBe(0);
    });

    it('leaves the memory it is given as it was', async () => {
      const stream = denoiser.open('far_field');
      const chunk = both.slice(0, 4000);
      await stream.process(chunk);
      stream.close();
      expect(chunk).toEqual(both.subarray(0, 4000));
    });

    it('keeps streams apart, and starts each afresh', async () => {
      const expected = { voice: await alone(voice), hiss: await alone(hiss) };
      const streams = Array.from({ length: 6 }, () => denoiser.open('near_field'));
      const heard = await Promise.all(streams.map((stream, n) => through(stream, n % 2 ? voice : hiss)));
      for (const [n, out] of heard.entries()) expect(out).toEqual(n % 2 ? expected.voice : expected.hiss);
      for (const stream of streams) stream.close();
      expect(await alone(voice)).toEqual(expected.voice);
    });

    it('answers with the sound as it was what is under way when the stream closes, and what comes after', async () => {
      const stream = denoiser.open('near_field');
      const [one = hiss, two = hiss, three = hiss] = cut(both, 3000);
      const answers = [stream.process(one), stream.process(two)];
      stream.close();
      stream.close();
      answers.push(stream.process(three));
      expect(concat(await Promise.all(answers))).toEqual(late(both.subarray(0, 9000), stream.delayMs));
    });

    it('lets sound pass once the engine is closed, and opens no more streams', async () => {
      const other = make(denoiseEnvironment);
      await other.warmUp(new AbortController().signal);
      const stream = other.open('near_field');
      const answer = stream.process(both);
      await other.close();
      expect(await answer).toEqual(late(both, stream.delayMs));
      expect(await stream.process(new Int16Array(100))).toEqual(both.subarray(-delaySamples(stream.delayMs)).subarray(0, 100));
      expect(() => other.open('near_field')).toThrow(expect.objectContaining({ name: 'EngineError', reason: 'unavailable' }) as Error);
      await expect(other.warmUp(new AbortController().signal)).rejects.toMatchObject({ name: 'EngineError', reason: 'unavailable' });
    });
  });
}
