// The power spectra of two real frames of 400 samples at once: a complex Fourier transform of mixed radix (4 · 4 · 5 · 5, Stockham's
// order, which needs no bit reversal), one frame in its real part, the other in its imaginary part.

export const FRAME = 400;
/** Frequencies from 0 to half of the sampling rate. */
export const BINS = FRAME / 2 + 1;

interface Stage {
  readonly radix: 4 | 5;
  /** Butterflies of each of the transforms side by side, and how many transforms those are. */
  readonly butterflies: number;
  readonly stride: number;
  /** Cosines and sines of e^(-2πi·p·j/n), `radix - 1` pairs for each p. */
  readonly twiddles: Float64Array;
}

const stages = plan([4, 4, 5, 5]);
const C1 = Math.cos((2 * Math.PI) / 5);
const C2 = Math.cos((4 * Math.PI) / 5);
const S1 = Math.sin((2 * Math.PI) / 5);
const S2 = Math.sin((4 * Math.PI) / 5);

function plan(radices: readonly (4 | 5)[]): Stage[] {
  let length = FRAME;
  let stride = 1;
  return radices.map((radix) => {
    const butterflies = length / radix;
    const twiddles = new Float64Array(butterflies * (radix - 1) * 2);
    for (let p = 0; p < butterflies; p++) {
      for (let j = 1; j < radix; j++) {
        const angle = (-2 * Math.PI * p * j) / length;
        const at = (p * (radix - 1) + j - 1) * 2;
        twiddles[at] = Math.cos(angle);
        twiddles[at + 1] = Math.sin(angle);
      }
    }
    const stage = { radix, butterflies, stride, twiddles };
    length = butterflies;
    stride *= radix;
    return stage;
  });
}

/** Keeps its own memory, so that nothing is allocated while it works; not to be used by two at once. */
export class PowerSpectra {
  /** To be filled before `compute`. */
  readonly first = new Float64Array(FRAME);
  readonly second = new Float64Array(FRAME);
  /** |X|² of each frame. */
  readonly firstPower = new Float64Array(BINS);
  readonly secondPower = new Float64Array(BINS);
  readonly #re = new Float64Array(FRAME);
  readonly #im = new Float64Array(FRAME);

  /** Overwrites the two frames. */
  compute(): void {
    // An even number of stages: the result ends where the frames were.
    let [re, im, toRe, toIm] = [this.first, this.second, this.#re, this.#im];
    for (const stage of stages) {
      if (stage.radix === 4) radix4(stage, re, im, toRe, toIm);
      else radix5(stage, re, im, toRe, toIm);
      [re, im, toRe, toIm] = [toRe, toIm, re, im];
    }
    for (let bin = 0; bin < BINS; bin++) {
      const mirror = bin === 0 ? 0 : FRAME - bin;
      const a = re[bin] as number;
      const b = im[bin] as number;
      const c = re[mirror] as number;
      const d = im[mirror] as number;
      this.firstPower[bin] = ((a + c) * (a + c) + (b - d) * (b - d)) / 4;
      this.secondPower[bin] = ((b + d) * (b + d) + (c - a) * (c - a)) / 4;
    }
  }
}

function radix4(
  { butterflies, stride, twiddles }: Stage,
  re: Float64Array,
  im: Float64Array,
  toRe: Float64Array,
  toIm: Float64Array,
): void {
  const step = butterflies * stride;
  for (let p = 0; p < butterflies; p++) {
    const w = p * 6;
    const w1r = twiddles[w] as number;
    const w1i = twiddles[w + 1] as number;
    const w2r = twiddles[w + 2] as number;
    const w2i = twiddles[w + 3] as number;
    const w3r = twiddles[w + 4] as number;
    const w3i = twiddles[w + 5] as number;
    for (let q = 0; q < stride; q++) {
      const from = q + stride * p;
      const to = q + stride * 4 * p;
      const ar = re[from] as number;
      const ai = im[from] as number;
      const br = re[from + step] as number;
      const bi = im[from + step] as number;
      const cr = re[from + 2 * step] as number;
      const ci = im[from + 2 * step] as number;
      const dr = re[from + 3 * step] as number;
      const di = im[from + 3 * step] as number;
      const t0r = ar + cr;
      const t0i = ai + ci;
      const t1r = ar - cr;
      const t1i = ai - ci;
      const t2r = br + dr;
      const t2i = bi + di;
      // -i · (b - d)
      const t3r = bi - di;
      const t3i = dr - br;
      toRe[to] = t0r + t2r;
      toIm[to] = t0i + t2i;
      const x1r = t1r + t3r;
      const x1i = t1i + t3i;
      toRe[to + stride] = x1r * w1r - x1i * w1i;
      toIm[to + stride] = x1r * w1i + x1i * w1r;
      const x2r = t0r - t2r;
      const x2i = t0i - t2i;
      toRe[to + 2 * stride] = x2r * w2r - x2i * w2i;
      toIm[to + 2 * stride] = x2r * w2i + x2i * w2r;
      const x3r = t1r - t3r;
      const x3i = t1i - t3i;
      toRe[to + 3 * stride] = x3r * w3r - x3i * w3i;
      toIm[to + 3 * stride] = x3r * w3i + x3i * w3r;
    }
  }
}

function radix5(
  { butterflies, stride, twiddles }: Stage,
  re: Float64Array,
  im: Float64Array,
  toRe: Float64Array,
  toIm: Float64Array,
): void {
  const step = butterflies * stride;
  for (let p = 0; p < butterflies; p++) {
    const w = p * 8;
    const w1r = twiddles[w] as number;
    const w1i = twiddles[w + 1] as number;
    const w2r = twiddles[w + 2] as number;
    const w2i = twiddles[w + 3] as number;
    const w3r = twiddles[w + 4] as number;
    const w3i = twiddles[w + 5] as number;
    const w4r = twiddles[w + 6] as number;
    const w4i = twiddles[w + 7] as number;
    for (let q = 0; q < stride; q++) {
      const from = q + stride * p;
      const to = q + stride * 5 * p;
      const ar = re[from] as number;
      const ai = im[from] as number;
      const br = re[from + step] as number;
      const bi = im[from + step] as number;
      const cr = re[from + 2 * step] as number;
      const ci = im[from + 2 * step] as number;
      const dr = re[from + 3 * step] as number;
      const di = im[from + 3 * step] as number;
      const er = re[from + 4 * step] as number;
      const ei = im[from + 4 * step] as number;
      const s1r = br + er;
      const s1i = bi + ei;
      const s2r = cr + dr;
      const s2i = ci + di;
      const d1r = br - er;
      const d1i = bi - ei;
      const d2r = cr - dr;
      const d2i = ci - di;
      const u1r = ar + C1 * s1r + C2 * s2r;
      const u1i = ai + C1 * s1i + C2 * s2i;
      const u2r = ar + C2 * s1r + C1 * s2r;
      const u2i = ai + C2 * s1i + C1 * s2i;
      const v1r = S1 * d1r + S2 * d2r;
      const v1i = S1 * d1i + S2 * d2i;
      const v2r = S2 * d1r - S1 * d2r;
      const v2i = S2 * d1i - S1 * d2i;
      toRe[to] = ar + s1r + s2r;
      toIm[to] = ai + s1i + s2i;
      const x1r = u1r + v1i;
      const x1i = u1i - v1r;
      toRe[to + stride] = x1r * w1r - x1i * w1i;
      toIm[to + stride] = x1r * w1i + x1i * w1r;
      const x2r = u2r + v2i;
      const x2i = u2i - v2r;
      toRe[to + 2 * stride] = x2r * w2r - x2i * w2i;
      toIm[to + 2 * stride] = x2r * w2i + x2i * w2r;
      const x3r = u2r - v2i;
      const x3i = u2i + v2r;
      toRe[to + 3 * stride] = x3r * w3r - x3i * w3i;
      toIm[to + 3 * stride] = x3r * w3i + x3i * w3r;
      const x4r = u1r - v1i;
      const x4i = u1i + v1r;
      toRe[to + 4 * stride] = x4r * w4r - x4i * w4i;
      toIm[to + 4 * stride] = x4r * w4i + x4i * w4r;
    }
  }
}
