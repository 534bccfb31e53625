// Other speakers out of the one that the net knows: her pitch and the envelope of her spectrum lie apart in its frames, so that each can be moved.
import { RealFft } from '../../../media/real-fft.ts';
import { cosineOfBend, cosineOfTurns, magnitude, sineOfBend } from './curves.ts';
import { BIN_HZ, BINS, type FrameReader, VOICED_HZ } from './frames.ts';
import type { Shape } from './vocoder.ts';

export interface Warp {
  /** By how much frequencies of the envelope are moved below 700 Hz and above 3 kHz; below 1 a larger speaker. */
  readonly low: number;
  readonly high: number;
  /** Added from 300 Hz to 8 kHz, nothing at 1 kHz. */
  readonly tiltDbPerOctave: number;
  /** Added to the breath of voiced sounds. */
  readonly breathDb: number;
  /**
   * Where the phases of harmonics come from: those of the net, moved as well, or those that fit the new envelope best. Very low voices
   * have lower peaks with the net's.
   */
  readonly phases: 'moved' | 'least';
}

/** What of the net's frames it reads. */
export const warpedParts = ['lh', 'theta', 'lr', 'phi'] as const;

/** Decibels in one unit of a natural logarithm. */
const DB = 20 / Math.LN10;
const LOUDEST = 7;
/** Where phases are reckoned from the envelope, it is held above this. */
const FAINTEST = -12;
/** Harmonics are told apart in frames from here on. */
const SMOOTHED_FROM_HZ = 60;
const HIGHEST_HARMONIC_HZ = 11_000;
const LAST = BINS - 1;
const cepstrumFft = new RealFft(2 * LAST);

/** `random` gives numbers from 0 to 1. */
export function warpedShape(warp: Warp, random: () => number): Shape {
  const moved = sources(warp);
  const tilt = Float64Array.from({ length: BINS }, (_, b) => {
    return (warp.tiltDbPerOctave / DB) * Math.log2(Math.min(8000, Math.max(300, b * BIN_HZ)) / 1000);
  });
  const smooth = new Float64Array(BINS + 1);
  const envelope = new Float64Array(BINS);
  const phase = { re: new Float64Array(BINS), im: new Float64Array(BINS) };
  const setPhase = warp.phases === 'least' ? leastPhase() : movedPhase(moved);
  return (frame, pulses, { re, im }) => {
    const { offset, repeated, hz } = frame;
    const { lh, lr, phi } = frame.parts as Required<FrameReader['parts']>;
    const { place, share } = moved;
    const gain = hz > VOICED_HZ ? warp.breathDb / DB : 0;
    if (pulses) {
      smoothInto(smooth, lh, offset, hz);
      for (let b = 0; b < BINS; b++) {
        const from = place[b] as number;
        const low = smooth[from] as number;
        envelope[b] = low + ((smooth[from + 1] as number) - low) * (share[b] as number);
      }
      setPhase(frame, envelope, phase);
    }
    for (let b = 0; b < BINS; b++) {
      const from = offset + (place[b] as number);
      const low = lr[from] as number;
      const level = low + ((lr[from + 1] as number) - low) * (share[b] as number);
      const breath = magnitude(level + (tilt[b] as number) + gain);
      // The same phase twice would be heard as a buzz.
      const turns = repeated ? random() : (phi[offset + b] as number) / (2 * Math.PI);
      let real = breath * cosineOfTurns(turns);
      let imaginary = breath * cosineOfTurns(turns - 0.25);
      if (pulses) {
        const strength = magnitude((envelope[b] as number) + (tilt[b] as number));
        const c = strength * (phase.re[b] as number);
        const s = strength * (phase.im[b] as number);
        const pr = pulses.re[b] as number;
        const pi = pulses.im[b] as number;
        real += c * pr - s * pi;
        imaginary += c * pi + s * pr;
      }
      re[b] = real;
      im[b] = imaginary;
    }
  };
}

/** For each frequency the one that its envelope is taken from: between `place` and the next, by `share`. */
interface Sources {
  readonly place: Int32Array;
  readonly share: Float64Array;
}

function sources({ low, high }: Warp): Sources {
  const exact = Float64Array.from({ length: BINS }, (_, b) => {
    const upward = b === 0 ? 0 : Math.log2((b * BIN_HZ) / 700) / Math.log2(3000 / 700);
    return Math.min(LAST, b / (low + (high - low) * Math.min(1, Math.max(0, upward))));
  });
  // The last one is reached from the one before, so that there always is a next.
  const place = Int32Array.from(exact, (source) => Math.min(LAST - 1, Math.floor(source)));
  return { place, share: exact.map((source, b) => source - (place[b] as number)) };
}

/**
 * The envelope between harmonics: the net says nothing of use where no harmonic of its own pitch fell, and harmonics of the new pitch fall
 * just there.
 */
function smoothInto(smooth: Float64Array, lh: Float32Array, offset: number, hz: number): void {
  const at = (b: number) => Math.min(LOUDEST, lh[offset + b] as number);
  if (hz < SMOOTHED_FROM_HZ) {
    for (let b = 0; b < BINS; b++) smooth[b] = at(b);
    return;
  }
  const spacing = hz / BIN_HZ;
  let centre = 0;
  let level = 0;
  let next = 0;
  for (let h = 1; h * hz <= HIGHEST_HARMONIC_HZ; h++) {
    const nextCentre = h * spacing;
    const n = Math.round(nextCentre);
    const nextLevel = (at(n - 1) + 2 * at(n) + at(n + 1)) / 4;
    if (h === 1) level = nextLevel;
    for (; next <= nextCentre; next++) smooth[next] = level + ((nextLevel - level) * (next - centre)) / (nextCentre - centre);
    centre = nextCentre;
    level = nextLevel;
  }
  smooth.fill(level, next);
}

type SetPhase = (frame: FrameReader, envelope: Float64Array, phase: { re: Float64Array; im: Float64Array }) => void;

/** The phases of the net, taken from where the envelope is. */
function movedPhase({ place, share }: Sources): SetPhase {
  return ({ offset, parts }, _, { re, im }) => {
    const theta = parts.theta as Float32Array;
    for (let b = 0; b < BINS; b++) {
      const from = offset + (place[b] as number);
      const [low, high, part] = [theta[from] as number, theta[from + 1] as number, share[b] as number];
      const c = cosineOfBend(low) * (1 - part) + cosineOfBend(high) * part;
      const s = sineOfBend(low) * (1 - part) + sineOfBend(high) * part;
      const length = Math.sqrt(c * c + s * s);
      re[b] = length > 1e-9 ? c / length : 1;
      im[b] = length > 1e-9 ? s / length : 0;
    }
  };
}

/** The phases with which a sound of that envelope is over soonest (minimum phase), by way of its cepstrum. */
function leastPhase(): SetPhase {
  const cepstrum = new Float64Array(2 * LAST);
  const zeros = new Float64Array(BINS);
  const level = new Float64Array(BINS);
  const unused = new Float64Array(BINS);
  return (_, envelope, { re, im }) => {
    for (let b = 0; b < BINS; b++) level[b] = Math.max(FAINTEST, envelope[b] as number);
    cepstrumFft.inverse(level, zeros, cepstrum);
    for (let n = 1; n < LAST; n++) cepstrum[n] = 2 * (cepstrum[n] as number);
    cepstrum.fill(0, LAST + 1);
    cepstrumFft.forward(cepstrum, unused, im);
    for (let b = 0; b < BINS; b++) {
      const turns = (im[b] as number) / (2 * Math.PI);
      re[b] = cosineOfTurns(turns);
      im[b] = cosineOfTurns(turns - 0.25);
    }
  };
}
