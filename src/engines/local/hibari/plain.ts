// The voice as its net was taught it: harmonics, plain noise and breath, each as strong as the frame says.
import { BINS, type FrameReader } from './frames.ts';
import type { Shape } from './vocoder.ts';

/** Magnitudes are held below e^7. */
export const LOUDEST = 7;
/** Of a number even from 0 to 1, what makes its variance 1. */
const UNIT = Math.sqrt(12);

/** What of the net's frames it reads. */
export const plainParts = ['lh', 'theta', 'ln', 'lr', 'phi'] as const;

/** `random` gives numbers from 0 to 1. */
export function plainShape(random: () => number): Shape {
  return (frame, pulses, { re, im }) => {
    const { offset } = frame;
    const { lh, theta, ln, lr, phi } = frame.parts as Required<FrameReader['parts']>;
    for (let b = 0; b < BINS; b++) {
      const at = offset + b;
      const noise = Math.exp(Math.min(ln[at] as number, LOUDEST)) * UNIT;
      const breath = Math.exp(Math.min(lr[at] as number, LOUDEST));
      // The same phase twice would be heard as a buzz.
      const angle = frame.repeated ? 2 * Math.PI * random() : (phi[at] as number);
      let real = noise * (random() - 0.5) + breath * Math.cos(angle);
      let imaginary = noise * (random() - 0.5) + breath * Math.sin(angle);
      if (pulses) {
        const turn = Math.PI * Math.tanh(theta[at] as number);
        const strength = Math.exp(Math.min(lh[at] as number, LOUDEST));
        const [c, s] = [strength * Math.cos(turn), strength * Math.sin(turn)];
        const [pr, pi] = [pulses.re[b] as number, pulses.im[b] as number];
        real += c * pr - s * pi;
        imaginary += c * pi + s * pr;
      }
      re[b] = real;
      im[b] = imaginary;
    }
  };
}
