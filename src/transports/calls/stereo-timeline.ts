// Both sides of a call on the call's own clock: what the caller said as it came, and what of the agent's sound was sent. It gives interleaved
// samples, to a recording as soon as both sides are known and to a listener at a steady delay, and fills with silence what nobody said.

/** What of the unevenness of lines is evened out, and what is left out. */
export interface Tolerance {
  /** Sound that is less late than this is late by the jitter of reports and of networks, which is to make no gap in a word. */
  readonly jitterMs: number;
  /** What is late for longer than this stays late: nothing came meanwhile. Before, what a standstill held up may still come all at once. */
  readonly standstillMs: number;
  /** Sound that is so far ahead of the clock is left out. */
  readonly aheadMs: number;
}

/** Of a recording, which has time: only what is none of a call in real time is left out. */
export const recordedTolerance: Tolerance = { jitterMs: 500, standstillMs: 2000, aheadMs: 10_000 };
/** Of a listener, for whom what comes too late is lost: what it would be heard later by adds up otherwise. */
export const liveTolerance: Tolerance = { jitterMs: 100, standstillMs: 0, aheadMs: 100 };

/** How long a side that nothing comes from is waited for. */
const patienceMs = 3000;

interface Side {
  /** Samples from the beginning of the call to the end of what is known. */
  end: number;
  pieces: Int16Array[];
  /** How long sound that is late may still come all at once. */
  readonly standstillMs: number;
  /** Since when its sound has been late. */
  lateSinceMs: number | undefined;
}

const newSide = (standstillMs: number): Side => ({ end: 0, pieces: [], standstillMs, lateSinceMs: undefined });

export class StereoTimeline {
  readonly #rateHz: number;
  readonly #startMs: number;
  readonly #tolerance: Tolerance;
  readonly #left: Side;
  // The line sends in real time: what it did not send it sends later.
  readonly #right = newSide(0);
  /** Samples of each side that have been given out. */
  #given = 0;

  constructor(rateHz: number, nowMs: number, tolerance: Tolerance) {
    this.#rateHz = rateHz;
    this.#startMs = nowMs;
    this.#tolerance = tolerance;
    this.#left = newSide(tolerance.standstillMs);
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
    return this.#give(Math.min(this.#left.end, this.#right.end));
  }

  /** All up to that time that was not given out yet, interleaved: what is not known by now is silence. */
  upTo(ms: number): Int16Array {
    const end = this.#at(ms);
    for (const side of [this.#left, this.#right]) this.#fill(side, end);
    return this.#give(end);
  }

  /** The same at the end of the call: what one side lacks is silence. */
  finish(nowMs: number): Int16Array {
    const end = Math.max(this.#left.end, this.#right.end, this.#at(nowMs));
    this.#fill(this.#left, end);
    this.#fill(this.#right, end);
    return this.take(nowMs);
  }

  #give(end: number): Int16Array {
    const pairs = new Int16Array(Math.max(0, end - this.#given) * 2);
    drain(this.#left, pairs, 0);
    drain(this.#right, pairs, 1);
    this.#given += pairs.length / 2;
    return pairs;
  }

  #put(side: Side, samples: Int16Array, nowMs: number, follows: boolean): void {
    const begin = this.#at(nowMs) - samples.length;
    if (side.end - begin > this.#samples(this.#tolerance.aheadMs)) return;
    const isLate = begin - side.end > this.#samples(this.#tolerance.jitterMs);
    if (!isLate) side.lateSinceMs = undefined;
    else side.lateSinceMs ??= nowMs;
    const staysLate = side.lateSinceMs !== undefined && nowMs - side.lateSinceMs >= side.standstillMs;
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
