// From probabilities of speech to onsets and pauses, with hysteresis, and to the acoustic end of an utterance.
import { VAD_RATE_HZ, VAD_WINDOW } from '../engines/engine.ts';

/** A window this sure begins speech by itself; otherwise it takes two. */
const certain = 0.85;
/** How far below the threshold a window must fall to count as silence. */
const hysteresis = 0.15;
/** Windows of silence that make a pause: 96 ms, longer than the stops within words. */
const pauseWindows = 3;

export type Detected = { kind: 'began'; window: number } | { kind: 'paused'; window: number };

export class SpeechDetector {
  /** May be changed at any time; it counts from the next window on. */
  threshold: number;
  #speaking = false;
  #run = 0;

  constructor(threshold: number) {
    this.threshold = threshold;
  }

  get speaking(): boolean {
    return this.#speaking;
  }

  /** The probability of window number `window`. `began` names the first window of speech, `paused` the first of silence. */
  feed(probability: number, window: number): Detected | undefined {
    if (this.#speaking) {
      this.#run = probability < Math.max(0.01, this.threshold - hysteresis) ? this.#run + 1 : 0;
      if (this.#run < pauseWindows) return undefined;
      this.#speaking = false;
      this.#run = 0;
      return { kind: 'paused', window: window - pauseWindows + 1 };
    }
    this.#run = probability >= this.threshold ? this.#run + 1 : 0;
    if (this.#run < 2 && (this.#run < 1 || probability < Math.max(certain, this.threshold))) return undefined;
    const first = window - this.#run + 1;
    this.#speaking = true;
    this.#run = 0;
    return { kind: 'began', window: first };
  }
}

const frame = VAD_RATE_HZ / 250; // 4 ms

/**
 * Where sound really ended near a pause the detector found. Detectors hold on for some tens of milliseconds after the last sound, and a
 * window is 32 ms long; the silence a client asked for should be counted from the sound. `samples` run from some windows before the
 * first silent one, which begins at offset `silent`, to the end of what is known. Gives an offset into them.
 */
export function acousticEnd(samples: Int16Array, silent: number): number {
  const energies: number[] = [];
  for (let at = 0; at + frame <= samples.length; at += frame) {
    let sum = 0;
    for (let index = at; index < at + frame; index++) sum += (samples[index] ?? 0) ** 2;
    energies.push(sum / frame);
  }
  const quiet = energies.slice(Math.ceil((silent + VAD_WINDOW / 2) / frame));
  const floor = quiet.length > 0 ? quiet.reduce((sum, energy) => sum + energy, 0) / quiet.length : 0;
  const peak = energies.reduce((most, energy) => Math.max(most, energy), 0);
  // Loud enough to be heard beside the utterance (within 30 dB of its end's peak) and clear of the noise behind it.
  const threshold = Math.max(floor * 4, peak / 1000, 100);
  const last = Math.min(energies.length, Math.ceil((silent + VAD_WINDOW) / frame));
  for (let index = last - 1; index >= 0; index--) if ((energies[index] ?? 0) > threshold) return (index + 1) * frame;
  return silent;
}
