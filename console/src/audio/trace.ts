// The last seconds of both sides' loudness, for the rolling picture: a ring of peaks, one for each 20 ms.
import { frameMs } from './messages.ts';

export class Trace {
  readonly peaks: Float32Array;
  #next = 0;
  #lastAt = 0;
  /** The loudest of late, for meters: falls slowly. */
  level = 0;

  constructor(seconds: number) {
    this.peaks = new Float32Array(Math.round((seconds * 1000) / frameMs));
  }

  push(peak: number, now: number): void {
    this.advance(now);
    const index = (this.#next + this.peaks.length - 1) % this.peaks.length;
    this.peaks[index] = Math.max(this.peaks[index] ?? 0, peak);
    this.level = Math.max(peak, this.level * 0.85);
  }

  /** Time goes on also where nothing is heard. */
  advance(now: number): void {
    const steps = Math.min(this.peaks.length, Math.floor((now - this.#lastAt) / frameMs));
    if (steps <= 0) return;
    for (let i = 0; i < steps; i++) {
      this.peaks[this.#next] = 0;
      this.#next = (this.#next + 1) % this.peaks.length;
    }
    this.#lastAt = steps === this.peaks.length ? now : this.#lastAt + steps * frameMs;
    if (steps > 5) this.level = 0;
  }

  /** The peak `age` frames ago. */
  peak(age: number): number {
    return this.peaks[(this.#next - 1 - age + 2 * this.peaks.length) % this.peaks.length] ?? 0;
  }
}
