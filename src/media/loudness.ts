// How loud sound is to people, in LUFS, by ITU-R BS.1770-4 (one channel, gated).
import type { Pcm } from './pcm.ts';

interface Filter {
  readonly b: readonly [number, number, number];
  readonly a: readonly [number, number];
}

/** The recommendation's shelf (the head) and high-pass, from their analogue values, for any rate. */
function weighting(rateHz: number): readonly [Filter, Filter] {
  const shelf = ((): Filter => {
    const [hz, gainDb, quality] = [1681.974_450_955_533, 3.999_843_853_973_347, 0.707_175_236_955_419_6];
    const k = Math.tan((Math.PI * hz) / rateHz);
    const high = 10 ** (gainDb / 20);
    const band = high ** 0.499_666_774_154_541_6;
    const norm = 1 + k / quality + k * k;
    return {
      b: [(high + (band * k) / quality + k * k) / norm, (2 * (k * k - high)) / norm, (high - (band * k) / quality + k * k) / norm],
      a: [(2 * (k * k - 1)) / norm, (1 - k / quality + k * k) / norm],
    };
  })();
  const [hz, quality] = [38.135_470_876_024_44, 0.500_327_037_323_877_3];
  const k = Math.tan((Math.PI * hz) / rateHz);
  const norm = 1 + k / quality + k * k;
  return [shelf, { b: [1, -2, 1], a: [(2 * (k * k - 1)) / norm, (1 - k / quality + k * k) / norm] }];
}

function filtered(samples: Float64Array, { b, a }: Filter): Float64Array {
  let [x1, x2, y1, y2] = [0, 0, 0, 0];
  return samples.map((x) => {
    const y = b[0] * x + b[1] * x1 + b[2] * x2 - a[0] * y1 - a[1] * y2;
    [x2, x1, y2, y1] = [x1, x, y1, y];
    return y;
  });
}

const toLufs = (power: number) => -0.691 + 10 * Math.log10(power);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** -Infinity for silence, and for sound below 400 ms. */
export function loudness({ samples, rateHz }: Pcm): number {
  const weighted = weighting(rateHz).reduce(
    filtered,
    Float64Array.from(samples, (sample) => sample / 32_768),
  );
  const [block, step] = [0.4 * rateHz, 0.1 * rateHz];
  const powers: number[] = [];
  for (let at = 0; at + block <= weighted.length; at += step) {
    let sum = 0;
    for (let i = at; i < at + block; i++) sum += (weighted[i] as number) ** 2;
    powers.push(sum / block);
  }
  const audible = powers.filter((power) => toLufs(power) > -70);
  if (audible.length === 0) return Number.NEGATIVE_INFINITY;
  const gate = toLufs(mean(audible)) - 10;
  return toLufs(mean(audible.filter((power) => toLufs(power) > gate)));
}
