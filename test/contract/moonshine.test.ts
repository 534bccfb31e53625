// Moonshine against the contract, where its weights are, on speech made by the embedded synthesiser; then what only it promises.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EngineError, type EngineEnvironment, noModels, type Stt } from '../../src/engines/engine.ts';
import { moonshine, openMoonshine } from '../../src/engines/local/moonshine/moonshine.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { concat } from '../../src/media/pcm.ts';
import { Mortals } from '../dying.ts';
import { describeWithModels, testModels } from '../models.ts';
import { spoken } from './spoken.ts';
import { describeStt, hear, listen, recognised, type SpeechSample, STT_RATE_HZ, understood, unhurriedClock } from './stt.ts';
import { noise } from './vowels.ts';

const MODEL = 'moonshine-base-en';
const workerScript = new URL('../../src/engines/local/moonshine/moonshine-worker.ts', import.meta.url);
const never = new AbortController().signal;

function environment(settings: EngineEnvironment['settings'] = {}, models = testModels): EngineEnvironment {
  return { dataDir: '', settings, log: silentLog, clock: unhurriedClock, models };
}

let speech: Promise<SpeechSample[]> | undefined;
const said = () => {
  speech ??= spoken([
    'Please turn off the lights in the kitchen.',
    'He was not at home, when I called him again.',
    'I want the pelimont report.',
    'No problem, no problem, I will call you back.',
  ]);
  return speech;
};

describeWithModels([MODEL], 'Moonshine with its weights', () => {
  describeStt('Moonshine', { open: () => moonshine.create(environment()), speech: said });

  let stt: Stt;
  let kitchen: SpeechSample;
  let home: SpeechSample;
  let report: SpeechSample;
  let twice: SpeechSample;

  beforeAll(async () => {
    [kitchen, home, report, twice] = (await said()) as [SpeechSample, SpeechSample, SpeechSample, SpeechSample];
    stt = moonshine.create(environment({ PARLEY_STT_PROCESSES: '1' }));
    await stt.warmUp(never);
  });

  afterAll(async () => {
    await stt.close();
  });

  const text = async (samples: Int16Array, options = {}) => (await recognised(stt, samples, options)).text;

  test('writes capitals and marks', async () => {
    expect(await text(concat([home.samples, noise(500, 20), kitchen.samples]))).toMatch(/^He was .* again[.,] please turn off/i);
  });

  test('learns the words a caller brings, and forgets them for the next one', async () => {
    expect(await text(report.samples)).not.toMatch(/pelimont/i);
    expect(await text(report.samples, { vocabulary: ['fetchPelimont_report'] })).toMatch(/pelimont/i);
    expect(await text(report.samples, { prompt: 'The customer asks about Pelimont.' })).toMatch(/pelimont/i);
    expect(await text(report.samples)).not.toMatch(/pelimont/i);
  });

  test('does not hear such words where they were not said', async () => {
    expect(await text(kitchen.samples, { prompt: 'Pelimont, dolphins, Anna Krüger' })).toBe(await text(kitchen.samples));
  });

  test('lets people say things twice', async () => {
    expect(await text(twice.samples)).toMatch(/no problem, no problem/i);
  });

  test('times words after a pause where they are in the sound', async () => {
    const pause = noise(2000, 20);
    const { words } = await recognised(stt, concat([kitchen.samples, pause, home.samples]));
    const homeMs = ((kitchen.samples.length + pause.length) * 1000) / STT_RATE_HZ;
    const alone = (await recognised(stt, home.samples)).words.find((word) => word.text === 'called')?.startMs ?? Number.NaN;
    const later = words.find((word) => word.text === 'called')?.startMs ?? Number.NaN;
    expect(Math.abs(later - homeMs - alone)).toBeLessThan(200);
  });

  test('is less sure of what it hears in noise', async () => {
    const mean = async (samples: Int16Array) => {
      const { words } = await recognised(stt, samples);
      return words.reduce((sum, { logprob }) => sum + (logprob ?? Number.NaN), 0) / words.length;
    };
    const hiss = noise((kitchen.samples.length * 1000) / STT_RATE_HZ + 1, 3000);
    const drowned = kitchen.samples.map((sample, i) => Math.max(-32_768, Math.min(32_767, sample + (hiss[i] as number))));
    expect(await mean(drowned)).toBeLessThan(await mean(kitchen.samples));
  });

  test('says nothing when there is noise, a hum or a click', async () => {
    const hum = Int16Array.from({ length: 32_000 }, (_, i) => 3000 * Math.sin((2 * Math.PI * 50 * i) / STT_RATE_HZ));
    const click = Int16Array.from({ length: 16_000 }, (_, i) => (i > 8000 ? 20_000 * Math.exp((8000 - i) / 60) * Math.sin(i) : 0));
    for (const sound of [noise(2000, 2000), hum, click]) expect(await text(sound)).toBe('');
  });

  test('hears a long speech in parts that are decoded once, and puts them together', async () => {
    const pause = noise(400, 20);
    const long = concat(Array.from({ length: 5 }, () => [kitchen.samples, pause, home.samples, pause]).flat());
    expect(long.length / STT_RATE_HZ).toBeGreaterThan(24);
    const { text: heard, words } = await recognised(stt, long);
    expect(heard.match(/kitchen/gi)).toHaveLength(5);
    expect(heard.match(/called/gi)).toHaveLength(5);
    const places = words.filter((word) => word.text === 'kitchen').map(({ startMs }) => startMs);
    const everyMs = (long.length * 1000) / STT_RATE_HZ / 5;
    for (const [i, startMs] of places.entries()) expect(Math.abs(startMs - (places[0] ?? 0) - i * everyMs)).toBeLessThan(300);
  });

  test('shows words that it does not take back while they are still spoken', async () => {
    const shown = Promise.withResolvers<void>();
    const { recognition, guesses } = listen(stt, {}, () => shown.resolve());
    hear(recognition, kitchen.samples);
    await shown.promise;
    const { text: final } = await recognition.words('final');
    recognition.close();
    for (const guess of guesses) expect(final.startsWith(guess.text)).toBe(true);
  });
});

describeWithModels([MODEL], 'Moonshine when a worker dies', () => {
  test('in the midst of a decode: the words come all the same', { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-moonshine-'));
    const mortals = new Mortals(folder);
    const stt = openMoonshine(environment({ PARLEY_STT_PROCESSES: '2' }), mortals.script(workerScript));
    try {
      await stt.warmUp(never);
      const [kitchen, home] = (await said()) as [SpeechSample, SpeechSample];
      for (let kill = 1; kill <= 4; kill++) {
        mortals.kill(workerScript);
        const [one, other] = await Promise.all([recognised(stt, kitchen.samples), recognised(stt, home.samples)]);
        expect(understood(kitchen, one.text)).toBeGreaterThan(0.6);
        expect(understood(home, other.text)).toBeGreaterThan(0.6);
        await expect.poll(() => stt.health().losses, { timeout: 20_000 }).toBe(kill);
      }
      await expect.poll(() => stt.health().state, { timeout: 20_000 }).toBe('ready');
    } finally {
      await stt.close();
      await rm(folder, { recursive: true });
    }
  });
});

describe('Moonshine without its weights', () => {
  test('says that it cannot be had, to whoever warms it up and to whoever asks for words', async () => {
    const stt = moonshine.create({ ...environment(), models: noModels });
    await expect(stt.warmUp(never)).rejects.toMatchObject({ name: 'EngineError', reason: 'unavailable' });
    expect(stt.health?.()).toMatchObject({ state: 'failed', problem: expect.stringContaining('moonshine-base-en') });
    await expect(recognised(stt, noise(1000, 3000))).rejects.toBeInstanceOf(EngineError);
    await stt.close();
  });

  test('has the files checked that it could not load, and asks for them again', async () => {
    const asked: string[] = [];
    const models = {
      folder: async (model: string) => {
        asked.push(`folder ${model}`);
        return join(tmpdir(), 'no-such-folder');
      },
      distrust: (model: string) => void asked.push(`distrust ${model}`),
    };
    const stt = moonshine.create({ ...environment(), clock: new ManualClock(), models });
    await expect(stt.warmUp(never)).rejects.toMatchObject({ reason: 'unavailable' });
    const twice = ['folder moonshine-base-en', 'distrust moonshine-base-en', 'folder moonshine-base-en', 'distrust moonshine-base-en'];
    expect(asked).toEqual(twice);
    await expect(stt.warmUp(never)).rejects.toMatchObject({ reason: 'unavailable' });
    expect(asked.slice(4)).toEqual(twice);
    await stt.close();
  });

  test('refuses a number of workers that is none', async () => {
    const stt = moonshine.create(environment({ PARLEY_STT_PROCESSES: 'many' }));
    await expect(stt.warmUp(never)).rejects.toMatchObject({ reason: 'unavailable' });
    await stt.close();
  });

  test('ends a warm-up without error when the signal fires', async () => {
    const stt = moonshine.create({ ...environment(), models: { folder: () => new Promise(() => {}), distrust() {} } });
    await expect(stt.warmUp(AbortSignal.abort())).resolves.toBeUndefined();
    const aborting = new AbortController();
    const warming = stt.warmUp(aborting.signal);
    aborting.abort();
    await expect(warming).resolves.toBeUndefined();
  });
});
