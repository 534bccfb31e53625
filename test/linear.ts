// Whether something takes time in proportion to a text, as far as a machine with other things to do can tell: the text grows fourfold up to a
// quarter of a megabyte, and is each time held against a plain walk through it at the same moment. What takes the square of the length is found
// out at 64 kB.
import { expect } from 'vitest';

const lengths = [16, 64, 256].map((kilobytes) => kilobytes * 1024);
/** So many times the plain walk, and this much for a machine that stumbles. */
const most = 3000;
const stumbleMs = 300;
/** What has been linear so far and takes so long is not asked for four times as much. */
const enoughMs = 1000;

/** `work` on `unit` again and again, with `end` behind it. */
export function expectLinear(work: (text: string) => unknown, unit: string, end = ''): void {
  for (const length of lengths) {
    const text = unit.repeat(Math.ceil(length / unit.length)) + end;
    const walkMs = quickest(() => walk(text));
    const tookMs = quickest(() => work(text));
    expect(tookMs, `${length} characters of ${JSON.stringify(unit)}`).toBeLessThan(walkMs * most + stumbleMs);
    if (tookMs > enoughMs) return;
  }
}

function quickest(work: () => unknown): number {
  const times = [1, 2].map(() => {
    const startedAt = performance.now();
    work();
    return performance.now() - startedAt;
  });
  return Math.min(...times);
}

function walk(text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at++) sum = (sum + text.charCodeAt(at)) | 0;
  return sum;
}
