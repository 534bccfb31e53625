// The Fourier transform of real sound, for even lengths with no prime factors but 2, 3 and 5: exact for 1200 and 400, not only for powers of two.

const { cos, sin, PI } = Math;
const [SIN_60, COS_72, SIN_72, COS_144, SIN_144] = [
  sin(PI / 3),
  cos((2 * PI) / 5),
  sin((2 * PI) / 5),
  cos((4 * PI) / 5),
  sin((4 * PI) / 5),
];

interface Stage {
  readonly radix: 2 | 3 | 4 | 5;
  /** How many transforms lie side by side, and into how many parts each is cut. */
  readonly stride: number;
  readonly parts: number;
  /** e^(-2πi·p·j/n) for each part p and each j from 1 below the radix. */
  readonly turnsRe: Float64Array;
  readonly turnsIm: Float64Array;
}

/** One transform of one length; it keeps its working memory, so it must not be shared between threads. */
export class RealFft {
  readonly length: number;
  readonly #half: number;
  readonly #stages: readonly Stage[];
  readonly #turnsRe: Float64Array;
  readonly #turnsIm: Float64Array;
  #re: Float64Array;
  #im: Float64Array;
  #otherRe: Float64Array;
  #otherIm: Float64Array;

  constructor(length: number) {
    if (!Number.isInteger(length) || length < 2 || length % 2 !== 0) throw new Error(`A length must be even, not ${length}.`);
    this.length = length;
    this.#half = length / 2;
    this.#stages = stagesOf(this.#half);
    this.#turnsRe = Float64Array.from({ length: this.#half + 1 }, (_, k) => cos((2 * PI * k) / length));
    this.#turnsIm = Float64Array.from({ length: this.#half + 1 }, (_, k) => -sin((2 * PI * k) / length));
    this.#re = new Float64Array(this.#half);
    this.#im = new Float64Array(this.#half);
    this.#otherRe = new Float64Array(this.#half);
    this.#otherIm = new Float64Array(this.#half);
  }

  /** From `length` samples to `length / 2 + 1` bins. */
  forward(samples: ArrayLike<number>, re: Float64Array, im: Float64Array): void {
    const half = this.#half;
    const zr = this.#re;
    const zi = this.#im;
    for (let k = 0; k < half; k++) {
      zr[k] = samples[2 * k] as number;
      zi[k] = samples[2 * k + 1] as number;
    }
    this.#transform();
    split(this.#re, this.#im, this.#turnsRe, this.#turnsIm, re, im);
  }

  /** From `length / 2 + 1` bins to `length` samples; the imaginary parts of the first and last bin do not count. */
  inverse(re: Float64Array, im: Float64Array, samples: Float64Array): void {
    const half = this.#half;
    join(re, im, this.#turnsRe, this.#turnsIm, this.#re, this.#im);
    this.#transform();
    const zr = this.#re;
    const zi = this.#im;
    const scale = 1 / half;
    for (let k = 0; k < half; k++) {
      samples[2 * k] = (zr[k] as number) * scale;
      samples[2 * k + 1] = -(zi[k] as number) * scale;
    }
  }

  #transform(): void {
    for (const stage of this.#stages) {
      butterflies[stage.radix](stage, this.#re, this.#im, this.#otherRe, this.#otherIm);
      [this.#re, this.#otherRe] = [this.#otherRe, this.#re];
      [this.#im, this.#otherIm] = [this.#otherIm, this.#im];
    }
  }
}

/**
 * Even samples were put in the real part and odd ones in the imaginary part of a transform of half the length: their spectra are told apart by
 * symmetry, and put together to that of the whole.
 */
function split(zr: Float64Array, zi: Float64Array, turnsRe: Float64Array, turnsIm: Float64Array, re: Float64Array, im: Float64Array): void {
  const half = zr.length;
  re[0] = (zr[0] as number) + (zi[0] as number);
  im[0] = 0;
  re[half] = (zr[0] as number) - (zi[0] as number);
  im[half] = 0;
  for (let k = 1; k < half; k++) {
    const ar = zr[k] as number;
    const ai = zi[k] as number;
    const br = zr[half - k] as number;
    const bi = zi[half - k] as number;
    const oddR = ai + bi;
    const oddI = br - ar;
    const c = turnsRe[k] as number;
    const s = turnsIm[k] as number;
    re[k] = 0.5 * (ar + br + oddR * c - oddI * s);
    im[k] = 0.5 * (ai - bi + oddR * s + oddI * c);
  }
}

/** The other way round, conjugated: the inverse is the forward transform of the conjugate, conjugated. */
function join(re: Float64Array, im: Float64Array, turnsRe: Float64Array, turnsIm: Float64Array, zr: Float64Array, zi: Float64Array): void {
  const half = zr.length;
  zr[0] = 0.5 * ((re[0] as number) + (re[half] as number));
  zi[0] = -0.5 * ((re[0] as number) - (re[half] as number));
  for (let k = 1; k < half; k++) {
    const ar = re[k] as number;
    const ai = im[k] as number;
    const br = re[half - k] as number;
    const bi = im[half - k] as number;
    const difR = ar - br;
    const difI = ai + bi;
    const c = turnsRe[k] as number;
    const s = turnsIm[k] as number;
    zr[k] = 0.5 * (ar + br - (difI * c - difR * s));
    zi[k] = -0.5 * (ai - bi + (difR * c + difI * s));
  }
}

function stagesOf(length: number): Stage[] {
  const stages: Stage[] = [];
  let rest = length;
  while (rest > 1) {
    const radix = ([4, 5, 3, 2] as const).find((factor) => rest % factor === 0);
    if (!radix) throw new Error(`${2 * length} has a prime factor beside 2, 3 and 5.`);
    const [n, parts] = [rest, rest / radix];
    const turns = Array.from({ length: parts * (radix - 1) }, (_, i) => {
      const [p, j] = [Math.floor(i / (radix - 1)), 1 + (i % (radix - 1))];
      return (-2 * PI * p * j) / n;
    });
    stages.push({ radix, stride: length / n, parts, turnsRe: Float64Array.from(turns, cos), turnsIm: Float64Array.from(turns, sin) });
    rest = parts;
  }
  return stages;
}

type Butterfly = (stage: Stage, xr: Float64Array, xi: Float64Array, yr: Float64Array, yi: Float64Array) => void;

/** One stage of Stockham's form for each radix: it puts its results in order as it goes, from one array into another. */
const butterflies: Readonly<Record<Stage['radix'], Butterfly>> = {
  2({ stride, parts, turnsRe, turnsIm }, xr, xi, yr, yi) {
    for (let p = 0; p < parts; p++) {
      const c = turnsRe[p] as number;
      const s = turnsIm[p] as number;
      for (let q = 0; q < stride; q++) {
        const from = q + stride * p;
        const next = from + stride * parts;
        const to = q + stride * 2 * p;
        const ar = xr[from] as number;
        const ai = xi[from] as number;
        const br = xr[next] as number;
        const bi = xi[next] as number;
        yr[to] = ar + br;
        yi[to] = ai + bi;
        turn(yr, yi, to + stride, ar - br, ai - bi, c, s);
      }
    }
  },
  3({ stride, parts, turnsRe, turnsIm }, xr, xi, yr, yi) {
    for (let p = 0; p < parts; p++) {
      for (let q = 0; q < stride; q++) {
        const from = q + stride * p;
        const step = stride * parts;
        const to = q + stride * 3 * p;
        const ar = xr[from] as number;
        const ai = xi[from] as number;
        const sumR = (xr[from + step] as number) + (xr[from + 2 * step] as number);
        const sumI = (xi[from + step] as number) + (xi[from + 2 * step] as number);
        const difR = SIN_60 * ((xr[from + step] as number) - (xr[from + 2 * step] as number));
        const difI = SIN_60 * ((xi[from + step] as number) - (xi[from + 2 * step] as number));
        const midR = ar - sumR / 2;
        const midI = ai - sumI / 2;
        yr[to] = ar + sumR;
        yi[to] = ai + sumI;
        turn(yr, yi, to + stride, midR + difI, midI - difR, turnsRe[2 * p] as number, turnsIm[2 * p] as number);
        turn(yr, yi, to + 2 * stride, midR - difI, midI + difR, turnsRe[2 * p + 1] as number, turnsIm[2 * p + 1] as number);
      }
    }
  },
  4({ stride, parts, turnsRe, turnsIm }, xr, xi, yr, yi) {
    for (let p = 0; p < parts; p++) {
      for (let q = 0; q < stride; q++) {
        const from = q + stride * p;
        const step = stride * parts;
        const to = q + stride * 4 * p;
        const sumAcR = (xr[from] as number) + (xr[from + 2 * step] as number);
        const sumAcI = (xi[from] as number) + (xi[from + 2 * step] as number);
        const difAcR = (xr[from] as number) - (xr[from + 2 * step] as number);
        const difAcI = (xi[from] as number) - (xi[from + 2 * step] as number);
        const sumBdR = (xr[from + step] as number) + (xr[from + 3 * step] as number);
        const sumBdI = (xi[from + step] as number) + (xi[from + 3 * step] as number);
        const difBdR = (xr[from + step] as number) - (xr[from + 3 * step] as number);
        const difBdI = (xi[from + step] as number) - (xi[from + 3 * step] as number);
        yr[to] = sumAcR + sumBdR;
        yi[to] = sumAcI + sumBdI;
        turn(yr, yi, to + stride, difAcR + difBdI, difAcI - difBdR, turnsRe[3 * p] as number, turnsIm[3 * p] as number);
        turn(yr, yi, to + 2 * stride, sumAcR - sumBdR, sumAcI - sumBdI, turnsRe[3 * p + 1] as number, turnsIm[3 * p + 1] as number);
        turn(yr, yi, to + 3 * stride, difAcR - difBdI, difAcI + difBdR, turnsRe[3 * p + 2] as number, turnsIm[3 * p + 2] as number);
      }
    }
  },
  5({ stride, parts, turnsRe, turnsIm }, xr, xi, yr, yi) {
    for (let p = 0; p < parts; p++) {
      for (let q = 0; q < stride; q++) {
        const from = q + stride * p;
        const step = stride * parts;
        const to = q + stride * 5 * p;
        const ar = xr[from] as number;
        const ai = xi[from] as number;
        const sumOuterR = (xr[from + step] as number) + (xr[from + 4 * step] as number);
        const sumOuterI = (xi[from + step] as number) + (xi[from + 4 * step] as number);
        const difOuterR = (xr[from + step] as number) - (xr[from + 4 * step] as number);
        const difOuterI = (xi[from + step] as number) - (xi[from + 4 * step] as number);
        const sumInnerR = (xr[from + 2 * step] as number) + (xr[from + 3 * step] as number);
        const sumInnerI = (xi[from + 2 * step] as number) + (xi[from + 3 * step] as number);
        const difInnerR = (xr[from + 2 * step] as number) - (xr[from + 3 * step] as number);
        const difInnerI = (xi[from + 2 * step] as number) - (xi[from + 3 * step] as number);
        const evenR = ar + COS_72 * sumOuterR + COS_144 * sumInnerR;
        const evenI = ai + COS_72 * sumOuterI + COS_144 * sumInnerI;
        const oddR = SIN_72 * difOuterR + SIN_144 * difInnerR;
        const oddI = SIN_72 * difOuterI + SIN_144 * difInnerI;
        const otherEvenR = ar + COS_144 * sumOuterR + COS_72 * sumInnerR;
        const otherEvenI = ai + COS_144 * sumOuterI + COS_72 * sumInnerI;
        const otherOddR = SIN_144 * difOuterR - SIN_72 * difInnerR;
        const otherOddI = SIN_144 * difOuterI - SIN_72 * difInnerI;
        const t = 4 * p;
        yr[to] = ar + sumOuterR + sumInnerR;
        yi[to] = ai + sumOuterI + sumInnerI;
        turn(yr, yi, to + stride, evenR + oddI, evenI - oddR, turnsRe[t] as number, turnsIm[t] as number);
        turn(yr, yi, to + 2 * stride, otherEvenR + otherOddI, otherEvenI - otherOddR, turnsRe[t + 1] as number, turnsIm[t + 1] as number);
        turn(yr, yi, to + 3 * stride, otherEvenR - otherOddI, otherEvenI + otherOddR, turnsRe[t + 2] as number, turnsIm[t + 2] as number);
        turn(yr, yi, to + 4 * stride, evenR - oddI, evenI + oddR, turnsRe[t + 3] as number, turnsIm[t + 3] as number);
      }
    }
  },
};

/** Writes a number, turned by the unit number c + i·s. */
function turn(yr: Float64Array, yi: Float64Array, at: number, re: number, im: number, c: number, s: number): void {
  yr[at] = re * c - im * s;
  yi[at] = re * s + im * c;
}
