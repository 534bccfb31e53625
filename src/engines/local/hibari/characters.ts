// The nine speakers: the one that the net was taught, and eight that are made of her.
import type { Pitch } from './pulses.ts';
import type { Warp } from './warp.ts';

export interface Character {
  /** None: her own. */
  readonly pitch?: Pitch;
  readonly warp?: Warp;
  /** Of her own. */
  readonly pace: number;
  /** What brings it to -21 LUFS. */
  readonly gain: number;
}

export type CharacterName = 'heart' | 'deep' | 'large' | 'lively' | 'tenor' | 'alto' | 'mezzo' | 'bright' | 'older';

interface Moved {
  readonly pitch: readonly [scale: number, range: number];
  readonly size: readonly [low: number, high: number];
  readonly tilt: number;
  readonly breath?: number;
  readonly phases?: Warp['phases'];
  readonly pace: number;
  readonly gain: number;
}

function moved({ pitch: [scale, range], size: [low, high], tilt, breath = 0, phases = 'least', pace, gain }: Moved): Character {
  return { pitch: { scale, range }, warp: { low, high, tiltDbPerOctave: tilt, breathDb: breath, phases }, pace, gain };
}

/** Measured to sound natural; a high voice in a small body with a low pitch does not. */
export const characters: Readonly<Record<CharacterName, Character>> = {
  heart: { pace: 1, gain: 1.81 },
  deep: moved({ pitch: [0.5, 1.1], size: [0.84, 0.9], tilt: 1.5, phases: 'moved', pace: 0.96, gain: 1.91 }),
  large: moved({ pitch: [0.58, 1], size: [0.84, 0.79], tilt: 0, pace: 1, gain: 1.7 }),
  lively: moved({ pitch: [0.66, 1.15], size: [1, 0.88], tilt: 1.5, pace: 1.05, gain: 1.86 }),
  tenor: moved({ pitch: [0.74, 1.15], size: [0.86, 0.86], tilt: 2.5, pace: 1, gain: 2.01 }),
  alto: moved({ pitch: [0.9, 0.95], size: [1, 0.88], tilt: 1, pace: 0.96, gain: 2.03 }),
  mezzo: moved({ pitch: [1.06, 0.95], size: [0.9, 0.86], tilt: 1, pace: 1.05, gain: 2.42 }),
  bright: moved({ pitch: [1.16, 1], size: [1.06, 1.06], tilt: 2, pace: 1, gain: 2.11 }),
  older: moved({ pitch: [0.83, 0.75], size: [0.85, 0.98], tilt: 1, breath: 1, pace: 0.93, gain: 2.0 }),
};
