// One direction of a call as it is kept for a file: sound in its time, with silence where there was none.
import { concat } from '../media/pcm.ts';

/** What is kept at most: an hour, 173 MB. What comes later is not kept. */
const mostMs = 3_600_000;
/** Sound that comes so much later than the end of what is kept follows a pause; less is how packets and microphones are. */
const pauseMs = 100;

export class PhoneTrack {
  readonly #rateHz: number;
  #pieces: Int16Array[] = [];
  #length = 0;

  constructor(rateHz: number) {
    this.#rateHz = rateHz;
  }

  /** Sound that begins so many milliseconds after the track, or right after what there is where that is later. */
  add(samples: Int16Array, atMs: number): void {
    if (this.durationMs >= mostMs) return;
    if (atMs - this.durationMs > pauseMs) this.#push(new Int16Array(Math.round(((atMs - this.durationMs) * this.#rateHz) / 1000)));
    this.#push(samples);
  }

  get durationMs(): number {
    return (this.#length * 1000) / this.#rateHz;
  }

  get samples(): Int16Array {
    return concat(this.#pieces);
  }

  #push(samples: Int16Array): void {
    this.#pieces.push(samples);
    this.#length += samples.length;
  }
}
