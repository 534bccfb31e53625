// RNNoise against the suite of its kind, and what is its own: bounds, and a worker that dies or hangs.
import { describe, expect, it, vi } from 'vitest';
import type { DenoiserStream } from '../../src/engines/engine.ts';
import { RnnoiseFilter } from '../../src/engines/local/rnnoise/rnnoise-filter.ts';
import { DELAY, DELAY_MS } from '../../src/engines/local/rnnoise/rnnoise-job.ts';
import { MOST_WAITING } from '../../src/engines/local/rnnoise/rnnoise-stream.ts';
import { MOST_FILTERED, Rnnoise, rnnoise } from '../../src/engines/local/rnnoise/rnnoise.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { type Log, silentLog } from '../../src/lib/log.ts';
import { concat } from '../../src/media/pcm.ts';
import { cut, decibels, denoiseEnvironment, describeDenoiser, late, mixed, through } from './denoise.ts';
import { noise, vowels } from './vowels.ts';

describeDenoiser('rnnoise', (environment) => rnnoise.create(environment));

const dying = new URL('./dying-denoise-worker.ts', import.meta.url);
const hanging = new URL('./dying-denoise-worker.ts?hangs', import.meta.url);
const never = new AbortController().signal;
const hiss = noise(3000, 2000);

function recordingLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const log: Log = {
    ...silentLog,
    warn: (fields, message) => lines.push(`warn ${message} ${JSON.stringify(fields)}`),
    error: (_, message) => lines.push(`error ${message}`),
  };
  return { log, lines };
}

/** Whether sound sent now comes back filtered: a second of noise, of which the last bit is looked at. */
async function filters(stream: DenoiserStream): Promise<boolean> {
  const out = await through(stream, hiss.subarray(0, 16_000), 3200);
  return decibels(out.subarray(-1600)) < decibels(hiss) - 15;
}

describe('the filter around RNNoise', () => {
  it('makes a sample of each sample at once, however they are cut', () => {
    const sizes = Array.from({ length: 400 }, (_, i) => 1 + ((i * 37) % 331));
    const filter = new RnnoiseFilter('near_field');
    const shortest = sizes.map((size) => size - filter.process(new Int16Array(size)).length);
    filter.free();
    expect(shortest.every((missing) => missing === 0)).toBe(true);
  });

  it('mixes what RNNoise made with the same moment of the sound as it was, less of it for a microphone at the mouth', () => {
    const voice = vowels(1000);
    const [near, far] = [new RnnoiseFilter('near_field'), new RnnoiseFilter('far_field')];
    const [strong, mild] = [near.process(voice), far.process(voice)];
    near.free();
    far.free();
    // Mild = share × strong + (1 − share) × dry, with one and the same share everywhere: what is left over is rounding.
    const dry = late(voice, DELAY_MS);
    let [over, under] = [0, 0];
    for (const [i, sample] of mild.entries()) {
      const span = (strong[i] as number) - (dry[i] as number);
      over += (sample - (dry[i] as number)) * span;
      under += span * span;
    }
    const share = over / under;
    expect(share).toBeGreaterThan(0.5);
    expect(share).toBeLessThan(0.95);
    const rest = mild.map((sample, i) => sample - share * (strong[i] as number) - (1 - share) * (dry[i] as number));
    expect(decibels(rest)).toBeLessThan(decibels(mild) - 40);
  });
});

describe('rnnoise under overload', () => {
  it('lets all that waits pass once it is more than two seconds, in time with what was filtered, and filters on afterwards', async () => {
    const { log, lines } = recordingLog();
    const clock = new ManualClock();
    const denoiser = new Rnnoise({ ...denoiseEnvironment, log, clock });
    await denoiser.warmUp(never);
    const stream = denoiser.open('near_field');
    const chunks = cut(hiss, 1600);
    const before = MOST_WAITING / 1600;
    const answers = chunks.map((chunk) => stream.process(chunk));
    const out = concat(await Promise.all(answers));
    expect(out).toEqual(late(hiss, DELAY_MS));
    expect(lines).toEqual([
      `warn sound passed without noise reduction ${JSON.stringify({ seconds: (before + 1) / 10, streams: 1, filtered: 1 })}`,
    ]);
    await vi.waitFor(async () => expect(await filters(stream)).toBe(true));

    for (const chunk of chunks.slice(0, before + 1)) void stream.process(chunk);
    expect(lines).toHaveLength(1);
    await vi.waitFor(async () => expect(await filters(stream)).toBe(true));
    clock.advance(60_000);
    for (const chunk of chunks.slice(0, before + 1)) void stream.process(chunk);
    expect(lines).toHaveLength(2);
    await denoiser.close();
  });

  it('filters a chunk of more than two seconds when nothing waits before it', async () => {
    const denoiser = new Rnnoise(denoiseEnvironment);
    const stream = denoiser.open('near_field');
    const out = await stream.process(hiss);
    expect(decibels(out.subarray(16_000))).toBeLessThan(decibels(hiss) - 15);
    await denoiser.close();
  });

  it('comes back to a sound it let pass without a gap: the filter is told what came before', async () => {
    const denoiser = new Rnnoise(denoiseEnvironment);
    await denoiser.warmUp(never);
    const voice = vowels(6000);
    const others = Array.from({ length: MOST_FILTERED }, () => denoiser.open('near_field'));
    for (const other of others) await other.process(new Int16Array(160));
    const stream = denoiser.open('near_field');
    const passed = await through(stream, voice.subarray(0, 16_000));
    expect(passed).toEqual(late(voice.subarray(0, 16_000), DELAY_MS));
    others[0]?.close();
    const filtered = await stream.process(voice.subarray(16_000, 19_200));
    const dry = late(voice, DELAY_MS).subarray(16_000, 19_200);
    // A filter that knew nothing of what came before would begin with silence.
    expect(Math.abs(decibels(filtered.subarray(0, DELAY)) - decibels(dry.subarray(0, DELAY)))).toBeLessThan(6);
    await denoiser.close();
  });

  it('lets a stream beyond the most it filters pass, until another one closes', async () => {
    const { log, lines } = recordingLog();
    const denoiser = new Rnnoise({ ...denoiseEnvironment, log, clock: new ManualClock() });
    await denoiser.warmUp(never);
    const streams = Array.from({ length: MOST_FILTERED }, () => denoiser.open('far_field'));
    for (const stream of streams) await stream.process(new Int16Array(160));
    const further = denoiser.open('near_field');
    expect(await filters(further)).toBe(false);
    expect(lines).toHaveLength(1);
    streams[3]?.close();
    expect(await filters(further)).toBe(true);
    await denoiser.close();
  });

  it('filters a stream of another key in the place of the youngest of a key that has them all, and loses nothing of either', async () => {
    const denoiser = new Rnnoise({ ...denoiseEnvironment, clock: new ManualClock() });
    await denoiser.warmUp(never);
    const flood = { key: 'flood', session: '' };
    const streams = Array.from({ length: MOST_FILTERED }, () => denoiser.open('near_field', 1, flood));
    for (const stream of streams) await stream.process(new Int16Array(160));
    const waiting = hiss.subarray(0, 4800);
    const answers = streams.map((stream) => stream.process(waiting));
    const other = denoiser.open('near_field', 1, { key: 'other', session: '' });
    expect(await filters(other)).toBe(true);
    for (const answer of await Promise.all(answers)) expect(answer).toHaveLength(waiting.length);
    const filtered = await Promise.all(streams.map(filters));
    expect(filtered.lastIndexOf(true)).toBe(MOST_FILTERED - 2);
    expect(filtered.filter((is) => !is)).toHaveLength(1);
    // Its own twelfth takes nothing from those that have one.
    expect(await filters(denoiser.open('near_field', 1, flood))).toBe(false);
    expect(await filters(other)).toBe(true);
    await denoiser.close();
  });

  it('lets sound wait while it starts for the first time', async () => {
    const denoiser = new Rnnoise(denoiseEnvironment);
    expect(await filters(denoiser.open('near_field'))).toBe(true);
    await denoiser.close();
  });
});

describe('rnnoise when its worker dies', () => {
  const sound = mixed(vowels(1000), noise(1000, 500));
  const [one = sound, two = sound, three = sound, four = sound] = cut(sound, 1600);

  it('lets sound pass until there is a new worker, says so, and loses not a sample', async () => {
    const { log, lines } = recordingLog();
    const clock = new ManualClock();
    const denoiser = new Rnnoise({ ...denoiseEnvironment, log, clock }, dying);
    await denoiser.warmUp(never);
    const stream = denoiser.open('near_field');
    expect(await stream.process(one)).toEqual(one.map((sample) => -sample));
    const dry = late(sound, DELAY_MS);
    expect(concat([await stream.process(two), await stream.process(three)])).toEqual(dry.subarray(1600, 4800));
    expect(lines[0]).toBe('error noise reduction worker died, sound passes as it is');
    expect(denoiser.health()).toMatchObject({ state: 'recovering', losses: 1 });
    clock.advance(0);
    await denoiser.warmUp(never);
    expect(await stream.process(four)).toEqual(four.map((sample) => -sample));
    expect(denoiser.health()).toEqual({ state: 'ready', losses: 1 });
    await denoiser.close();
  });

  it('gives a worker up that has not answered for five seconds', async () => {
    const { log, lines } = recordingLog();
    const clock = new ManualClock();
    const denoiser = new Rnnoise({ ...denoiseEnvironment, log, clock }, hanging);
    await denoiser.warmUp(never);
    const stream = denoiser.open('near_field');
    const answer = stream.process(one);
    clock.advance(4999);
    expect(lines).toEqual([]);
    clock.advance(1);
    expect(await answer).toEqual(late(one, DELAY_MS));
    expect(lines[0]).toBe('error noise reduction worker died, sound passes as it is');
    await denoiser.close();
  });

  it('rejects the warm-up as unavailable when the worker cannot start, lets sound pass, and tries again ever more seldom', async () => {
    const clock = new ManualClock();
    const after = vi.spyOn(clock, 'after');
    const denoiser = new Rnnoise({ ...denoiseEnvironment, clock }, new URL('./no-such-worker.ts', import.meta.url));
    await expect(denoiser.warmUp(never)).rejects.toMatchObject({ name: 'EngineError', engine: 'rnnoise', reason: 'unavailable' });
    // What is left are pauses, not the limit each start has.
    const pauses = () => after.mock.calls.map(([delayMs]) => delayMs).filter((delayMs) => delayMs < 60_000);
    expect(pauses()).toEqual([]);
    expect(denoiser.health()).toMatchObject({ state: 'failed', losses: 1 });
    const stream = denoiser.open('near_field');
    expect(await stream.process(one)).toEqual(late(one, DELAY_MS));
    for (const pause of [100, 200, 400]) {
      await vi.waitFor(() => expect(pauses().at(-1)).toBe(pause), { timeout: 20_000 });
      clock.advance(pause);
    }
    expect(pauses()).toEqual([100, 200, 400]);
    await denoiser.close();
  });

  it('ends a warm-up without error when the signal fires', async () => {
    const denoiser = new Rnnoise(denoiseEnvironment);
    await expect(denoiser.warmUp(AbortSignal.abort())).resolves.toBeUndefined();
    await denoiser.close();
  });
});
