// A clause as it is handed out: without the silence that the net puts around it, as loud as every voice, its words timed, in short stretches.
import type { SpokenWord } from '../../text/front-end.ts';
import type { Word } from '../../engine.ts';
import { FAINT, level } from '../levelling.ts';
import type { Character } from './characters.ts';
import { magnitude } from './curves.ts';
import { BINS, FrameReader, HOP, RATE_HZ, type Spectrogram, VOICED_HZ } from './frames.ts';
import { DURATION_MS, type Recital } from './net.ts';
import { plainParts, plainShape } from './plain.ts';
import { Vocoder, WINDOW } from './vocoder.ts';
import { warpedParts, warpedShape } from './warp.ts';

/** Sound of one clause; words are timed from the start of the clause, and each comes with the stretch in which it begins. */
export interface Stretch {
  readonly samples: Int16Array;
  readonly words: readonly Word[];
}

const FRAME_MS = (HOP * 1000) / RATE_HZ;
/** A phoneme is heard that much before the sum of the durations says. */
const EARLY_MS = 75;
/** Sound before the first phoneme: soft attacks begin early. */
const LEAD_MS = 3 * FRAME_MS;
/** Hops of the first stretch, for which somebody waits, and of the others. */
const [FIRST_HOPS, HOPS] = [8, 16];
/** After the last word, what is below -55 dB is silence, and silence beyond 30 ms is left out. */
const SILENCE = FAINT * 32_768;
const TAIL_SAMPLES = 0.03 * RATE_HZ;

/** `words` by their places in the phonemes, which begin at the second id. */
export function* speakClause(recital: Recital, words: readonly SpokenWord[], character: Character, stretch: number): Generator<Stretch> {
  const { spectrogram, durations } = recital;
  const ends = durations.map(
    (
      (sum) => (count: number) =>
        (sum += count)
    )(0),
  );
  const heardMs = (id: number) => Math.max(0, ((ends[id - 1] ?? 0) * DURATION_MS - EARLY_MS) * stretch);
  const start = Math.floor(Math.max(0, heardMs(1) - LEAD_MS) / FRAME_MS);
  // The net lets the last sound of a clause last into the silence after it.
  const overMs = audibleFrames(spectrogram) * FRAME_MS * stretch;
  const timeOf = (id: number) => Math.max(0, Math.round(Math.min(overMs, heardMs(id)) - start * FRAME_MS));
  const timed = words.map(({ text, from, to }) => ({ text, startMs: timeOf(from + 1), endMs: timeOf(to + 1) }));
  const vocoder = open(spectrogram, character, stretch, start);
  const tail = new Tail(Math.ceil(((timed.at(-1)?.endMs ?? 0) * RATE_HZ) / 1000));
  let [doneMs, next] = [0, 0];
  const timedUntil = (ms: number) => {
    const first = next;
    while (next < timed.length && (timed[next] as Word).startMs < ms) next++;
    return timed.slice(first, next);
  };
  for (let hops = FIRST_HOPS; ; hops = HOPS) {
    const sound = vocoder.next(hops);
    const samples = sound.length > 0 ? tail.keep(level(sound, character.gain)) : tail.end();
    doneMs += (samples.length * 1000) / RATE_HZ;
    if (samples.length > 0) yield { samples, words: timedUntil(sound.length > 0 ? doneMs : Number.POSITIVE_INFINITY) };
    if (sound.length === 0) return;
  }
}

/** How many frames there are up to the last that is heard. */
function audibleFrames({ frames, lh, lr, f0 }: Spectrogram): number {
  for (let k = frames - 1; k >= 0; k--) {
    const voiced = (f0[k] as number) > VOICED_HZ;
    let power = 0;
    for (let b = 0; b < BINS; b++) {
      const at = b * frames + k;
      power += magnitude(2 * (lr[at] as number)) + (voiced ? magnitude(2 * (lh[at] as number)) : 0);
    }
    if (Math.sqrt(2 * power) / WINDOW > FAINT) return k + 1;
  }
  return 0;
}

function open(spectrogram: Recital['spectrogram'], { pitch, warp }: Character, stretch: number, start: number): Vocoder {
  // The same for each clause: what is said twice sounds the same twice.
  const random = pseudoRandom();
  const frames = new FrameReader(spectrogram, warp ? warpedParts : plainParts, stretch);
  return new Vocoder(frames, warp ? warpedShape(warp, random) : plainShape(random), { start, pitch });
}

/** Numbers from 0 to 1 without a pattern that can be heard (xorshift). */
function pseudoRandom(): () => number {
  let state = 0x9e_37_79_b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Holds silence back until it is known whether it is the end. */
class Tail {
  /** Samples before it are never held back. */
  readonly #from: number;
  #held: Int16Array = new Int16Array(0);
  #seen = 0;

  constructor(from: number) {
    this.#from = from;
  }

  /** What of the sound so far can be handed out. */
  keep(samples: Int16Array): Int16Array {
    const mustEnd = Math.min(samples.length, Math.max(0, this.#from - this.#seen));
    this.#seen += samples.length;
    const loud = samples.findLastIndex((sample) => Math.abs(sample) > SILENCE) + 1;
    const end = Math.max(mustEnd, loud);
    const whole = joined(this.#held, samples);
    const cut = end === 0 ? 0 : this.#held.length + end;
    this.#held = whole.subarray(cut);
    return whole.subarray(0, cut);
  }

  end(): Int16Array {
    return this.#held.subarray(0, TAIL_SAMPLES);
  }
}

function joined(before: Int16Array, after: Int16Array): Int16Array {
  if (before.length === 0) return after;
  const whole = new Int16Array(before.length + after.length);
  whole.set(before);
  whole.set(after, before.length);
  return whole;
}
