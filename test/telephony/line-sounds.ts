// Sounds of a telephone line, made up: noise, tones, and something like a voice.

export const rateHz = 8000;

export function chanceOf(seed: number) {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647 - 0.5;
  };
}

export const length = (ms: number) => Math.round((ms * rateHz) / 1000);

/** Noise of so many decibels below full scale. */
export function noise(ms: number, db = -65, seed = 3): Int16Array {
  const chance = chanceOf(seed);
  const height = 32_768 * 10 ** (db / 20) * Math.sqrt(12);
  return Int16Array.from({ length: length(ms) }, () => Math.round(chance() * height));
}

export function tone(ms: number, ...hz: number[]): Int16Array {
  const height = 8000 / hz.length;
  return Int16Array.from({ length: length(ms) }, (_, at) =>
    Math.round(hz.reduce((sum, each) => sum + height * Math.sin((2 * Math.PI * each * at) / rateHz), 0)),
  );
}

/** Something like a voice: harmonics of a pitch that wanders, in syllables of 200 ms with short gaps. */
export function voice(ms: number, pitchHz = 120): Int16Array {
  let phase = 0;
  return Int16Array.from({ length: length(ms) }, (_, at) => {
    const seconds = at / rateHz;
    phase += (2 * Math.PI * (pitchHz + 15 * Math.sin(2 * Math.PI * 1.7 * seconds))) / rateHz;
    const syllable = Math.max(0, Math.sin(2 * Math.PI * 2.5 * seconds) ** 2 - 0.05);
    const harmonics = [1, 2, 3, 4, 5, 6, 7, 8].reduce((sum, n) => sum + Math.sin(n * phase) / n, 0);
    return Math.round(5000 * syllable * harmonics);
  });
}

export function mixed(one: Int16Array, other: Int16Array): Int16Array {
  return one.map((sample, at) => sample + (other[at] ?? 0));
}

/** Silence of so many milliseconds. */
export const quiet = (ms: number) => new Int16Array(length(ms));
