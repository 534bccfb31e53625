// The sound of vocal cords: pulses with all their harmonics up to 11 kHz at the same strength, gliding from the pitch of one frame to the next.
import { HOP, RATE_HZ, VOICED_HZ } from './frames.ts';

const HIGHEST_HARMONIC_HZ = 11_000;
const LOWEST_PITCH_HZ = 30;
/** A speaker's middle pitch, around which the melody is widened or narrowed. */
const MIDDLE_HZ = 190;
/** Where the formula of a pulse is a quotient of two numbers that vanish, its limit is taken: as wide around as the net was taught it. */
const NEAR_ZERO = 2e-3;

/** The pitch `f` becomes scale · 190 · (f / 190)^range. */
export interface Pitch {
  readonly scale: number;
  readonly range: number;
}

export class PulseTrain {
  readonly samples: Float64Array;
  readonly #f0: Float32Array;
  readonly #pitch: Pitch | undefined;
  readonly #voicedHops: Uint8Array;
  #phase = 0;
  #hops = 0;

  /** `f0`: the pitch in the middle of each frame, by which it is decided what is voiced; `pitch`: what becomes of it. */
  constructor(f0: Float32Array, pitch?: Pitch) {
    this.samples = new Float64Array(f0.length * HOP);
    this.#f0 = f0;
    this.#pitch = pitch;
    this.#voicedHops = new Uint8Array(f0.length);
  }

  /** Makes the samples of all hops before `hop`. Whoever reads a sample must have asked for it. */
  upTo(hop: number): void {
    const until = Math.min(hop, this.#f0.length);
    while (this.#hops < until) this.#fill(this.#hops++);
  }

  /** Whether anything sounds in the hops from `first` up to and with `last`. */
  isVoiced(first: number, last: number): boolean {
    for (let hop = Math.max(0, first); hop <= last && hop < this.#voicedHops.length; hop++) if (this.#voicedHops[hop] === 1) return true;
    return false;
  }

  #fill(hop: number): void {
    const f0 = this.#f0;
    const here = f0[hop] as number;
    const before = f0[Math.max(0, hop - 1)] as number;
    const after = f0[Math.min(f0.length - 1, hop + 1)] as number;
    for (let i = 0; i < HOP; i++) {
      // Values lie in the middles of frames.
      const place = (i + 0.5) / HOP - 0.5;
      const f = place < 0 ? here + (here - before) * place : here + (after - here) * place;
      const voiced = f > VOICED_HZ;
      const hz = this.#shift(voiced ? f : VOICED_HZ);
      this.#phase += hz / RATE_HZ;
      this.#phase -= Math.floor(this.#phase);
      if (!voiced) continue;
      this.#voicedHops[hop] = 1;
      this.samples[hop * HOP + i] = pulse(2 * Math.PI * this.#phase, Math.floor(HIGHEST_HARMONIC_HZ / hz));
    }
  }

  #shift(hz: number): number {
    const pitch = this.#pitch;
    return pitch ? Math.max(LOWEST_PITCH_HZ, pitch.scale * MIDDLE_HZ * (hz / MIDDLE_HZ) ** pitch.range) : hz;
  }
}

/** The sum of cos(h·t) for h from 1 to the number of harmonics. */
function pulse(t: number, harmonics: number): number {
  const below = 2 * Math.sin(t / 2);
  if (Math.abs(below) <= NEAR_ZERO) return harmonics;
  return Math.sin((harmonics + 0.5) * t) / below - 0.5;
}
