// Recorded speech as a microphone would deliver it: where the speaking ends, and frames to send at their time.
import type { Pcm } from '../media/pcm.ts';

/** What one append event carries. Long enough to be cheap, short enough to add no delay of its own. */
export const frameMs = 20;

const windowMs = 10;
/** Below this, in dB of full scale, nothing in a recording is speech. */
const silenceDb = -60;

/**
 * Milliseconds from the start to the end of the last sound that is loud enough to be speech in this recording; undefined when
 * there is none. Goes by level alone: against the recording's own loud and quiet parts, so a noisy room is no speech.
 */
export function speechEndMs({ samples, rateHz }: Pcm): number | undefined {
  const window = Math.max(1, Math.round((rateHz * windowMs) / 1000));
  const levels: number[] = [];
  for (let at = 0; at < samples.length; at += window) levels.push(levelDb(samples.subarray(at, at + window)));
  const ordered = levels.toSorted((a, b) => a - b);
  const loud = ordered[Math.floor(ordered.length * 0.95)] ?? -Infinity;
  const quiet = ordered[Math.floor(ordered.length * 0.05)] ?? -Infinity;
  if (loud < silenceDb) return undefined;
  // 30 dB under the loud parts a word's last consonant still counts; 9 dB over the noise it must be, but never a loud part itself.
  const threshold = Math.max(loud - 30, Math.min(quiet + 9, loud - 12), silenceDb);
  for (let at = levels.length - 1; at >= 0; at--) {
    // Two of four windows: a single click after the speech is not speech.
    const around = levels.slice(Math.max(0, at - 3), at + 1).filter((level) => level >= threshold);
    if ((levels[at] ?? -Infinity) >= threshold && around.length >= 2)
      return Math.min((at + 1) * windowMs, (samples.length * 1000) / rateHz);
  }
  return undefined;
}

/** The samples cut into frames of `frameMs`; the last is filled up with silence. */
export function* framesOf({ samples, rateHz }: Pcm): Generator<Int16Array> {
  const length = frameLength(rateHz);
  for (let at = 0; at < samples.length; at += length) {
    const frame = samples.subarray(at, at + length);
    if (frame.length === length) yield frame;
    else {
      const filled = new Int16Array(length);
      filled.set(frame);
      yield filled;
    }
  }
}

export function frameLength(rateHz: number): number {
  return Math.round((rateHz * frameMs) / 1000);
}

function levelDb(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return 10 * Math.log10(sum / Math.max(1, samples.length) / 32_768 ** 2);
}
