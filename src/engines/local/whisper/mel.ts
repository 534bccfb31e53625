// What Whisper hears: the spectrogram of a sound, with silence after it up to the length that the model needs for context.
import { BANDS, HOP, LogMel, MARGIN, RATE_HZ } from '../mel/log-mel.ts';

/** With less the model, which was taught on thirty seconds, turns in circles. */
const LEAST_FRAMES = (6 * RATE_HZ) / HOP;
const MOST_FRAMES = (30 * RATE_HZ) / HOP;
/** Frames of silence after the sound at least. */
const SILENT_FRAMES = 50;

const logMel = new LogMel();

export interface Spectrogram {
  /** BANDS × frames. */
  readonly features: Float32Array;
  readonly frames: number;
}

/** Of sound at 16 kHz; what is longer than thirty seconds is cut off. */
export function spectrogramOf(samples: Float32Array): Spectrogram {
  const heard = samples.subarray(0, MOST_FRAMES * HOP);
  const frames = Math.min(MOST_FRAMES, Math.max(LEAST_FRAMES, Math.ceil(heard.length / HOP) + SILENT_FRAMES));
  const sound = new Float32Array(MARGIN + frames * HOP + MARGIN);
  sound.set(heard, MARGIN);
  // As the original does it, the sound is mirrored before its beginning and after its end.
  const end = MARGIN + frames * HOP - 1;
  for (let away = 1; away <= MARGIN; away++) {
    sound[MARGIN - away] = sound[MARGIN + away] as number;
    sound[end + away] = sound[end - away] as number;
  }
  const features = new Float32Array(BANDS * frames);
  // The first frame that hears nothing of the sound stands for all after it.
  const to = heard.length === MOST_FRAMES * HOP ? frames : Math.min(frames, Math.ceil((heard.length + MARGIN) / HOP) + 1);
  logMel.compute(sound, features, 0, to);
  return { features, frames };
}
