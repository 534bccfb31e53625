// Turns the times of a connection, which has heard other utterances before and silence in between, into those of one utterance.
import { bytesOf, type Times } from './wire.ts';

/** Silence that the utterance knows nothing of. */
interface Gap {
  /** Where in the utterance. */
  readonly atMs: number;
  readonly ms: number;
}

export class Timeline implements Times {
  /** All bytes of sound that the connection was sent by now, whoever's they are. */
  readonly #sentBytes: () => number;
  /** Those before this utterance began. */
  readonly #before: number;
  #own = 0;
  #foreign = 0;
  readonly #gaps: Gap[] = [];

  constructor(sentBytes: () => number) {
    this.#sentBytes = sentBytes;
    this.#before = sentBytes();
  }

  get sentMs(): number {
    return this.#sentBytes() / bytesOf(1);
  }

  /** So many bytes of the utterance are about to be sent. Whatever was sent since the last of it was silence: to keep the connection, or to fill a frame. */
  heard(bytes: number): void {
    const foreign = this.#sentBytes() - this.#before - this.#own;
    if (foreign > this.#foreign) this.#gaps.push({ atMs: this.#own / bytesOf(1), ms: (foreign - this.#foreign) / bytesOf(1) });
    this.#foreign = Math.max(this.#foreign, foreign);
    this.#own += bytes;
  }

  at(connectionMs: number): number {
    let ms = connectionMs - this.#before / bytesOf(1);
    for (const gap of this.#gaps) {
      if (ms <= gap.atMs) break;
      ms = Math.max(gap.atMs, ms - gap.ms);
    }
    return Math.round(Math.min(Math.max(0, ms), this.#own / bytesOf(1)));
  }
}
