// How loud sound is, in frames of 10 ms: where speech begins and ends in it, where it pauses, and whether there is any.

/** Samples of 10 ms at 16 kHz. */
export const FRAME = 160;
/** Below this nothing is audible: digital silence and the noise of converters. */
const INAUDIBLE_DB = -65;
/** Frames this far above the floor count as sound, and when sound is quite near the floor, this share of the way to the peak. */
const MOST_MARGIN_DB = 12;
const MARGIN_SHARE = 0.3;

/** The level in dB of full scale of the frame that begins here; a constant offset is no sound. */
export function levelOf(samples: Int16Array, from: number): number {
  let mean = 0;
  for (let i = from; i < from + FRAME; i++) mean += samples[i] as number;
  mean /= FRAME;
  let sum = 0;
  for (let i = from; i < from + FRAME; i++) sum += ((samples[i] as number) - mean) ** 2;
  return 10 * Math.log10(sum / FRAME / 32_768 ** 2 + 1e-10);
}

/** Levels, one for each whole frame. */
export function levelsOf(samples: Int16Array): Float32Array {
  return Float32Array.from({ length: Math.floor(samples.length / FRAME) }, (_, frame) => levelOf(samples, frame * FRAME));
}

/** The level from which a frame counts as sound, not background. */
export function soundThresholdDb(levels: Float32Array): number {
  if (levels.length === 0) return INAUDIBLE_DB;
  const sorted = Float32Array.from(levels).sort();
  const floor = sorted[Math.floor(sorted.length * 0.1)] as number;
  const peak = sorted[Math.floor((sorted.length - 1) * 0.95)] as number;
  return Math.max(INAUDIBLE_DB, floor + Math.min(MOST_MARGIN_DB, (peak - floor) * MARGIN_SHARE));
}

/** The first and the last frame (exclusive) with sound in them; undefined when there is none at all. */
export function soundSpan(levels: Float32Array, thresholdDb = soundThresholdDb(levels)): { from: number; to: number } | undefined {
  const loud = (level: number) => level > thresholdDb;
  const from = levels.findIndex(loud);
  return from < 0 ? undefined : { from, to: levels.findLastIndex(loud) + 1 };
}

/**
 * The middle of the best pause that begins within the frames from `from` to `to`: the longest stretch of background of at least 150 ms, or
 * the quietest 150 ms where there is none.
 */
export function bestPause(levels: Float32Array, from: number, to: number): number {
  const least = 15;
  const thresholdDb = soundThresholdDb(levels);
  let best = { at: from, length: 0 };
  for (let at = from; at < to; ) {
    let end = at;
    while (end < levels.length && (levels[end] as number) <= thresholdDb) end++;
    if (end - at >= least && end - at > best.length) best = { at, length: end - at };
    at = Math.max(end, at + 1);
  }
  if (best.length > 0) return best.at + Math.floor(best.length / 2);
  let quietest = { at: from, energy: Number.POSITIVE_INFINITY };
  for (let at = from; at < to && at + least <= levels.length; at++) {
    let energy = 0;
    for (let i = at; i < at + least; i++) energy += 10 ** ((levels[i] as number) / 10);
    if (energy < quietest.energy) quietest = { at, energy };
  }
  return quietest.at + Math.floor(least / 2);
}
