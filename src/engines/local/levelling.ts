// From a net's samples to those that are handed out: louder by a gain, and never so loud that one would be clipped.

/** Above, peaks are bent so that none reaches full scale. */
const BENT_FROM = 0.7;
const BENT_ROOM = 0.28;
/** Below -55 dB nothing is heard. */
export const FAINT = 10 ** (-55 / 20);

export function level(sound: Float32Array, gain: number): Int16Array {
  const samples = new Int16Array(sound.length);
  for (let i = 0; i < sound.length; i++) samples[i] = Math.round(bend((sound[i] as number) * gain) * 32_767);
  return samples;
}

function bend(x: number): number {
  const size = Math.abs(x);
  return size <= BENT_FROM ? x : Math.sign(x) * (BENT_FROM + BENT_ROOM * Math.tanh((size - BENT_FROM) / BENT_ROOM));
}
