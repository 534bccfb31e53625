// How high a voice is: the median of its fundamental frequency, by the autocorrelation of frames that are voiced.
import type { Pcm } from '../src/media/pcm.ts';

const lowestHz = 60;
const highestHz = 400;
/** A frame of 50 ms every 20 ms. */
const frameSeconds = 0.05;
const stepSeconds = 0.02;
/** Correlation with itself one period later, from which a frame is voiced. */
const voiced = 0.6;
/** A shorter period is taken where it fits nearly as well: twice the period always fits. */
const nearly = 0.93;

/** NaN where nothing is voiced. */
export function medianPitchHz({ samples, rateHz }: Pcm): number {
  const size = Math.round(frameSeconds * rateHz);
  const pitches: number[] = [];
  for (let at = 0; at + size <= samples.length; at += Math.round(stepSeconds * rateHz)) {
    const pitch = pitchOf(samples.subarray(at, at + size), rateHz);
    if (pitch !== undefined) pitches.push(pitch);
  }
  return pitches.toSorted((a, b) => a - b)[pitches.length >> 1] ?? Number.NaN;
}

function pitchOf(frame: Int16Array, rateHz: number): number | undefined {
  const [shortest, longest] = [Math.floor(rateHz / highestHz), Math.ceil(rateHz / lowestHz)];
  const correlations = new Float64Array(longest + 1);
  for (let lag = shortest; lag <= longest; lag++) correlations[lag] = correlation(frame, lag);
  const best = Math.max(...correlations);
  if (best < voiced) return undefined;
  for (let lag = shortest + 1; lag < longest; lag++) {
    const here = correlations[lag] ?? 0;
    if (here >= best * nearly && here >= (correlations[lag - 1] ?? 0) && here >= (correlations[lag + 1] ?? 0)) return rateHz / lag;
  }
  return undefined;
}

function correlation(frame: Int16Array, lag: number): number {
  let [cross, before, after] = [0, 0, 0];
  for (let i = 0; i + lag < frame.length; i++) {
    const [x, y] = [frame[i] ?? 0, frame[i + lag] ?? 0];
    cross += x * y;
    before += x * x;
    after += y * y;
  }
  // Quiet frames correlate by chance.
  return before < (frame.length - lag) * 10_000 ? 0 : cross / Math.sqrt(before * after);
}
