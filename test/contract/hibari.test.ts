// The embedded neural synthesiser, with its model: the contract of every synthesiser, and what only it promises.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EngineEnvironment, EngineError, noModels, type Tts } from '../../src/engines/engine.ts';
import { HIBARI_MODEL, hibari, openHibari } from '../../src/engines/local/hibari/hibari.ts';
import { hibariVoices } from '../../src/engines/local/hibari/voices.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { concat } from '../../src/media/pcm.ts';
import { loudness } from '../../src/media/loudness.ts';
import { Mortals } from '../dying.ts';
import { describeWithModels, testModels } from '../models.ts';
import { clauses, describeTts, rms, say } from './tts.ts';

const environment: EngineEnvironment = { dataDir: '', log: silentLog, clock: systemClock, models: testModels, settings: {} };
const open = (workers = '1') => hibari.create({ ...environment, settings: { PARLEY_TTS_WORKERS: workers } });
/** One voice of each character. */
const nine = ['Olivia', 'Ronald', 'Dennis', 'Alex', 'Liam', 'Elizabeth', 'Wendy', 'Julia', 'Priya'];
const workerScript = new URL('../../src/engines/local/hibari/hibari-worker.ts', import.meta.url);
const samplesIn = (ms: number) => ms * 24;

test('a server that cannot have the model hears so, and may ask again', async () => {
  const without = hibari.create({ ...environment, models: noModels });
  for (let i = 0; i < 2; i++) {
    const failure = await without.warmUp(new AbortController().signal).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EngineError);
    expect((failure as EngineError).reason).toBe('unavailable');
  }
  await without.close();
});

test('a wrong number of workers is said at once', () => {
  expect(() => open('none')).toThrow('PARLEY_TTS_WORKERS');
});

describeWithModels([HIBARI_MODEL], 'with its model', () => {
  let tts: Tts;

  beforeAll(async () => {
    tts = open();
    await tts.warmUp(new AbortController().signal);
  });

  afterAll(async () => {
    await tts.close();
  });

  describeTts('hibari', { open: () => open() });

  test('sound leaves in stretches of at most 200 ms, the first of them short', async () => {
    const { stretches } = await say(tts, ['This one is long enough for several stretches, as you can hear.'], 'Olivia');
    const lengths = stretches.map(({ pcm }) => pcm.samples.length);
    expect(lengths[0]).toBeLessThanOrEqual(samplesIn(100));
    // Silence that may be the end is held back until it is known not to be.
    expect(lengths.filter((length) => length > samplesIn(200)).length).toBeLessThanOrEqual(1);
    expect(lengths.length).toBeGreaterThan(8);
  });

  test('what is said twice sounds the same twice', async () => {
    const [once, twice] = [await say(tts, ['The same again.'], 'Olivia'), await say(tts, ['The same again.'], 'Olivia')];
    expect(twice.samples).toEqual(once.samples);
  });

  test('F33: speed changes the pace and not the pitch of anybody', async () => {
    const text = ['I would like to book a table for two tonight, if that is all right with you and your friends.'];
    for (const voice of ['Olivia', 'Dennis', 'Hades']) {
      const plain = await say(tts, text, voice);
      for (const speed of [0.25, 0.4, 0.5, 0.75, 1.25, 1.5]) {
        const { samples, words } = await say(tts, text, voice, speed);
        const ratio = (samples.length / plain.samples.length) * speed;
        expect(ratio, `${voice} at ${speed}`).toBeGreaterThan(0.9);
        expect(ratio, `${voice} at ${speed}`).toBeLessThan(1.1);
        expect((words.at(-1)?.endMs as number) / (plain.words.at(-1)?.endMs as number) / (1 / speed)).toBeCloseTo(1, 0);
        expect(Math.abs(pitchHz(samples) / pitchHz(plain.samples) - 1), `${voice} at ${speed}`).toBeLessThan(0.12);
      }
    }
  });

  test('all characters are as loud as each other, about -21 LUFS, and nothing is clipped', async () => {
    const texts = [
      'Your appointment is on Tuesday, March 14th at 3:30 PM.',
      'Could you tell me the name on the account, please?',
      'I have moved the meeting to the large room on the second floor.',
    ];
    const levels: number[] = [];
    for (const voice of nine) {
      const said: Int16Array[] = [];
      for (const text of texts) said.push((await say(tts, [text], voice)).samples);
      const samples = concat(said);
      levels.push(loudness({ samples, rateHz: 24_000 }));
      expect(samples.some((sample) => Math.abs(sample) > 32_300)).toBe(false);
    }
    for (const level of levels) expect(Math.abs(level + 21)).toBeLessThan(2);
    expect(Math.max(...levels) - Math.min(...levels)).toBeLessThan(1.5);
  });

  test('the characters lie apart in pitch, men below women', async () => {
    const pitches = new Map<string, number>();
    for (const voice of nine) {
      const { samples } = await say(tts, ['I would like to book a table for two, if that is all right with you.'], voice);
      pitches.set(voice, pitchHz(samples));
    }
    const of = (gender: string) =>
      hibariVoices.filter((voice) => voice.gender === gender && pitches.has(voice.id)).map(({ id }) => pitches.get(id) ?? 0);
    expect(Math.max(...of('male'))).toBeLessThan(Math.min(...of('female')));
    expect(Math.min(...pitches.values())).toBeGreaterThan(75);
    expect(Math.max(...pitches.values())).toBeLessThan(270);
  });

  test('an answer begins and ends at once, and between its sentences there is a pause, a shorter one after a comma', async () => {
    const pauseMs = async (first: string) => {
      const { words } = await say(tts, [first, 'then we go.'], 'Olivia');
      const next = words.findIndex(({ text }) => text === 'then');
      return (words[next]?.startMs as number) - (words[next - 1]?.endMs as number);
    };
    const [afterSentence, afterComma] = [await pauseMs('We eat.'), await pauseMs('We eat,')];
    expect(afterSentence).toBeGreaterThan(300);
    expect(afterSentence).toBeLessThan(550);
    expect(afterComma).toBeGreaterThan(100);
    expect(afterComma).toBeLessThan(afterSentence - 100);
    for (const voice of nine) {
      const { samples } = await say(tts, ['We eat.'], voice);
      const isHeard = (sample: number) => Math.abs(sample) > 58;
      expect(samples.findIndex(isHeard)).toBeLessThan(samplesIn(120));
      expect(samples.length - samples.findLastIndex(isHeard)).toBeLessThan(samplesIn(100));
    }
  });

  test('words are timed by what is heard: none lies in the pause between two sentences', async () => {
    const { words, samples } = await say(tts, ['Stop.', 'Please go on.'], 'Olivia');
    const loud = (from: number, to: number) => rms(samples.subarray(samplesIn(from), samplesIn(to)));
    const [stop, please] = words as [(typeof words)[number], (typeof words)[number]];
    expect(loud(stop.startMs, stop.endMs)).toBeGreaterThan(800);
    expect(loud(stop.endMs + 80, please.startMs - 60)).toBeLessThan(60);
    expect(loud(please.startMs, please.endMs)).toBeGreaterThan(800);
  });

  test('a long word takes longer than a short one, and numbers as long as they are spoken', async () => {
    const { words } = await say(tts, ['I extraordinarily saw $1,234.56 there.'], 'Olivia');
    const length = (i: number) => (words[i]?.endMs as number) - (words[i]?.startMs as number);
    expect(length(1)).toBeGreaterThan(3 * length(0));
    expect(length(3)).toBeGreaterThan(3 * length(2));
  });

  test('a text of several sentences is spoken whole, though it was given as one', async () => {
    const text = 'Good evening. My name is Olivia; how are you? It is a fine day, is it not?';
    const { words } = await say(tts, [text, 'And that is all.'], 'Olivia');
    expect(words.map((word) => word.text).join(' ')).toBe(`${text} And that is all.`);
    for (const [i, { startMs, endMs }] of words.entries()) {
      expect(endMs).toBeGreaterThan(startMs);
      expect(startMs).toBeGreaterThanOrEqual(words[i - 1]?.endMs ?? 0);
    }
  });

  test('a short answer is not kept waiting by a long one: each speech has one clause at a time in the queue', async () => {
    const order: string[] = [];
    const record = async (name: string, texts: readonly string[]) => {
      const options = { model: '', voice: 'Olivia', speed: 1, key: name };
      for await (const { words } of tts.speak(clauses(...texts), options, new AbortController().signal)) {
        order.push(...(words ?? []).filter(({ text }) => text.endsWith('.')).map(() => name));
      }
    };
    const long = record(
      'long',
      Array.from({ length: 8 }, () => 'This is one more sentence of a long answer.'),
    );
    await Promise.all([long, record('short', ['Yes of course.', 'Thank you.'])]);
    expect(order.filter((name) => name === 'long')).toHaveLength(8);
    expect(order.lastIndexOf('short')).toBeLessThan(6);
  });

  test('a voice or a speed that there is not is rejected', async () => {
    for (const wrong of [say(tts, ['Hi.'], 'nobody'), say(tts, ['Hi.'], 'Dennis', 2), say(tts, ['Hi.'], 'Dennis', Number.NaN)]) {
      const failure = await wrong.catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(EngineError);
      expect((failure as EngineError).reason).toBe('rejected');
    }
  });

  test('a source that breaks ends the speech with its own error', async () => {
    async function* broken() {
      yield 'Fine so far.';
      throw new Error('the model went away');
    }
    const drain = async () => {
      for await (const _ of tts.speak(broken(), { model: '', voice: 'Dennis', speed: 1 }, new AbortController().signal));
    };
    await expect(drain()).rejects.toThrow('the model went away');
  });

  test('closing while somebody speaks ends the speech as unavailable', async () => {
    const closing = open();
    await closing.warmUp(new AbortController().signal);
    const speaking = say(
      closing,
      Array.from({ length: 20 }, () => 'This will not be said to its end.'),
      'Dennis',
    ).catch((error: unknown) => error);
    await closing.close();
    expect(((await speaking) as EngineError).reason).toBe('unavailable');
    expect(closing.health?.().state).toBe('closed');
  });
});

describeWithModels([HIBARI_MODEL], 'when a worker dies', () => {
  const text = ['A table for two, on Friday evening,', 'is what you asked for.'];
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-hibari-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  async function mortal(run: (tts: Tts, mortals: Mortals) => Promise<void>): Promise<void> {
    const mortals = new Mortals(folder);
    const tts = openHibari({ ...environment, settings: { PARLEY_TTS_WORKERS: '2' } }, mortals.script(workerScript));
    try {
      await tts.warmUp(new AbortController().signal);
      await run(tts, mortals);
    } finally {
      await tts.close();
    }
  }

  test('before, within or after the sound of a clause, every speech is what it would have been', async () => {
    await mortal(async (tts, mortals) => {
      const whole = await say(tts, text, 'Olivia');
      for (const [lost, afterParts] of [1, 0, 4, 2].entries()) {
        mortals.kill(workerScript, afterParts);
        const [one, other] = await Promise.all([say(tts, text, 'Olivia'), say(tts, text, 'Olivia')]);
        for (const { samples, words } of [one, other]) {
          expect(samples).toEqual(whole.samples);
          expect(words).toEqual(whole.words);
        }
        await expect.poll(() => tts.health?.().losses, { timeout: 20_000 }).toBe(lost + 1);
      }
      await expect.poll(() => tts.health?.().state, { timeout: 20_000 }).toBe('ready');
    });
  }, 120_000);

  test('and another at the same clause, the speech fails as one that may work a moment later', async () => {
    await mortal(async (tts, mortals) => {
      const killing = setInterval(() => mortals.kill(workerScript, 1), 5);
      const failure = await say(tts, ['What you asked for.'], 'Olivia').catch((error: unknown) => error);
      clearInterval(killing);
      expect(failure).toMatchObject({ name: 'EngineError', reason: 'crashed', retryable: true });
    });
  });
});

/** The middle of all pitches, in Hz, by autocorrelation over 40 ms at every 20 ms of every third sample. */
function pitchHz(samples: Int16Array): number {
  const [rateHz, window, shortest, longest] = [8000, 320, 25, 130];
  const slow = Float64Array.from({ length: Math.floor(samples.length / 3) - 1 }, (_, i) => {
    return ((samples[3 * i] as number) + (samples[3 * i + 1] as number) + (samples[3 * i + 2] as number)) / 3;
  });
  const found: number[] = [];
  for (let start = 0; start + window + longest < slow.length; start += 160) {
    const product = (lag: number) => {
      let sum = 0;
      for (let i = start; i < start + window; i++) sum += (slow[i] as number) * (slow[i + lag] as number);
      return sum;
    };
    const energy = (lag: number) => {
      let sum = 1;
      for (let i = start + lag; i < start + lag + window; i++) sum += (slow[i] as number) ** 2;
      return sum;
    };
    if (energy(0) / window < 90_000) continue;
    const likeness = Array.from(
      { length: longest - shortest + 1 },
      (_, i) => product(i + shortest) / Math.sqrt(energy(0) * energy(i + shortest)),
    );
    const best = Math.max(...likeness);
    // The first peak that is nearly the highest: the highest itself may be one of its multiples.
    const peak = likeness.findIndex(
      (value, i) => value > best * 0.9 && value >= (likeness[i + 1] ?? -1) && value >= (likeness[i - 1] ?? -1),
    );
    if (best > 0.7) found.push(rateHz / (peak + shortest));
  }
  return found.sort((a, b) => a - b)[found.length >> 1] ?? 0;
}
