// A guess at what a voice went on to say where packets are lost: its last periods again, ever fainter, then silence. The idea is that of
// G.711's appendix I. What comes after a loss is mostly known by the time the loss is filled: then the guess goes over into the first period of that,
// said backwards, which costs a recogniser half as many words (docs/performance.md).

const RATE_HZ = 8000;
/** The pitch of voices: 66 to 200 Hz, as periods in samples. */
const LEAST_PERIOD = 40;
const MOST_PERIOD = 120;
/** What two stretches are compared by. */
const COMPARED = 160;
const KEPT = MOST_PERIOD * 3 + 30;
/** A single period again and again buzzes: after each 10 ms it is one more, up to three. */
const STEP = RATE_HZ / 100;
const MOST_PERIODS = 3;
/** The guess is whole for 10 ms, and nothing from 60 ms on. */
const WHOLE = STEP;
const GONE = 6 * STEP;
/** How much of what comes after a loss is mixed with the guess: 4 ms, and 4 ms more for each 10 ms lost, up to 10. */
const LEAST_MIXED = 32;
const MOST_MIXED = 80;
/** A packet is short: periods are compared over 6 ms at least, and one an octave from the pitch before must be so much more alike. */
const LEAST_COMPARED = 48;
const OCTAVE_COST = 0.15;

export class PitchGuess {
  readonly #heard = new Int16Array(KEPT);
  /** Samples guessed in a row. */
  #guessed = 0;
  #period = 0;
  #cycle: Float32Array = new Float32Array(0);
  #at = 0;

  /** What was received, with its beginning joined to the guess before it. */
  hear(samples: Int16Array): Int16Array {
    if (this.#guessed > 0) this.#join(samples);
    this.#guessed = 0;
    this.#keep(samples);
    return samples;
  }

  next(count: number): Int16Array {
    const guess = new Int16Array(count);
    if (this.#guessed === 0) {
      this.#period = pitchOf(this.#heard);
      this.#cycle = cycleOf(this.#heard, this.#period, this.#period);
      this.#at = 0;
    }
    for (let i = 0; i < count; i++) guess[i] = Math.round(this.#sample());
    return guess;
  }

  /** The last `count` samples before `after`, which is to be heard next. */
  before(after: Int16Array, count: number): Int16Array {
    const guess = this.next(count);
    // It is too short to have a period.
    if (after.length < LEAST_PERIOD + LEAST_COMPARED) return guess;
    const backwards = after.toReversed();
    const period = pitchOfShort(backwards, this.#period);
    const cycle = cycleOf(backwards, period, period);
    for (let i = 0; i < count; i++) {
      const share = (i + 1) / (count + 1);
      guess[i] = Math.round((guess[i] as number) * (1 - share) + (cycle[(count - 1 - i) % period] as number) * share);
    }
    this.#guessed = 0;
    return guess;
  }

  #sample(): number {
    if (this.#guessed >= GONE) return 0;
    const step = Math.floor(this.#guessed / STEP);
    if (this.#guessed % STEP === 0 && step > 0 && step < MOST_PERIODS) {
      // The longer cycle ends like the shorter one: the place from its end stays.
      const left = this.#cycle.length - this.#at;
      this.#cycle = cycleOf(this.#heard, this.#period * (step + 1), this.#period);
      this.#at = this.#cycle.length - left;
    }
    const fade = this.#guessed < WHOLE ? 1 : (GONE - this.#guessed) / (GONE - WHOLE);
    const value = (this.#cycle[this.#at] as number) * fade;
    this.#guessed++;
    this.#at = (this.#at + 1) % this.#cycle.length;
    return value;
  }

  #join(samples: Int16Array): void {
    const steps = Math.floor(this.#guessed / STEP);
    const mixed = Math.min(samples.length, LEAST_MIXED + steps * LEAST_MIXED, MOST_MIXED);
    for (let i = 0; i < mixed; i++) {
      const share = (i + 1) / (mixed + 1);
      samples[i] = Math.round((samples[i] as number) * share + this.#sample() * (1 - share));
    }
  }

  #keep(samples: Int16Array): void {
    const kept = samples.subarray(-KEPT);
    this.#heard.copyWithin(0, kept.length);
    this.#heard.set(kept, KEPT - kept.length);
  }
}

/** The last `length` samples, whose end is blended into what came before their beginning, so that they follow each other without a step. */
function cycleOf(sound: Int16Array, length: number, period: number): Float32Array {
  const start = sound.length - length;
  const cycle = Float32Array.from(sound.subarray(start));
  const blended = Math.floor(Math.min(period, start * 4) / 4);
  for (let i = 0; i < blended; i++) {
    const share = (i + 1) / (blended + 1);
    const at = length - blended + i;
    cycle[at] = (cycle[at] as number) * (1 - share) + (sound[start - blended + i] as number) * share;
  }
  return cycle;
}

/** The same of a single packet, by all that it has; `near` is the pitch on the other side of the loss. */
function pitchOfShort(sound: Int16Array, near: number): number {
  let best = LEAST_PERIOD;
  let most = Number.NEGATIVE_INFINITY;
  for (let period = LEAST_PERIOD; period <= Math.min(MOST_PERIOD, sound.length - LEAST_COMPARED); period++) {
    let product = 0;
    let energy = 0;
    let energyBefore = 0;
    for (let i = period; i < sound.length; i++) {
      const [value, before] = [sound[i] as number, sound[i - period] as number];
      product += value * before;
      energy += value * value;
      energyBefore += before * before;
    }
    const likeness = product / Math.sqrt(energy * energyBefore || 1) - OCTAVE_COST * Math.abs(Math.log2(period / near));
    if (likeness <= most) continue;
    most = likeness;
    best = period;
  }
  return best;
}

/** The distance at which a sound is most like itself: looked for in every second place, then beside the best. */
function pitchOf(sound: Int16Array): number {
  let best = MOST_PERIOD;
  let most = Number.NEGATIVE_INFINITY;
  const look = (period: number) => {
    const likeness = likenessAt(sound, period);
    if (likeness <= most) return;
    most = likeness;
    best = period;
  };
  for (let period = LEAST_PERIOD; period <= MOST_PERIOD; period += 2) look(period);
  for (const period of [best - 1, best + 1]) if (period >= LEAST_PERIOD && period <= MOST_PERIOD) look(period);
  return best;
}

function likenessAt(sound: Int16Array, period: number): number {
  let product = 0;
  let energy = 0;
  for (let i = sound.length - COMPARED; i < sound.length; i++) {
    const before = sound[i - period] as number;
    product += (sound[i] as number) * before;
    energy += before * before;
  }
  return energy === 0 ? 0 : product / Math.sqrt(energy);
}
