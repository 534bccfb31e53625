// The embedded synthesiser: the contract of every synthesiser, its voices, its pace, and its fairness between speakers.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EngineError, noModels, type Tts } from '../../src/engines/engine.ts';
import { flite } from '../../src/engines/local/flite/flite.ts';
import { findVoice, fliteVoices } from '../../src/engines/local/flite/voices.ts';
import { voiceAliases } from '../../src/engines/text/voice-names.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { clauses, describeTts, rms, say } from './tts.ts';

const environment = { dataDir: '', log: silentLog, clock: systemClock, models: noModels };
const open = (workers = '2') => flite.create({ ...environment, settings: { PARLEY_TTS_WORKERS: workers } });

describeTts('flite', { open: () => open() });

let tts: Tts;

beforeAll(async () => {
  tts = open();
  await tts.warmUp(new AbortController().signal);
});

afterAll(async () => {
  await tts.close();
});

/** The middle of all pitches, in Hz, by autocorrelation over 40 ms at every 20 ms. */
function pitchHz(samples: Int16Array): number {
  const [window, shortest, longest] = [640, 36, 290];
  const found: number[] = [];
  const at = (i: number) => samples[i] as number;
  for (let start = 0; start + window + longest < samples.length; start += 320) {
    let energy = 0;
    for (let i = 0; i < window; i++) energy += at(start + i) ** 2;
    if (energy / window < 90_000) continue;
    const likeness: number[] = [];
    for (let lag = shortest; lag <= longest; lag++) {
      let product = 0;
      let other = 1;
      for (let i = 0; i < window; i++) {
        product += at(start + i) * at(start + i + lag);
        other += at(start + i + lag) ** 2;
      }
      likeness.push(product / Math.sqrt(energy * other));
    }
    const best = Math.max(...likeness);
    // The first peak that is nearly the highest: the highest itself may be one of its multiples.
    const peak = likeness.findIndex(
      (value, i) => value > best * 0.9 && value >= (likeness[i + 1] ?? -1) && value >= (likeness[i - 1] ?? -1),
    );
    if (best > 0.7) found.push(16_000 / (peak + shortest));
  }
  return found.sort((a, b) => a - b)[found.length >> 1] ?? 0;
}

function apart(a: number, b: number): number {
  return Math.abs(a - b) / Math.min(a, b);
}

test('any two voices of the catalogue differ in pitch or in pace, and women speak higher than men', async () => {
  const heard: { id: string; gender: string; pitch: number; length: number }[] = [];
  for (const { id, gender } of fliteVoices) {
    const { samples } = await say(tts, ['I would like to book a table for two tonight.'], id);
    heard.push({ id, gender, pitch: pitchHz(samples), length: samples.length });
  }
  const alike = heard.flatMap((a, i) =>
    heard
      .slice(i + 1)
      .filter((b) => apart(a.pitch, b.pitch) < 0.05 && apart(a.length, b.length) < 0.05)
      .map((b) => `${a.id} and ${b.id}`),
  );
  expect(alike).toEqual([]);
  const pitches = (wanted: string) => heard.filter(({ gender }) => gender === wanted).map(({ pitch }) => pitch);
  expect(Math.min(...pitches('female'))).toBeGreaterThan(Math.max(...pitches('male')));
  expect(Math.max(...pitches('male'))).toBeLessThan(155);
});

test('F31: every alias stands for a voice, and names are found whatever their case', () => {
  for (const [alias, id] of voiceAliases) expect(findVoice(alias.toUpperCase())?.id).toBe(id);
  expect(findVoice('dennis')?.id).toBe('Dennis');
  expect(findVoice('nobody')).toBeUndefined();
});

test.each(['Olivia', 'Dennis', 'Clive', 'Dominus'])('F33: speed changes the pace of %s and not the pitch', async (voice) => {
  const text = ['I would like to book a table for two tonight.'];
  const plain = await say(tts, text, voice);
  const pitch = pitchHz(plain.samples);
  for (const speed of [0.25, 0.5, 1.5]) {
    const { samples } = await say(tts, text, voice, speed);
    expect(samples.length / plain.samples.length).toBeGreaterThan(0.94 / speed);
    expect(samples.length / plain.samples.length).toBeLessThan(1.06 / speed);
    expect(apart(pitchHz(samples), pitch)).toBeLessThan(0.08);
  }
});

test('a voice or a speed that there is not is rejected', async () => {
  for (const wrong of [say(tts, ['Hi.'], 'nobody'), say(tts, ['Hi.'], 'Dennis', 2), say(tts, ['Hi.'], 'Dennis', Number.NaN)]) {
    const failure = await wrong.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EngineError);
    expect((failure as EngineError).reason).toBe('rejected');
  }
});

test('a wrong number of workers is said at once', () => {
  expect(() => open('none')).toThrow('PARLEY_TTS_WORKERS');
});

test('sound leaves in stretches of at most 200 ms', async () => {
  const { stretches } = await say(tts, ['This one is long enough for several stretches.'], 'Dennis');
  expect(Math.max(...stretches.map(({ pcm }) => pcm.samples.length))).toBeLessThanOrEqual(3200);
  expect(stretches.length).toBeGreaterThan(8);
});

test('between sentences there is a pause, a shorter one after a comma, and hardly any at the ends', async () => {
  const pauseMs = async (first: string) => {
    const { words } = await say(tts, [first, 'then we go.'], 'Dennis');
    const next = words.findIndex(({ text }) => text === 'then');
    return (words[next]?.startMs as number) - (words[next - 1]?.endMs as number);
  };
  const [afterSentence, afterComma] = [await pauseMs('We eat.'), await pauseMs('We eat,')];
  expect(afterSentence).toBeGreaterThan(250);
  expect(afterSentence).toBeLessThan(400);
  expect(afterComma).toBeGreaterThan(100);
  expect(afterComma).toBeLessThan(250);
  const { words, samples } = await say(tts, ['We eat.'], 'Dennis');
  expect(words[0]?.startMs).toBeLessThan(60);
  expect(samples.length / 16 - (words.at(-1)?.endMs as number)).toBeLessThan(100);
});

test('words are timed by what is heard: none lies in the pause between two phrases', async () => {
  const { words, samples } = await say(tts, ['Stop.', 'Please go on.'], 'Olivia');
  const loud = (from: number, to: number) => rms(samples.subarray(from * 16, to * 16));
  const [stop, please] = words as [(typeof words)[number], (typeof words)[number]];
  expect(loud(stop.startMs, stop.endMs)).toBeGreaterThan(1000);
  expect(loud(stop.endMs + 40, please.startMs - 40)).toBeLessThan(20);
});

test('a long word takes longer than a short one, and numbers as long as they are spoken', async () => {
  const { words } = await say(tts, ['I extraordinarily saw $1,234.56 there.'], 'Olivia');
  const length = (i: number) => (words[i]?.endMs as number) - (words[i]?.startMs as number);
  expect(length(1)).toBeGreaterThan(3 * length(0));
  expect(length(3)).toBeGreaterThan(3 * length(2));
});

test('a short answer is not kept waiting by a long one: each speech has one clause at a time in the queue', async () => {
  const one = open('1');
  await one.warmUp(new AbortController().signal);
  const order: string[] = [];
  const record = async (name: string, texts: readonly string[]) => {
    for await (const { words } of one.speak(clauses(...texts), { model: '', voice: 'Dennis', speed: 1 }, new AbortController().signal)) {
      order.push(...(words ?? []).filter(({ text }) => text.endsWith('.')).map(() => name));
    }
  };
  const long = record(
    'long',
    Array.from({ length: 8 }, () => 'This is one more sentence of a long answer.'),
  );
  const short = record('short', ['Yes of course.', 'Thank you.']);
  await Promise.all([long, short]);
  await one.close();
  expect(order.filter((name) => name === 'long')).toHaveLength(8);
  expect(order.lastIndexOf('short')).toBeLessThan(6);
});

test('one key that speaks a lot at once does not keep another waiting', async () => {
  const one = open('1');
  await one.warmUp(new AbortController().signal);
  const order: string[] = [];
  const speak = async (key: string) => {
    const options = { model: '', voice: 'Dennis', speed: 1, origin: { key, session: '' } };
    for await (const _ of one.speak(clauses('This is said to everybody who calls.'), options, new AbortController().signal));
    order.push(key);
  };
  await Promise.all([...Array.from({ length: 12 }, () => speak('flood')), speak('other')]);
  await one.close();
  expect(order.indexOf('other')).toBeLessThan(4);
});

test('tells how its workers are', async () => {
  const one = open('1');
  expect(one.health?.()).toEqual({ state: 'starting' });
  await one.warmUp(new AbortController().signal);
  expect(one.health?.()).toMatchObject({ state: 'ready', losses: 0 });
  await one.close();
  expect(one.health?.()).toMatchObject({ state: 'closed' });
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
  const closing = open('1');
  const speaking = say(
    closing,
    Array.from({ length: 20 }, () => 'This will not be said to its end.'),
    'Dennis',
  );
  const outcome = speaking.catch((error: unknown) => error);
  await closing.warmUp(new AbortController().signal);
  await closing.close();
  expect(((await outcome) as EngineError).reason).toBe('unavailable');
});
