// Sounds that are not speech, and speech with noise in it. All of it is the same in every run.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resample } from '../src/media/resample.ts';
import { readWav } from '../src/media/wav.ts';

export const NOISE_RATE_HZ = 16_000;
const frame = NOISE_RATE_HZ / 50;
/** Frames this far below the loudest are pauses: they do not count in how loud speech is. */
const pauseShare = 10 ** (-30 / 10);
const recorded = ['car-horn', 'dog-bark', 'engine-idling', 'ringing-phone', 'siren'];

export interface Sound {
  readonly name: string;
  readonly samples: Int16Array;
}

/** A generator of numbers from -1 to 1 (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

/** Noise that loses 3 dB an octave: seven octaves of rows, each drawn half as often as the one before. */
export function pinkNoise(length: number, seed = 1): Int16Array {
  const next = random(seed);
  const rows = Array.from({ length: 12 }, next);
  return Int16Array.from({ length }, (_, index) => {
    const row = Math.min(rows.length - 1, 31 - Math.clz32((index + 1) & -(index + 1)));
    rows[row] = next();
    return 1500 * (rows.reduce((sum, value) => sum + value, 0) + next());
  });
}

/** The mean square of what is not a pause. */
export function speechPower(samples: Int16Array): number {
  const powers: number[] = [];
  for (let at = 0; at + frame <= samples.length; at += frame) powers.push(power(samples.subarray(at, at + frame)));
  const loudest = Math.max(...powers, 0);
  const spoken = powers.filter((value) => value > loudest * pauseShare);
  return spoken.length === 0 ? power(samples) : spoken.reduce((sum, value) => sum + value, 0) / spoken.length;
}

export function power(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample ** 2;
  return samples.length === 0 ? 0 : sum / samples.length;
}

/** Speech with noise, which is repeated as often as needed, so many dB below it. Where both together would clip, all of it is softer. */
export function mixedAt(snrDb: number, speech: Int16Array, noise: Int16Array): Int16Array {
  const gain = Math.sqrt(speechPower(speech) / power(noise) / 10 ** (snrDb / 10));
  const mixed = Float64Array.from(speech, (sample, index) => sample + gain * (noise[index % noise.length] ?? 0));
  const peak = mixed.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  const scale = Math.min(1, 32_767 / peak);
  return Int16Array.from(mixed, (sample) => Math.round(sample * scale));
}

/** People talking all at once, where there is a recording of it. */
export function babble(folder: string): Int16Array | undefined {
  return load(folder, 'people-talking');
}

/** Two cuts of each recorded noise in the folder, and what bodies, doors and wires make. */
export function speechless(folder: string): Sound[] {
  const cuts = recorded.flatMap((name) => {
    const samples = load(folder, name);
    if (!samples) return [];
    const half = Math.floor(samples.length / 2);
    return [
      { name: `${name}, first half`, samples: samples.subarray(0, half) },
      { name: `${name}, second half`, samples: samples.subarray(half) },
    ];
  });
  const noise = (seed: number) => random(seed);
  const made: readonly [name: string, make: (seconds: number) => number, seconds: number][] = [
    ['cough', bursts(noise(2), [0.1, 0.45], 0.12, 9000), 1],
    ['throat', throat(noise(3)), 0.6],
    ['hum of the mains', (t) => 1500 * (Math.sin(100 * Math.PI * t) + 0.5 * Math.sin(300 * Math.PI * t)), 2],
    ['clicks of a keyboard', bursts(noise(4), [0.1, 0.26, 0.39, 0.6, 0.71, 0.9, 1.05, 1.3], 0.006, 12_000), 1.6],
    ['knocks', bursts(noise(5), [0.2, 0.5, 0.8], 0.05, 16_000), 1.3],
  ];
  return [
    ...cuts,
    ...made.map(([name, make, seconds]) => ({
      name,
      samples: Int16Array.from({ length: seconds * NOISE_RATE_HZ }, (_, index) => Math.round(make(index / NOISE_RATE_HZ))),
    })),
  ];
}

/** Noise that starts at these times and dies away. */
function bursts(next: () => number, startsAt: readonly number[], decay: number, peak: number): (seconds: number) => number {
  let last = 0;
  return (t) => {
    last = 0.6 * last + next();
    return startsAt.reduce((sum, start) => (t < start ? sum : sum + Math.exp((start - t) / decay)), 0) * peak * last * 0.4;
  };
}

/** A throat is cleared: a rough low tone in noise. */
function throat(next: () => number): (seconds: number) => number {
  return (t) => Math.sin((Math.PI * t) / 0.6) * (2500 * Math.sign(Math.sin(2 * Math.PI * (85 + 6 * next()) * t)) + 4000 * next());
}

function load(folder: string, name: string): Int16Array | undefined {
  const file = join(folder, `${name}.wav`);
  return existsSync(file) ? resample(readWav(readFileSync(file)), NOISE_RATE_HZ).samples : undefined;
}
