// Both sides of a call on the call's own clock: what the caller said as it came, and what of the agent's sound was sent. It gives interleaved
// samples as soon as both sides are known, holds a few seconds at most, and fills with silence what nobody said.

/** Sound that is less late than this is late by the jitter of reports and of networks, which is to make no gap in a word. */
const jitterMs = 500;
/** What is late for longer than this stays late: nothing came meanwhile. Before, what a standstill held up may still come all at once. */
const standstillMs = 2000;
/** How long a side that nothing comes from is waited for. */
const patienceMs = 3000;
/** Sound that is so far ahead of the clock is none of a call in real time, and is left out. */
const aheadMs = 10_000;

interface Side {
  /** Samples from the beginning of the call to the end of what is known. */
  end: number;
  pieces: Int16Array[];
  /** Since when its sound has been late. */
  lateSinceMs: number | undefined;
}

const newSide = (): Side => ({ end: 0, pieces: [], lateSinceMs: undefined });

export class StereoTimeline {
  readonly #rateHz: number;
  readonly #startMs: number;
  readonly #left = newSide();
  readonly #right = newSide();
  /** Samples of each side that have been given out. */
  #given = 0;

  constructor(rateHz: number, nowMs: number) {
    this.#rateHz = rateHz;
    this.#startMs = nowMs;
  }

  /** Sound of the caller, the last of which was said now. */
  heard(samples: Int16Array, nowMs: number): void {
    this.#put(this.#left, samples, nowMs, this.#left.end > 0);
  }

  /** Sound of the agent, the last of which was sent now. `follows`: there was no pause between what was sent before and this. */
  sent(samples: Int16Array, nowMs: number, follows: boolean): void {
    this.#put(this.#right, samples, nowMs, follows);
  }

  /** What is known of both sides and was not given out yet, interleaved. */
  take(nowMs: number): Int16Array {
    const certain = this.#at(nowMs - patienceMs);
    for (const side of [this.#left, this.#right]) this.#fill(side, certain);
    const count = Math.min(this.#left.end, this.#right.end) - this.#given;
    const pairs = new Int16Array(Math.max(0, count) * 2);
    drain(this.#left, pairs, 0);
    drain(this.#right, pairs, 1);
    this.#given += pairs.length / 2;
    return pairs;
  }

  /** The same at the end of the call: what one side lacks is silence. */
  finish(nowMs: number): Int16Array {
    const end = Math.max(this.#left.end, this.#right.end, this.#at(nowMs));
    this.#fill(this.#left, end);
    this.#fill(this.#right, end);
    return this.take(nowMs);
  }

  #put(side: Side, samples: Int16Array, nowMs: number, follows: boolean): void {
    const begin = this.#at(nowMs) - samples.length;
    if (side.end - begin > this.#samples(aheadMs)) return;
    const isLate = begin - side.end > this.#samples(jitterMs);
    if (!isLate) side.lateSinceMs = undefined;
    else side.lateSinceMs ??= nowMs;
    const staysLate = side.lateSinceMs !== undefined && nowMs - side.lateSinceMs >= standstillMs;
    if (!follows || staysLate) {
      this.#fill(side, begin);
      side.lateSinceMs = undefined;
    }
    side.pieces.push(samples);
    side.end += samples.length;
  }

  #fill(side: Side, to: number): void {
    if (to <= side.end) return;
    side.pieces.push(new Int16Array(to - side.end));
    side.end = to;
  }

  #at(ms: number): number {
    return this.#samples(ms - this.#startMs);
  }

  #samples(ms: number): number {
    return Math.round((ms * this.#rateHz) / 1000);
  }
}

/** Moves as many samples of a side as there is room for into every other place, from `first` on. */
function drain(side: Side, pairs: Int16Array, first: 0 | 1): void {
  let at = first;
  while (at < pairs.length) {
    const [piece] = side.pieces;
    if (!piece) return;
    const count = Math.min(piece.length, (pairs.length - at + 1) >> 1);
    for (let i = 0; i < count; i++, at += 2) pairs[at] = piece[i] as number;
    if (count === piece.length) side.pieces.shift();
    else side.pieces[0] = piece.subarray(count);
  }
}
