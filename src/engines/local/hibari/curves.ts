// Exponentials and angles out of tables with straight lines between their values: a third of the time of the exact functions, and errors that lie
// 90 dB below what they are multiplied with.

/** Magnitudes are held below e^7. */
const LOUDEST = 7;
/** Below e^-40 there is nothing. */
const FAINTEST = -40;
const STEPS_OF_TWO = 1024;
const LOWEST_POWER = -64;
const fractions = Float32Array.from({ length: STEPS_OF_TWO + 1 }, (_, i) => 2 ** (i / STEPS_OF_TWO));
const powers = Float64Array.from({ length: 96 }, (_, i) => 2 ** (i + LOWEST_POWER));

/** e^x, of x no more than 7. */
export function magnitude(x: number): number {
  if (!(x > FAINTEST)) return 0;
  const place = (x < LOUDEST ? x : LOUDEST) * Math.LOG2E;
  const whole = Math.floor(place);
  const steps = (place - whole) * STEPS_OF_TWO;
  const i = steps | 0;
  const low = fractions[i] as number;
  return (powers[whole - LOWEST_POWER] as number) * (low + ((fractions[i + 1] as number) - low) * (steps - i));
}

const STEPS_OF_A_TURN = 2048;
const turned = Float32Array.from({ length: STEPS_OF_A_TURN * 1.25 + 1 }, (_, i) => Math.cos((2 * Math.PI * i) / STEPS_OF_A_TURN));

/** The cosine of so many turns (1: all around); that of `turns - 1/4` is their sine. */
export function cosineOfTurns(turns: number): number {
  const steps = (turns - Math.floor(turns)) * STEPS_OF_A_TURN;
  const i = steps | 0;
  const low = turned[i] as number;
  return low + ((turned[i + 1] as number) - low) * (steps - i);
}

const BOUND = 8;
const STEPS_OF_ONE = 256;
const bends = Array.from({ length: 2 * BOUND * STEPS_OF_ONE + 2 }, (_, i) => Math.PI * Math.tanh(i / STEPS_OF_ONE - BOUND));
const bentCosines = Float32Array.from(bends, Math.cos);
const bentSines = Float32Array.from(bends, Math.sin);

/** The cosine of π·tanh x. */
export function cosineOfBend(x: number): number {
  return lookUp(bentCosines, x);
}

/** The sine of π·tanh x. */
export function sineOfBend(x: number): number {
  return lookUp(bentSines, x);
}

function lookUp(table: Float32Array, x: number): number {
  const steps = ((x < -BOUND ? -BOUND : x > BOUND ? BOUND : x) + BOUND) * STEPS_OF_ONE;
  const i = steps | 0;
  const low = table[i] as number;
  return low + ((table[i + 1] as number) - low) * (steps - i);
}
