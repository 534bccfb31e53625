// When the microphone hears something that could be speech, judged by loudness against the room's own noise. Only for the timeline's picture:
// whether somebody speaks is decided by the server.
import type { Voice } from './turns.ts';

/** How much louder than the room, and at least how loud (RMS of full scale 1). */
const aboveNoise = 3;
const leastRms = 0.006;
/** A pause longer than this begins a new stretch of speech. */
const pauseMs = 700;

export class Loudness {
  #noise = 0.003;
  #startMs: number | undefined;
  #lastMs: number | undefined;

  /** One frame's loudness and when it ended. */
  hear(rms: number, now: number): void {
    // Down at once, up slowly: the room is what it is between the words.
    this.#noise = rms < this.#noise ? this.#noise * 0.9 + rms * 0.1 : Math.min(0.05, this.#noise * 1.002 + 1e-6);
    if (rms < Math.max(leastRms, this.#noise * aboveNoise)) return;
    if (this.#lastMs === undefined || now - this.#lastMs > pauseMs) this.#startMs = now;
    this.#lastMs = now;
  }

  get voice(): Voice {
    return { startMs: this.#startMs, lastMs: this.#lastMs };
  }
}
