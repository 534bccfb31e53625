// The voice as its net was taught it: harmonics, plain noise and breath, each as strong as the frame says.
import { cosineOfBend, cosineOfTurns, magnitude, sineOfBend } from './curves.ts';
import { BINS, type FrameReader } from './frames.ts';
import type { Shape } from './vocoder.ts';

/** What makes the variance of a number even from 0 to 1 one. */
const UNIT = Math.sqrt(12);
/** Noise that much fainter than breath (-60 dB) is not heard. */
const UNHEARD = 7;

/** What of the net's frames it reads. */
export const plainParts = ['lh', 'theta', 'ln', 'lr', 'phi'] as const;

/** `random` gives numbers from 0 to 1. */
export function plainShape(random: () => number): Shape {
  return (frame, pulses, { re, im }) => {
    const { offset, repeated } = frame;
    const { lh, theta, ln, lr, phi } = frame.parts as Required<FrameReader['parts']>;
    for (let b = 0; b < BINS; b++) {
      const at = offset + b;
      const noisiness = ln[at] as number;
      const breathiness = lr[at] as number;
      const breath = magnitude(breathiness);
      // The same phase twice would be heard as a buzz.
      const turns = repeated ? random() : (phi[at] as number) / (2 * Math.PI);
      let real = breath * cosineOfTurns(turns);
      let imaginary = breath * cosineOfTurns(turns - 0.25);
      if (noisiness > breathiness - UNHEARD) {
        const noise = UNIT * magnitude(noisiness);
        real += noise * (random() - 0.5);
        imaginary += noise * (random() - 0.5);
      }
      if (pulses) {
        const strength = magnitude(lh[at] as number);
        const bend = theta[at] as number;
        const c = strength * cosineOfBend(bend);
        const s = strength * sineOfBend(bend);
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
