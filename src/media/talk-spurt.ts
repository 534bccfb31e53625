// When something is heard that could be speech, judged by loudness against the noise around it. For the pictures of timelines only: whether
// somebody speaks is decided by the detection of speech.

/** When the present or last talk spurt began, and when it was last loud, by the clock of whoever hears; undefined before the first. */
export interface Voice {
  readonly startMs: number | undefined;
  readonly lastMs: number | undefined;
}

/** How much louder than the room, and at least how loud (RMS of full scale 1). */
const aboveNoise = 3;
const leastRms = 0.006;
/** A pause longer than this begins a new stretch of speech. */
const pauseMs = 700;

export class TalkSpurt {
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
