// What becomes of the net's frames before they are handed out, with frames that are made up; and the model's conversion.
import { describe, expect, test } from 'vitest';
import { characters } from '../../src/engines/local/hibari/characters.ts';
import { expose } from '../../src/engines/local/hibari/expose.ts';
import { BINS, HOP, RATE_HZ } from '../../src/engines/local/hibari/frames.ts';
import type { Recital } from '../../src/engines/local/hibari/net.ts';
import { netSpeed, stretchOf } from '../../src/engines/local/hibari/pace.ts';
import { speakClause, type Stretch } from '../../src/engines/local/hibari/speech.ts';
import { hibariVoices } from '../../src/engines/local/hibari/voices.ts';
import { findVoice, fliteVoices } from '../../src/engines/local/flite/voices.ts';
import { voiceAliases } from '../../src/engines/text/voice-names.ts';
import { concat } from '../../src/media/pcm.ts';

const STEP_FRAMES = 2;

/** A hum at 200 Hz in the frames from `first` to before `last`. */
function recital(durations: readonly number[], [first, last]: readonly [number, number], loudness = 1): Recital {
  const frames = STEP_FRAMES * durations.reduce((sum, steps) => sum + steps, 0);
  const hums = (k: number) => k >= first && k < last;
  const silent = () => new Float32Array(BINS * frames).fill(-60);
  const lh = silent().map((value, i) => (hums(i % frames) ? loudness : value));
  const f0 = Float32Array.from({ length: frames }, (_, k) => (hums(k) ? 200 : -1));
  return {
    durations,
    exactDurations: durations,
    spectrogram: { frames, lh, theta: silent().fill(0), ln: silent(), lr: silent(), phi: silent(), f0 },
  };
}

function heard(stretches: Iterable<Stretch>) {
  const all = [...stretches];
  const samples = concat(all.map((stretch) => stretch.samples));
  const isHeard = (sample: number) => Math.abs(sample) > 58;
  return {
    all,
    samples,
    beginsMs: samples.findIndex(isHeard) / 24,
    endsMs: samples.findLastIndex(isHeard) / 24,
    lengthMs: samples.length / 24,
  };
}

describe('a clause', () => {
  // 13 steps of silence; words of 20 and 30 steps, 75 ms earlier than the steps say; 15 of silence.
  const durations = [13, 20, 30, 14, 1];
  const sounding = [2 * 13 - 6, 2 * 63 - 6] as const;
  const words = [
    { text: 'one', from: 0, to: 1 },
    { text: 'two', from: 1, to: 2 },
  ];

  test('loses the silence around it', () => {
    const { beginsMs, endsMs, lengthMs } = heard(speakClause(recital(durations, sounding), words, characters.heart, 1));
    expect(beginsMs).toBeGreaterThan(10);
    expect(beginsMs).toBeLessThan(40);
    expect(lengthMs - endsMs).toBeGreaterThan(25);
    expect(lengthMs - endsMs).toBeLessThan(35);
    expect(endsMs - beginsMs).toBeGreaterThan(1230);
    expect(endsMs - beginsMs).toBeLessThan(1300);
  });

  test.each([1, 2])('has its words where they are heard, when all lasts %f times as long', (stretch) => {
    const { all } = heard(speakClause(recital(durations, sounding), words, characters.heart, stretch));
    const timed = all.flatMap((part) => part.words);
    expect(timed.map(({ text }) => text)).toEqual(['one', 'two']);
    expect(Math.abs((timed[0]?.startMs ?? 0) - 37)).toBeLessThan(13);
    expect(Math.abs((timed[1]?.startMs ?? 0) - 37 - 500 * stretch)).toBeLessThan(13);
    expect(Math.abs((timed[1]?.endMs ?? 0) - 37 - 1250 * stretch)).toBeLessThan(13);
    let atMs = 0;
    for (const { samples, words: begun } of all) {
      const untilMs = atMs + samples.length / 24;
      for (const { startMs } of begun) {
        expect(startMs).toBeGreaterThanOrEqual(Math.floor(atMs));
        expect(startMs).toBeLessThan(untilMs);
      }
      atMs = untilMs;
    }
  });

  test('has a last word that ends with its sound, though the net gives it the silence after it', () => {
    const { all, endsMs } = heard(speakClause(recital(durations, [20, 100]), words, characters.heart, 1));
    expect(Math.abs((all.flatMap((part) => part.words).at(-1)?.endMs ?? 0) - endsMs)).toBeLessThan(40);
  });

  test('comes in stretches of 200 ms, a short one first', () => {
    const lengths = heard(speakClause(recital(durations, sounding), words, characters.heart, 1)).all.map(({ samples }) => samples.length);
    expect(lengths[0]).toBe(8 * HOP);
    expect(lengths.slice(1, 5)).toEqual([16, 16, 16, 16].map((hops) => hops * HOP));
    expect(RATE_HZ).toBe(24_000);
  });

  test('is never clipped, however loud', () => {
    const { samples } = heard(speakClause(recital(durations, sounding, 5), words, characters.heart, 1));
    const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    expect(peak).toBeGreaterThan(30_000);
    expect(peak).toBeLessThan(32_700);
  });

  test('of nothing but silence gives no word an end before its beginning', () => {
    const { all } = heard(speakClause(recital(durations, [0, 0]), words, characters.heart, 1));
    for (const { startMs, endMs } of all.flatMap((part) => part.words)) expect(endMs).toBeGreaterThanOrEqual(startMs);
  });
});

describe('the pace', () => {
  test('is what the net makes of it, at speed 1', () => {
    expect(netSpeed(characters.older, 1)).toBe(0.93);
    const exactDurations = [13.3, 2.6, 1.4, 0.3, 2.5];
    const durations = exactDurations.map((steps) => Math.max(1, Math.round(steps)));
    expect(stretchOf({ ...recital(durations, [0, 0]), exactDurations }, characters.older, 1)).toBe(1);
  });

  test('is mended where the net rounds it away, and where the net cannot go', () => {
    // At speed 1.2 nothing of this gets shorter: 2 / 1.2 is 2 again.
    const same = { ...recital([2, 2, 2, 2], [0, 0]), exactDurations: [1.667, 1.667, 1.667, 1.667] };
    expect(stretchOf(same, characters.heart, 1.2)).toBeCloseTo(1 / 1.2, 6);
    expect([netSpeed(characters.heart, 0.25), netSpeed(characters.heart, 1.5)]).toEqual([0.65, 1.2]);
    const slow = { ...recital([3, 3, 3, 3], [0, 0]), exactDurations: [3.077, 3.077, 3.077, 3.077] };
    expect(stretchOf(slow, characters.heart, 0.25)).toBeCloseTo(8 / 3, 6);
  });
});

describe('the voices', () => {
  test('F31: are those of the other embedded synthesiser by name and gender, so that either may stand in for the other', () => {
    const named = ({ id, gender }: { id: string; gender: string }) => `${id}, ${gender}`;
    expect(hibariVoices.map(named)).toEqual(fliteVoices.map(named));
    for (const [alias, id] of voiceAliases) {
      expect(findVoice(alias)?.id).toBe(id);
      expect(hibariVoices.some((voice) => voice.id === id)).toBe(true);
    }
  });

  test('can be told apart: two of one character differ in pace', () => {
    const alike = hibariVoices.flatMap((a, i) =>
      hibariVoices
        .slice(i + 1)
        .filter((b) => a.character === b.character && Math.abs(Math.log(a.pace / b.pace)) < 0.06)
        .map((b) => `${a.id} and ${b.id}`),
    );
    expect(alike).toEqual([]);
    expect(new Set(hibariVoices.map(({ character }) => character)).size).toBe(Object.keys(characters).length);
  });
});

test('a tensor is exposed by appending a message of the protobuf format: graph, output, name and type', () => {
  const exposed = expose(Uint8Array.of(8, 9), '/inner', 'int64');
  // 7: graph { 12: output { 1: name "/inner", 2: type { 1: tensor { 1: 7 (int64) } } } }
  const name = [...new TextEncoder().encode('/inner')];
  expect([...exposed]).toEqual([8, 9, 0x3a, 16, 0x62, 14, 0x0a, 6, ...name, 0x12, 4, 0x0a, 2, 8, 7]);
});

test('a long name of a tensor has its length written in several bytes', () => {
  const exposed = expose(new Uint8Array(0), 'n'.repeat(300), 'float32');
  expect([...exposed.slice(0, 10)]).toEqual([0x3a, 0xb8, 0x02, 0x62, 0xb5, 0x02, 0x0a, 0xac, 0x02, 0x6e]);
  expect([...exposed.slice(-2)]).toEqual([8, 1]);
});
