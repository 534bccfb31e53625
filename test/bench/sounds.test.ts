// What the benchmark makes its sounds with, and what it measures in those of a voice.
import { describe, expect, test } from 'vitest';
import { babble, mixedAt, pinkNoise, power, random, speechless, speechPower } from '../../bench/noise.ts';
import { medianPitchHz } from '../../bench/pitch.ts';
import { leadingSilenceMs } from '../../bench/voice.ts';

const rateHz = 16_000;
const tone = (hz: number, seconds: number, peak = 8000) =>
  Int16Array.from({ length: seconds * rateHz }, (_, n) => peak * Math.sin((2 * Math.PI * hz * n) / rateHz));
const decibels = (ratio: number) => 10 * Math.log10(ratio);
const difference = (mixed: Int16Array, speech: Int16Array) => mixed.map((sample, n) => sample - (speech[n] ?? 0));

describe('noise', () => {
  test('is mixed in at the ratio that was asked for', () => {
    const speech = tone(200, 1);
    const noise = pinkNoise(rateHz);
    for (const snrDb of [20, 10, 0]) {
      const added = difference(mixedAt(snrDb, speech, noise), speech);
      expect(decibels(power(speech) / power(added))).toBeCloseTo(snrDb, 1);
    }
  });

  test('is measured against the speech, not against its pauses', () => {
    const speech = new Int16Array(4 * rateHz);
    speech.set(tone(200, 1), rateHz);
    expect(decibels(speechPower(speech) / power(tone(200, 1)))).toBeCloseTo(0, 1);
    const added = difference(mixedAt(10, speech, pinkNoise(4 * rateHz)), speech);
    expect(decibels(power(tone(200, 1)) / power(added))).toBeCloseTo(10, 1);
  });

  test('is repeated where it is shorter than the speech', () => {
    const speech = tone(200, 1);
    const added = difference(mixedAt(10, speech, pinkNoise(rateHz / 4)), speech);
    expect(added.subarray(0, rateHz / 4)).toEqual(added.subarray((3 * rateHz) / 4));
    expect(power(added)).toBeGreaterThan(0);
  });

  test('makes everything softer rather than clip', () => {
    const noise = pinkNoise(rateHz);
    const soft = mixedAt(0, tone(200, 1, 3200), noise);
    const loud = mixedAt(0, tone(200, 1, 32_000), noise);
    const peakOf = (samples: Int16Array) => samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    expect(peakOf(loud)).toBe(32_767);
    const gain = peakOf(loud) / peakOf(soft);
    for (let n = 0; n < rateHz; n++) expect(Math.abs((loud[n] ?? 0) - gain * (soft[n] ?? 0))).toBeLessThan(2 * gain);
  });

  test('that is pink has as much power in each octave', () => {
    const noise = pinkNoise(2 ** 16);
    const octave = (hz: number) => {
      let sum = 0;
      for (let step = 0; step < 24; step++) {
        const frequency = hz * 2 ** (step / 24);
        let [re, im] = [0, 0];
        for (const [n, sample] of noise.entries()) {
          re += sample * Math.cos((2 * Math.PI * frequency * n) / rateHz);
          im += sample * Math.sin((2 * Math.PI * frequency * n) / rateHz);
        }
        sum += (re * re + im * im) * frequency;
      }
      return sum;
    };
    expect(Math.abs(decibels(octave(1600) / octave(200)))).toBeLessThan(4);
    expect(noise.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)).toBeLessThan(32_768);
  });

  test('is the same in every run', () => {
    const [one, same, other] = [random(7), random(7), random(8)];
    expect(one()).toBe(same());
    expect(one()).not.toBe(other());
    expect(pinkNoise(1000)).toEqual(pinkNoise(1000));
  });

  test('of bodies and doors is there even without recordings, none of it empty or clipped', () => {
    const clips = speechless('/nowhere');
    expect(clips.map(({ name }) => name)).toEqual(['cough', 'throat', 'hum of the mains', 'clicks of a keyboard', 'knocks']);
    for (const { samples } of clips) {
      expect(power(samples)).toBeGreaterThan(1000);
      expect(samples.filter((sample) => Math.abs(sample) >= 32_767)).toHaveLength(0);
    }
    expect(babble('/nowhere')).toBeUndefined();
  });
});

describe('a voice', () => {
  const voice = (hz: number, seconds: number) =>
    Int16Array.from({ length: seconds * rateHz }, (_, n) =>
      [1, 2, 3, 4].reduce((sum, harmonic) => sum + (4000 / harmonic) * Math.sin((2 * Math.PI * hz * harmonic * n) / rateHz), 0),
    );

  test('is as high as its fundamental, not as its octaves', () => {
    for (const hz of [90, 140, 230]) expect(medianPitchHz({ samples: voice(hz, 1), rateHz })).toBeCloseTo(hz, -1);
  });

  test('has no pitch in silence and in noise', () => {
    expect(medianPitchHz({ samples: new Int16Array(rateHz), rateHz })).toBeNaN();
    const next = random(3);
    expect(medianPitchHz({ samples: Int16Array.from({ length: rateHz }, () => 5000 * next()), rateHz })).toBeNaN();
  });

  test('begins after its silence', () => {
    const sound = new Int16Array(24_000);
    sound.fill(3000, 2400);
    expect(leadingSilenceMs(sound)).toBe(100);
    expect(leadingSilenceMs(new Int16Array(24_000))).toBe(1000);
  });
});
