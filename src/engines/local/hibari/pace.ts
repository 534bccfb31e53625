// How fast the net is asked to speak, and how much longer or shorter its frames are made so that a clause takes the time it should: the net counts
// in steps of 25 ms, few of which are a phoneme, so that its own pace moves by leaps.
import type { Character } from './characters.ts';
import type { Recital } from './net.ts';

/**
 * Beyond these a recogniser understands frames that last longer or are left out better than what the net says at that speed: at 1.5 times the
 * pace one word in a hundred is wrong against eight.
 */
const [SLOWEST, FASTEST] = [0.65, 1.2];

/** What the net is asked for. */
export function netSpeed({ pace }: Character, speed: number): number {
  return Math.min(FASTEST, Math.max(SLOWEST, pace * speed));
}

/**
 * How many times as long as the net has it each frame must last. At speed 1 a character is left as the net speaks for it, and all other speeds
 * are parts of that.
 */
export function stretchOf({ durations, exactDurations }: Recital, character: Character, speed: number): number {
  const asked = netSpeed(character, speed);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const plain = sum(exactDurations.map((steps) => Math.max(1, Math.round((steps * asked) / character.pace))));
  return plain / speed / sum(durations);
}
