// A clause as it is handed out: without the silence that the net puts around it, as loud as every voice, in stretches.
import { CLAUSE_RATE_HZ, type ClauseSound } from '../clause-job.ts';
import { FAINT, level } from '../levelling.ts';

/** What is left of the silence at either end: attacks begin softly, and sounds fade. */
const EDGE_SAMPLES = 0.03 * CLAUSE_RATE_HZ;
const STRETCH_SAMPLES = 0.2 * CLAUSE_RATE_HZ;
/** So long it takes from silence to full sound and back, where it was cut. */
const FADE_SAMPLES = 0.005 * CLAUSE_RATE_HZ;

/** Nothing where nothing is heard. */
export function* cutClause(sound: Float32Array, gain: number): Generator<ClauseSound> {
  const isHeard = (value: number) => Math.abs(value) * gain > FAINT;
  const last = sound.findLastIndex(isHeard);
  if (last < 0) return;
  const heard = sound.slice(Math.max(0, sound.findIndex(isHeard) - EDGE_SAMPLES), last + 1 + EDGE_SAMPLES);
  const faded = Math.min(FADE_SAMPLES, heard.length >> 1);
  for (let i = 0; i < faded; i++) {
    heard[i] = ((heard[i] as number) * i) / faded;
    heard[heard.length - 1 - i] = ((heard[heard.length - 1 - i] as number) * i) / faded;
  }
  const samples = level(heard, gain);
  for (let at = 0; at < samples.length; at += STRETCH_SAMPLES) yield { samples: samples.subarray(at, at + STRETCH_SAMPLES) };
}
