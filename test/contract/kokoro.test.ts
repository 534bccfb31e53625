// Kokoro, with its model: the contract of every synthesiser, and what only it promises. How fast the machine is does not matter here.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type EngineEnvironment, EngineError, noModels, type Tts } from '../../src/engines/engine.ts';
import { HIBARI_MODEL } from '../../src/engines/local/hibari/hibari.ts';
import { KOKORO_MODEL, kokoro } from '../../src/engines/local/kokoro/kokoro.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { loudness } from '../../src/media/loudness.ts';
import { describeWithModels, testModels } from '../models.ts';
import { describeTts, say } from './tts.ts';

/** By it nothing takes any time, so that no machine is too slow. */
const patientClock = { ...systemClock, now: () => 0 };
const environment: EngineEnvironment = { dataDir: '', log: silentLog, clock: patientClock, models: testModels, settings: {} };
const open = () => kokoro.create(environment);

test('a server that cannot have the model hears so, and may ask again', async () => {
  const without = kokoro.create({ ...environment, models: noModels });
  for (let i = 0; i < 2; i++) {
    const failure = await without.warmUp(new AbortController().signal).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EngineError);
    expect((failure as EngineError).reason).toBe('unavailable');
  }
  await without.close();
});

describeWithModels([KOKORO_MODEL, HIBARI_MODEL], 'Kokoro', () => {
  vi.setConfig({ testTimeout: 120_000 });
  let tts: Tts;

  beforeAll(async () => {
    tts = open();
    await tts.warmUp(new AbortController().signal);
  }, 120_000);

  afterAll(async () => {
    await tts.close();
  });

  describeTts('kokoro', { open });

  test('men and women of either country are about as loud as each other, about -21 LUFS, and nothing is clipped', async () => {
    for (const voice of ['af_heart', 'am_michael', 'bf_emma', 'bm_george']) {
      const { samples } = await say(tts, ['Could you tell me the name on the account, please?'], voice);
      expect(Math.abs(loudness({ samples, rateHz: 24_000 }) + 21)).toBeLessThan(2);
      expect(samples.some((sample) => Math.abs(sample) > 32_300)).toBe(false);
    }
  });

  test('F33: speed changes the pace', async () => {
    const text = ['I would like to book a table for two tonight.'];
    const plain = await say(tts, text, 'Olivia');
    for (const speed of [0.5, 1.5]) {
      const ratio = ((await say(tts, text, 'Olivia', speed)).samples.length / plain.samples.length) * speed;
      expect(ratio).toBeGreaterThan(0.85);
      expect(ratio).toBeLessThan(1.15);
    }
  });

  test('an answer begins and ends at once, and no word is timed: the net tells no times', async () => {
    const { samples, words } = await say(tts, ['We eat.'], 'af_heart');
    const isHeard = (sample: number) => Math.abs(sample) > 58;
    expect(samples.findIndex(isHeard)).toBeLessThan(120 * 24);
    expect(samples.length - samples.findLastIndex(isHeard)).toBeLessThan(100 * 24);
    expect(words).toEqual([]);
  });
});
