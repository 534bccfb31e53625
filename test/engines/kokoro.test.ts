// What of Kokoro needs no weights: its styles, its voices, how its sound is cut, and when it refuses to speak.
import { afterEach, describe, expect, test } from 'vitest';
import { EngineError, type Models, noModels, type Speech, type Voice } from '../../src/engines/engine.ts';
import { Kokoro } from '../../src/engines/local/kokoro/kokoro.ts';
import { readStyles, STYLE_ROWS, STYLE_VALUES, styleRow } from '../../src/engines/local/kokoro/net.ts';
import { measureSpeed } from '../../src/engines/local/kokoro/speed.ts';
import { cutClause } from '../../src/engines/local/kokoro/speech.ts';
import { findKokoroVoice, kokoroAliases, kokoroVoices } from '../../src/engines/local/kokoro/voices.ts';
import { fliteVoices } from '../../src/engines/local/flite/voices.ts';
import { voiceAliases } from '../../src/engines/text/voice-names.ts';
import { hibariVoices } from '../../src/engines/local/hibari/voices.ts';
import { findModel, manifest } from '../../src/engines/models/manifest.ts';
import { chooseTts } from '../../src/engines/routing/chosen.ts';
import { ManualClock, systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { concat } from '../../src/media/pcm.ts';
import { say } from '../contract/tts.ts';

const models: Models = { folder: async () => '/nowhere', distrust: () => {} };
const never = () => new AbortController().signal;
let opened: Kokoro | undefined;

afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

/** On a machine that takes those seconds for each second of speech, one measurement after the other. */
function open(factors: readonly number[]) {
  const measured: number[] = [];
  const measure = async () => {
    measured.push(factors[measured.length] ?? Number.NaN);
    return measured.at(-1) ?? Number.NaN;
  };
  const environment = { dataDir: '', settings: {}, log: silentLog, clock: systemClock, models };
  opened = new Kokoro(environment, { script: new URL('./kokoro-actor-worker.ts', import.meta.url), measure });
  return { kokoro: opened, measured };
}

async function refusal(kokoro: Kokoro): Promise<EngineError> {
  const error = await kokoro.warmUp(never()).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
}

describe('the speed of the machine', () => {
  test('is enough when a second of speech takes 0.8 s at the most, and then it is measured once', async () => {
    const { kokoro, measured } = open([0.79]);
    await kokoro.warmUp(never());
    expect(measured).toEqual([0.79]);
    expect((await say(kokoro, ['Hello.'], 'af_heart')).samples).toHaveLength(24_000);
  });

  test('is measured again while it is too slow: the first time finds everything cold', async () => {
    const { kokoro, measured } = open([1.7, 0.9, 0.6]);
    await kokoro.warmUp(never());
    expect(measured).toEqual([1.7, 0.9, 0.6]);
  });

  test('is refused with the best figure and with what to do; once it is worth another try', async () => {
    const { kokoro, measured } = open([1.9, 1.41, 1.5, 1.2, 1.3, 1.25]);
    const error = await refusal(kokoro);
    expect(error.reason).toBe('unavailable');
    expect(error.message).toMatch(/Kokoro takes 1\.41 s on this machine for each second of speech.*PARLEY_TTS=hibari/);
    expect(error.retryable).toBe(true);
    const again = await refusal(kokoro);
    expect(again.message).toContain('1.20 s');
    expect(again.retryable).toBe(false);
    expect(measured).toHaveLength(6);
  });

  test('is judged anew at the second try, and then it speaks', async () => {
    const { kokoro } = open([1.1, 1.1, 1.1, 0.5]);
    await refusal(kokoro);
    await kokoro.warmUp(never());
    expect(kokoro.health().state).toBe('ready');
  });

  test('is the time that passes until all of a text is spoken, for a second of its sound', async () => {
    const clock = new ManualClock();
    async function* speak(): AsyncGenerator<Speech> {
      for (const seconds of [2, 1, 1]) {
        clock.advance(900);
        yield { pcm: { samples: new Int16Array(seconds * 24_000), rateHz: 24_000 } };
      }
      clock.advance(300);
    }
    expect(await measureSpeed({ speak }, 'anybody', clock, never())).toBeCloseTo(0.75, 6);
  });

  test('is of no interest to somebody who left', async () => {
    const { kokoro } = open([5, 5, 5]);
    const leave = new AbortController();
    const warming = kokoro.warmUp(leave.signal);
    leave.abort();
    await expect(warming).resolves.toBeUndefined();
  });
});

test('F31: where neither it nor the one that stands in for it can be had, the third of them speaks', async () => {
  const tts = chooseTts('kokoro', { dataDir: '', settings: {}, log: silentLog, clock: systemClock, models: noModels });
  await tts.warmUp(never());
  expect(tts.info.id).toBe('flite');
  expect(tts.health?.()).toMatchObject({ state: 'ready', problem: expect.stringMatching(/^Kokoro 82M \(embedded\) cannot be had/) });
  expect((await say(tts, ['Hello.'], 'Dennis')).samples.length).toBeGreaterThan(0);
  await tts.close();
});

describe('the style', () => {
  /** Every value is the number of its row. */
  const bytes = new Uint8Array(Float32Array.from({ length: STYLE_ROWS * STYLE_VALUES }, (_, i) => Math.floor(i / STYLE_VALUES)).buffer);
  const rowFor = (phonemes: number) => [...new Set(styleRow(readStyles(bytes), phonemes))];

  test('is that of the number of phonemes, and the last for all that are longer', () => {
    expect(rowFor(1)).toEqual([0]);
    expect(rowFor(40)).toEqual([39]);
    expect(rowFor(510)).toEqual([509]);
    expect(rowFor(511)).toEqual([509]);
    expect(styleRow(readStyles(bytes), 510)).toHaveLength(STYLE_VALUES);
  });

  test('is read wherever in memory its table lies, and a table of another size is none', () => {
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(styleRow(readStyles(shifted.subarray(1)), 7)[0]).toBe(6);
    expect(() => readStyles(bytes.subarray(4))).toThrow('522240 bytes');
  });
});

describe('the voices', () => {
  const own = kokoroVoices.filter(({ id }) => /^[ab][fm]_/.test(id));

  test('are the 28 that the model has, by their own names, with language and gender', () => {
    const tables = findModel(manifest, 'kokoro')?.files.flatMap(({ name }) => /^voices\/(.*)\.bin$/.exec(name)?.[1] ?? []);
    expect(own.map(({ id }) => id).sort()).toEqual(tables?.sort());
    expect(own).toHaveLength(28);
    for (const { id, language, gender } of own) {
      expect(language).toBe(id.startsWith('a') ? 'en-US' : 'en-GB');
      expect(gender).toBe(id[1] === 'f' ? 'female' : 'male');
    }
    expect(kokoroVoices[0]?.id).toBe('af_heart');
  });

  test('F31: are also those of the synthesiser that stands in, by name and gender', () => {
    const others = kokoroVoices.filter((voice) => !own.includes(voice));
    expect(others.map(({ id, gender }) => `${id}, ${gender}`)).toEqual(hibariVoices.map(({ id, gender }) => `${id}, ${gender}`));
    expect(new Set(kokoroVoices.map(({ id }) => id.toLowerCase())).size).toBe(kokoroVoices.length);
    const sounds = others.map(({ manner: { style, pace } }) => `${style} at ${pace}`);
    expect(new Set(sounds).size).toBe(others.length);
  });

  test('have for every own name one of the same gender that the stand-in has', () => {
    const genders = (voices: readonly Voice[]) =>
      own.map(({ id }) => [id, voices.find((voice) => voice.id === kokoroAliases.get(id))?.gender]);
    const asked = own.map(({ id, gender }) => [id, gender]);
    expect(genders(hibariVoices)).toEqual(asked);
    expect(genders(fliteVoices)).toEqual(asked);
  });

  test('are found by all names, whatever the case: of OpenAI’s the voice of that name where there is one', () => {
    expect(findKokoroVoice('BF_EMMA')?.style).toBe('bf_emma');
    expect(findKokoroVoice('olivia')?.style).toBe('af_heart');
    expect(findKokoroVoice('Onyx')?.style).toBe('am_onyx');
    expect(findKokoroVoice('fable')?.style).toBe('bm_fable');
    expect([...voiceAliases.keys()].filter((name) => !findKokoroVoice(name))).toEqual([]);
    expect(findKokoroVoice('nobody')).toBeUndefined();
  });
});

describe('a clause', () => {
  /** Silence of 300 and 440 ms around a hum of a second. */
  const sound = Float32Array.from({ length: 1.74 * 24_000 }, (_, i) => (i >= 7200 && i < 31_200 ? 0.5 * Math.sin(i / 10) : 0));
  const cut = (gain: number) => concat([...cutClause(sound, gain)].map(({ samples }) => samples));

  test('loses the silence around it but for 30 ms, and comes in stretches of 200 ms', () => {
    const samples = cut(1);
    expect(samples.length / 24).toBeGreaterThan(1055);
    expect(samples.length / 24).toBeLessThanOrEqual(1060);
    expect([...cutClause(sound, 1)].slice(0, -1).map((stretch) => stretch.samples.length)).toEqual([4800, 4800, 4800, 4800, 4800]);
  });

  test('begins and ends with silence, so that nothing clicks', () => {
    const samples = cut(1);
    expect([samples[0], samples.at(-1)]).toEqual([0, 0]);
    const midst = cutClause(
      Float32Array.from({ length: 4800 }, () => 0.5),
      1,
    );
    const loud = concat([...midst].map((stretch) => stretch.samples));
    expect([loud[0], loud.at(-1)]).toEqual([0, 0]);
    expect(loud[2400]).toBeGreaterThan(16_000);
  });

  test('is never clipped, however loud, and is nothing where nothing is heard', () => {
    expect(Math.max(...cut(20))).toBeLessThan(32_300);
    expect([...cutClause(new Float32Array(24_000).fill(1e-4), 1)]).toEqual([]);
    expect([...cutClause(new Float32Array(0), 1)]).toEqual([]);
  });
});
