// Whisper against the contract, where its weights are, on speech made by the embedded synthesiser; then what only it promises.
import { expect, test } from 'vitest';
import { EngineError, type EngineEnvironment, noModels } from '../../src/engines/engine.ts';
import { whisper } from '../../src/engines/local/whisper/whisper.ts';
import { silentLog } from '../../src/lib/log.ts';
import { concat } from '../../src/media/pcm.ts';
import { dataDir, describeWithModels, testModels } from '../models.ts';
import { spoken } from './spoken.ts';
import { describeStt, recognised, type SpeechSample, STT_RATE_HZ, understood, unhurriedClock } from './stt.ts';
import { noise } from './vowels.ts';

const never = new AbortController().signal;

function environment(models = testModels): EngineEnvironment {
  return { dataDir, settings: { PARLEY_STT_PROCESSES: '1' }, log: silentLog, clock: unhurriedClock, models };
}

let speech: Promise<SpeechSample[]> | undefined;
const said = () => {
  speech ??= spoken(['Please turn off the lights in the kitchen.', 'He was not at home, when I called him again.']);
  return speech;
};

describeWithModels(['whisper-base'], 'Whisper with its weights', () => {
  describeStt('Whisper', { open: () => whisper.create(environment()), speech: said, options: { language: 'en' } });

  test('tells the language, writes in the one it is told, and says nothing of noise', { timeout: 60_000 }, async () => {
    const stt = whisper.create(environment());
    try {
      const [kitchen] = (await said()) as [SpeechSample];
      const told = await recognised(stt, kitchen.samples, { languages: ['en', 'de'] });
      expect(told.languages).toEqual(['en']);
      expect(understood(kitchen, told.text)).toBeGreaterThan(0.6);
      expect((await recognised(stt, kitchen.samples, { language: 'ru' })).text).toMatch(/\p{Script=Cyrillic}/u);
      for (const sound of [noise(2000, 2000), new Int16Array(32_000)])
        expect((await recognised(stt, sound, { languages: [] })).text).toBe('');
    } finally {
      await stt.close();
    }
  });

  test('hears half a minute in parts, and times words where they are in the sound', { timeout: 60_000 }, async () => {
    const stt = whisper.create(environment());
    try {
      const [kitchen] = (await said()) as [SpeechSample];
      const pause = noise(1500, 20);
      const times = 8;
      const long = concat(Array.from({ length: times }, () => [kitchen.samples, pause]).flat());
      const everyMs = ((kitchen.samples.length + pause.length) * 1000) / STT_RATE_HZ;
      expect(long.length / STT_RATE_HZ).toBeGreaterThan(25);
      const { words } = await recognised(stt, long, { language: 'en' });
      const places = words.filter(({ text }) => text === 'kitchen').map(({ startMs }) => startMs);
      expect(places).toHaveLength(times);
      for (const [i, startMs] of places.entries()) expect(Math.abs(startMs - (places[0] ?? 0) - i * everyMs)).toBeLessThan(400);
    } finally {
      await stt.close();
    }
  });
});

test('Whisper without its weights says that it cannot be had', async () => {
  const stt = whisper.create(environment(noModels));
  await expect(stt.warmUp(never)).rejects.toMatchObject({ name: 'EngineError', reason: 'unavailable' });
  expect(stt.health?.()).toMatchObject({ state: 'failed', problem: expect.stringContaining('whisper-base') });
  await expect(recognised(stt, noise(1000, 3000))).rejects.toBeInstanceOf(EngineError);
  await stt.close();
});
