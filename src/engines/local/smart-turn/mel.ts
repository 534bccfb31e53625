// What Smart Turn hears: the loudness of 80 bands in each of the last 800 hundredths of a second. The graph itself holds none of this.
// The numbers must be those of the front end it was trained with (Whisper's, over sound of zero mean and unit variance).
import { BANDS, HOP, LogMel, MARGIN, RATE_HZ } from '../mel/log-mel.ts';

/** Eight seconds: what is longer is heard by its end, what is shorter gets silence in front. */
export const SAMPLES = 8 * RATE_HZ;
export const FRAMES = 800;

const LEAST_VARIANCE = 1e-7;
/** Keeps its own memory; not to be used by two at once. */
export class MelFrontEnd {
  /** Bands × frames, valid until the next call. */
  readonly features = new Float32Array(BANDS * FRAMES);
  readonly #sound = new Float32Array(MARGIN + SAMPLES + MARGIN);
  readonly #logMel = new LogMel();

  /** Of the last eight seconds of this sound: mono at 16 kHz. */
  compute(audio: Int16Array): Float32Array {
    const silent = this.#load(audio.subarray(Math.max(0, audio.length - SAMPLES)));
    // Frames that lie in the silence in front are all the same.
    const start = Math.max(0, Math.floor((silent - MARGIN) / HOP));
    this.#logMel.compute(this.#sound, this.features, start, FRAMES);
    return this.features;
  }

  /** Normalises the sound and mirrors it at both ends; how much silence stands in front of it. */
  #load(audio: Int16Array): number {
    let sum = 0;
    let squares = 0;
    for (const sample of audio) {
      sum += sample;
      squares += sample * sample;
    }
    // Rounded where the original rounds to single precision: the network is quantised, and differences of 1e-5 move its answer by 0.1.
    const mean = Math.fround(sum / 32768 / SAMPLES);
    const variance = Math.max(0, squares / 32768 ** 2 / SAMPLES - mean * mean);
    const deviation = Math.fround(Math.sqrt(Math.fround(Math.fround(variance) + LEAST_VARIANCE)));
    const sound = this.#sound;
    const silent = SAMPLES - audio.length;
    sound.fill(Math.fround(-mean) / deviation, 0, MARGIN + silent);
    for (let at = 0, to = MARGIN + silent; at < audio.length; at++, to++) {
      sound[to] = Math.fround((audio[at] as number) / 32768 - mean) / deviation;
    }
    const end = MARGIN + SAMPLES - 1;
    for (let away = 1; away <= MARGIN; away++) {
      sound[MARGIN - away] = sound[MARGIN + away] as number;
      if (end + away < sound.length) sound[end + away] = sound[end - away] as number;
    }
    return silent;
  }
}
